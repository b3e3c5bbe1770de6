"""Searches against brute force, and their promises, on a tiny language model."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.decoding import (
    BeamSettings,
    beam_search,
    best_hypotheses,
    length_normaliser,
    sample,
    start_beams,
    truncated_logits,
)
from tests.graphs import needs_tracing

VOCAB, START, END, PAD, MAX_STEPS = 6, 2, 3, 0, 4


@pytest.fixture(scope="module")
def table():
    """Logits of the next token given the last two: (batch 3, vocab, vocab, vocab)."""
    logits = np.random.default_rng(7).normal(size=(3, VOCAB, VOCAB, VOCAB)) * 2
    logits[..., [PAD, START]] = -1e9  # neither is ever written
    return logits.astype("float32")


def markov(table, beams):
    """`step` and first state of a model whose state is the token before the last."""
    rows = np.arange(len(table))[:, None]

    def step(tokens, state):
        flat = ops.reshape(ops.convert_to_tensor(table), (-1, VOCAB))
        index = (ops.convert_to_tensor(rows, "int32") * VOCAB + state["before"]) * VOCAB
        return ops.take(flat, index + tokens, axis=0), {"before": tokens}

    before = np.full((len(table), beams), START, "int32")
    return step, {"before": ops.convert_to_tensor(before)}


def log_probability(table, row, tokens):
    total, before, last = 0.0, START, START
    for token in tokens:
        logits = table[row, before, last].astype("float64")
        total += logits[token] - np.log(np.exp(logits).sum())
        before, last = last, token
    return total


def brute_force(table, row, length_penalty):
    """Every sequence that ends, or is cut off, with its penalised score."""
    found = []
    for length in range(1, MAX_STEPS + 1):
        for tokens in itertools.product((1, END, 4, 5), repeat=length):
            ended = tokens[-1] == END
            if END in tokens[:-1] or not (ended or length == MAX_STEPS):
                continue
            score = log_probability(table, row, tokens) / length**length_penalty
            found.append((score, tokens))
    return sorted(found, reverse=True)


def run_beam(table, beam_size, **options):
    step, state = markov(table, beam_size)
    best = search(step, state, len(table), beam_size, **options)
    return ops.convert_to_numpy(best.tokens), ops.convert_to_numpy(best.scores)


def search(step, state, rows, beam_size, length_penalty=1.0, limits=None):
    settings = BeamSettings(beam_size, START, END, PAD)
    beams = start_beams(state, rows, MAX_STEPS, settings)
    beams = beam_search(step, beams, settings, limits, length_penalty=length_penalty)
    return best_hypotheses(beams, length_penalty)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6])
def test_a_wide_beam_equals_brute_force(table, length_penalty):
    """A beam that can hold every sequence finds the n best in their order."""
    every = sum(3**steps for steps in range(MAX_STEPS + 1))  # three go on, one ends
    tokens, scores = run_beam(table, every, length_penalty=length_penalty)
    for row in range(len(table)):
        for k, (score, sequence) in enumerate(
            brute_force(table, row, length_penalty)[:20]
        ):
            assert scores[row, k] == pytest.approx(score, abs=1e-4)
            assert tuple(tokens[row, k][tokens[row, k] != PAD]) == sequence


def search_by_hand(table, row, beam_size, length_penalty):
    """The hypotheses of a narrow beam, best first, from lists of prefixes."""
    prefixes: list[tuple] = [()]

    def penalised(prefix):
        score = log_probability(table, row, prefix)
        return score / max(len(prefix), 1) ** length_penalty

    for _ in range(MAX_STEPS):
        extended = []
        for prefix in prefixes:
            ended = END in prefix
            extended += [prefix] if ended else [(*prefix, t) for t in range(VOCAB)]
        prefixes = sorted(extended, key=penalised, reverse=True)[:beam_size]
    return [(penalised(prefix), prefix) for prefix in prefixes]


@pytest.mark.parametrize("ends", [True, False], ids=["ends", "without-end"])
@pytest.mark.parametrize("beam_size", [1, 2, 3, 5])
def test_a_narrow_beam_keeps_the_best_prefixes_of_each_step(table, beam_size, ends):
    """Also where no token ends a sequence, so that the limit cuts off every beam."""
    if not ends:
        table = table.copy()
        table[..., END] = -1e9
    for length_penalty in (0.0, 1.0):
        tokens, scores = run_beam(table, beam_size, length_penalty=length_penalty)
        for row in range(len(table)):
            expected = search_by_hand(table, row, beam_size, length_penalty)
            for k, (score, prefix) in enumerate(expected):
                assert scores[row, k] == pytest.approx(score, abs=1e-4)
                assert tuple(tokens[row, k][tokens[row, k] != PAD]) == prefix


def test_scores_are_those_of_the_sequences(table):
    """A narrow beam's scores are the model's own for what it returns, sorted."""
    tokens, scores = run_beam(table, 3, length_penalty=1.0)
    assert (np.diff(scores, axis=1) <= 0).all()
    for row, k in itertools.product(range(3), range(3)):
        sequence = tokens[row, k][tokens[row, k] != PAD]
        expected = log_probability(table, row, sequence) / len(sequence)
        assert scores[row, k] == pytest.approx(expected, abs=1e-4)


def test_rows_that_take_turns_find_the_same(table):
    """A search that pauses when a row has ended, and goes on, equals one in one go."""
    step, state = markov(table, 3)
    settings = BeamSettings(3, START, END, PAD)
    beams = start_beams(state, len(table), MAX_STEPS, settings)
    pauses = []
    for pause in (2, 1, 0):
        beams = beam_search(step, beams, settings, max_unfinished=pause)
        pauses.append(int((~ops.convert_to_numpy(beams.done).all(axis=1)).sum()))
    assert pauses[0] <= 2 and pauses[-1] == 0
    found = best_hypotheses(beams)
    tokens, scores = run_beam(table, 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(found.tokens), tokens)
    np.testing.assert_allclose(ops.convert_to_numpy(found.scores), scores, atol=1e-6)


def test_a_finished_beam_is_frozen(table):
    """Nothing but padding follows an end token, and no hypothesis is there twice."""
    tokens, _ = run_beam(table, 4)
    for row in tokens:
        assert len({tuple(sequence) for sequence in row}) == len(row)
        for sequence in row:
            after = np.cumsum(sequence == END) - (sequence == END)
            assert (sequence[after > 0] == PAD).all()


def run_sample(table, draws, **options):
    step, state = markov(table, 1)
    last = ops.full((len(table), 1), START, "int32")
    return sample(step, last, state, draws, **options)


def test_a_beam_of_one_is_greedy(table):
    """Both follow the most probable token; after the end, a beam is padded."""
    tokens, scores = run_beam(table, 1, length_penalty=0.0)
    samples = run_sample(table, np.zeros((MAX_STEPS, 3), "float32"), temperature=0)
    greedy = ops.convert_to_numpy(samples.tokens)
    for row in range(3):
        sequence = tokens[row, 0][tokens[row, 0] != PAD]
        np.testing.assert_array_equal(greedy[row, : len(sequence)], sequence)
        assert len(sequence) == MAX_STEPS or sequence[-1] == END
        expected = log_probability(table, row, sequence)
        assert scores[row, 0] == pytest.approx(expected, abs=1e-5)


def test_greedy_tokens_are_the_most_probable_ones(table):
    """At every step, given the tokens before it."""
    samples = run_sample(table, np.zeros((MAX_STEPS, 3), "float32"), temperature=0)
    for row, tokens in enumerate(ops.convert_to_numpy(samples.tokens)):
        before, last = START, START
        for token in tokens:
            assert token == table[row, before, last].argmax()
            before, last = last, token


def test_sampling_goes_on_where_it_ended(table):
    """Two blocks of draws give the tokens of one block with all of them."""
    draws = np.random.default_rng(0).random((6, 3), "float32")
    whole = ops.convert_to_numpy(run_sample(table, draws).tokens)
    first = run_sample(table, draws[:2])
    step, _ = markov(table, 1)
    second = sample(step, first.last, first.state, draws[2:])
    blocks = [ops.convert_to_numpy(part.tokens) for part in (first, second)]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), whole)


def test_a_row_does_not_depend_on_its_neighbours(table):
    """A sentence alone and in a batch are searched alike, limits included."""
    limits = np.array([2, 4, 3], "int32")
    together, scores = run_beam(table, 3, limits=ops.convert_to_tensor(limits))
    for row in range(3):
        alone, score = run_beam(
            table[row : row + 1], 3, limits=ops.convert_to_tensor(limits[row : row + 1])
        )
        np.testing.assert_array_equal(alone[0], together[row])
        np.testing.assert_allclose(score[0], scores[row], atol=1e-5)
        assert (together[row][:, limits[row] :] == PAD).all()


def test_length_normaliser_is_a_power_of_the_length():
    """Length 0, which no hypothesis has, does not divide by zero."""
    lengths = ops.convert_to_tensor(np.array([0, 1, 4], "int32"))
    found = ops.convert_to_numpy(length_normaliser(lengths, 0.5))
    np.testing.assert_allclose(found, [1.0, 1.0, 2.0])


def draws(table, count=2000, **options):
    """First tokens drawn in `count` rows from one distribution."""
    many = np.repeat(table[:1], count, axis=0)
    uniform = np.random.default_rng(3).random((1, count), "float32")
    return ops.convert_to_numpy(run_sample(many, uniform, **options).tokens)[:, 0]


def test_sampling_follows_the_tempered_distribution(table):
    """Frequencies agree with softmax(logits / temperature) to four deviations."""
    tokens = draws(table, temperature=1.5)
    logits = table[0, START, START].astype("float64") / 1.5
    expected = np.exp(logits) / np.exp(logits).sum()
    observed = np.bincount(tokens, minlength=VOCAB) / len(tokens)
    deviation = np.sqrt(expected * (1 - expected) / len(tokens))
    assert (np.abs(observed - expected) <= 4 * deviation + 1e-9).all()


def test_equal_draws_give_equal_tokens(table):
    """Sampling has no randomness of its own."""
    np.testing.assert_array_equal(draws(table, 50), draws(table, 50))


def test_top_k_and_top_p_leave_out_the_tail(table):
    """Only the tokens of the smallest sufficient set are ever drawn."""
    logits = table[0, START, START]
    best = np.argsort(-logits)
    assert set(draws(table, top_k=2)) == set(best[:2])
    probabilities = np.exp(logits[best]) / np.exp(logits).sum()
    top_p = float(probabilities[:2].sum() - 1e-3)  # the second is needed to reach it
    assert set(draws(table, top_p=top_p, temperature=1.0)) == set(best[:2])


def test_top_k_of_one_is_greedy(table):
    """The most probable token, whatever the temperature."""
    assert set(draws(table, top_k=1, temperature=5.0)) == {
        int(np.argmax(table[0, START, START]))
    }


@pytest.mark.parametrize("top_k", [None, 1, 3, 8, 100])
@pytest.mark.parametrize("top_p", [None, 1e-6, 0.5, 0.9, 1.0])
def test_truncation_keeps_what_the_definitions_say(top_k, top_p):
    """Token by token in NumPy; numbers and tensors alike."""
    logits = np.random.default_rng(1).normal(size=(5, 8)).astype("float32") * 2
    tensors = (
        top_k and ops.convert_to_tensor(top_k, "int32"),
        top_p and ops.convert_to_tensor(top_p, "float32"),
    )
    for settings in ((top_k, top_p), tensors):
        found = ops.convert_to_numpy(truncated_logits(logits, *settings))
        for row, kept in zip(logits, found, strict=True):
            order = np.argsort(-row)[:top_k]
            shares = np.exp(row[order]) / np.exp(row[order]).sum()
            before = np.cumsum(shares) - shares
            order = order[before < (top_p or 1)]
            assert set(np.flatnonzero(kept > -1e8)) == set(order)
            np.testing.assert_array_equal(kept[order], row[order])


def test_truncation_keeps_at_least_one_token():
    """Even a tiny top_p keeps the most probable token."""
    logits = ops.convert_to_tensor(np.array([[0.0, 3.0, 1.0]], "float32"))
    kept = ops.convert_to_numpy(truncated_logits(logits, top_p=1e-6)) > -1e8
    np.testing.assert_array_equal(kept, [[False, True, False]])


@needs_tracing
def test_a_whole_search_compiles(table):
    """Compiled, the search is one loop and finds the same."""
    from seqzoo.ops.compilation import compile_for

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    step, state = markov(table, 3)

    def whole(before):
        return search(step, {"before": before}, rows=3, beam_size=3)

    found = compile_for(model, whole)(state["before"])
    tokens, scores = run_beam(table, 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(found.tokens), tokens)
    np.testing.assert_allclose(ops.convert_to_numpy(found.scores), scores, atol=1e-5)
