"""Searches against brute force, and their promises, on a tiny language model."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.decoding import (
    advance_beams,
    beam_search,
    best_hypotheses,
    greedy,
    length_normaliser,
    sample,
    start_beams,
    truncated_logits,
)

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
    found = beam_search(
        step,
        state,
        batch_size=len(table),
        beam_size=beam_size,
        max_steps=MAX_STEPS,
        start_id=START,
        end_id=END,
        **options,
    )
    return ops.convert_to_numpy(found.tokens), ops.convert_to_numpy(found.scores)


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
    beams = start_beams(state, len(table), 3, MAX_STEPS, START, PAD)
    pauses = []
    for pause in (2, 1, 0):
        beams = advance_beams(step, beams, end_id=END, pause=pause)
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


def test_a_beam_of_one_is_greedy(table):
    """Both follow the most probable token."""
    tokens, scores = run_beam(table, 1, length_penalty=0.0)
    step, state = markov(table, 1)
    found = greedy(
        step, state, batch_size=3, max_steps=MAX_STEPS, start_id=START, end_id=END
    )
    np.testing.assert_array_equal(tokens, ops.convert_to_numpy(found.tokens))
    np.testing.assert_allclose(scores, ops.convert_to_numpy(found.scores), atol=1e-5)


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
    step, state = markov(many, 1)
    found = sample(
        step,
        state,
        batch_size=count,
        max_steps=1,
        start_id=START,
        end_id=END,
        seed=3,
        **options,
    )
    return ops.convert_to_numpy(found.tokens)[:, 0, 0]


def test_sampling_follows_the_tempered_distribution(table):
    """Frequencies agree with softmax(logits / temperature) to four deviations."""
    tokens = draws(table, temperature=1.5)
    logits = table[0, START, START].astype("float64") / 1.5
    expected = np.exp(logits) / np.exp(logits).sum()
    observed = np.bincount(tokens, minlength=VOCAB) / len(tokens)
    deviation = np.sqrt(expected * (1 - expected) / len(tokens))
    assert (np.abs(observed - expected) <= 4 * deviation + 1e-9).all()


def test_equal_seeds_draw_equal_tokens(table):
    """A seed makes sampling repeatable."""
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


def test_truncation_keeps_at_least_one_token():
    """Even a tiny top_p keeps the most probable token."""
    logits = ops.convert_to_tensor(np.array([[0.0, 3.0, 1.0]], "float32"))
    kept = ops.convert_to_numpy(truncated_logits(logits, top_p=1e-6)) > -1e8
    np.testing.assert_array_equal(kept, [[False, True, False]])


@pytest.mark.parametrize(
    "options", [{"temperature": 0.0}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.5}]
)
def test_sampling_options_out_of_range_are_refused(table, options):
    """The error names the option and what came."""
    with pytest.raises(ValueError, match=next(iter(options))):
        draws(table, 2, **options)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch runs the loop eagerly"
)
def test_a_whole_search_compiles(table):
    """Compiled, the search is one loop and finds the same."""
    from seqzoo.ops.compilation import compile_for

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    step, state = markov(table, 3)

    def search(before):
        return beam_search(
            step,
            {"before": before},
            batch_size=3,
            beam_size=3,
            max_steps=MAX_STEPS,
            start_id=START,
            end_id=END,
        )

    found = compile_for(model, search)(state["before"])
    tokens, scores = run_beam(table, 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(found.tokens), tokens)
    np.testing.assert_allclose(ops.convert_to_numpy(found.scores), scores, atol=1e-5)
