"""`generate`, `stream` and `score`, and the cross-entropy beneath them."""

import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.decoding import blocks, sample
from seqzoo.models import RecurrentLM, RecurrentLMConfig
from seqzoo.processors import CharacterProcessor
from tests.graphs import needs_tracing

ALPHABET = "\n abc"


def made(**config):
    keras.utils.set_random_seed(0)
    model = RecurrentLM(
        RecurrentLMConfig(
            vocab_size=len(ALPHABET), embed_dim=4, units=8, layers=2, **config
        )
    )
    model.processor = CharacterProcessor(ALPHABET)
    model(model.example_inputs())
    for variable in model.trainable_variables:  # so that logits differ
        variable.assign(3 * variable)
    return model


@pytest.fixture(scope="module")
def model():
    return made()


def log_probabilities(model, text):
    """Of every character after the first, from one call on the whole text."""
    ids = model.processor.encode(text)
    logits = ops.convert_to_numpy(model(ids[None, :-1])).astype("float64")[0]
    logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
    return logits[np.arange(len(ids) - 1), ids[1:]]


def test_score_is_the_sum_of_log_probabilities(model):
    text = "abc cab\na" * 40  # longer than a chunk
    assert len(text) > blocks.CHUNK
    score = model.score(text)
    expected = -log_probabilities(model, text).sum()
    assert score.tokens == len(text) - 1
    assert score.nats == pytest.approx(expected, rel=1e-5)
    assert score.perplexity == pytest.approx(math.exp(expected / score.tokens))
    assert score.bits_per_token == pytest.approx(expected / score.tokens / math.log(2))
    assert model.score([text, text]) == [score, score]


def test_rows_are_scored_each_from_fresh_states(model):
    rows = np.random.default_rng(0).integers(len(ALPHABET), size=(3, 20))
    alone = [model.score(model.processor.decode(row)).nats for row in rows]
    assert model.cross_entropy(rows).nats == pytest.approx(sum(alone), rel=1e-5)


@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 0.5}, {"top_k": 2}, {"top_p": 0.7}, {"temperature": 0}],
    ids=str,
)
def test_the_stream_is_the_text_and_a_shorter_text_its_beginning(model, settings):
    length = blocks.BLOCK + 5
    text = model.generate("ab", length, seed=3, **settings)
    assert len(text) == length
    assert "".join(model.stream("ab", length, seed=3, **settings)) == text
    assert model.generate("ab", 7, seed=3, **settings) == text[:7]


def test_the_state_is_carried_over_blocks(model):
    """Greedily, each character is the most probable one given all before it."""
    text = "ab" + model.generate("ab", blocks.BLOCK + 10, temperature=0)
    for end in range(2, len(text)):
        ids = model.processor.encode(text[:end])
        best = int(ops.argmax(model(ids[None])[0, -1]))
        assert model.processor.decode([best]) == text[end]


def test_draws_follow_the_distribution(model):
    """Of one character drawn many times, with temperature and without."""
    prompt_logits = ops.convert_to_numpy(model(model.processor.encode("ca")[None]))
    for temperature in (1.0, 2.0):
        heated = np.exp(prompt_logits[0, -1] / temperature)
        drawn = [
            model.generate("ca", 1, temperature=temperature, seed=seed)
            for seed in range(400)
        ]
        shares = np.array([drawn.count(c) for c in ALPHABET]) / len(drawn)
        assert np.abs(shares - heated / heated.sum()).max() < 0.1


def test_top_k_1_is_greedy(model):
    greedy = model.generate("a", 20, temperature=0)
    assert model.generate("a", 20, top_k=1, seed=1) == greedy


def test_without_a_seed_texts_differ(model):
    assert len({model.generate("a", 30) for _ in range(3)}) > 1


def test_lists_give_lists(model):
    assert model.generate([]) == []
    alone = model.generate("b", 9, seed=1)
    assert model.generate(["b", "b"], 9, seed=1) == [alone, alone]


def test_a_stream_gives_its_first_token_before_the_rest_is_drawn(model):
    endless = model.stream("a", max_new_tokens=10**9, seed=1)
    assert len(list(itertools.islice(endless, 3))) == 3


@pytest.mark.parametrize(
    ("prompt", "settings", "says"),
    [
        ("", {}, "at least 1 token"),
        ("x", {}, "not 'x'"),
        (3, {}, "string or a list"),
        (b"a", {}, "string or a list"),
        ("a", {"max_new_tokens": -1}, "max_new_tokens"),
        ("a", {"temperature": -1}, "temperature"),
        ("a", {"temperature": math.nan}, "temperature"),
        ("a", {"top_k": 0}, "top_k"),
        ("a", {"top_p": 0.0}, "top_p"),
        ("a", {"top_p": 1.5}, "top_p"),
        ("a", {"top_p": 1e-300}, "top_p=1e-300"),
        ("a", {"temperature": 1e-46}, "temperature=1e-46"),
        ("a", {"temperature": math.inf}, "temperature=inf"),
        ("a", {"top_k": 1.5}, "top_k=1.5"),
        ("a", {"top_k": True}, "top_k=True"),
        ("a", {"top_p": "0.9"}, "top_p='0.9'"),
        ("a", {"temperature": None}, "temperature=None"),
        ("a", {"seed": -1}, "seed=-1"),
        ("a", {"seed": 1.5}, "seed=1.5"),
        ("a\ud800", {}, "surrogate"),
    ],
)
def test_bad_requests_are_refused(model, prompt, settings, says):
    with pytest.raises(ValueError, match=says):
        model.generate(prompt, **settings)


def test_one_character_cannot_be_scored(model):
    with pytest.raises(ValueError, match="at least 2 tokens"):
        model.score("a")


def test_a_model_without_a_processor_says_so(model):
    bare = RecurrentLM(model.config)
    with pytest.raises(ValueError, match="no processor"):
        bare.generate("a")


def test_the_smallest_settings_choose_the_most_probable_token(model):
    greedy = model.generate("a", 8, temperature=0)
    assert model.generate("a", 8, temperature=1e-6, seed=0) == greedy
    assert model.generate("a", 8, top_p=1e-6, seed=0) == greedy


def test_numbers_may_be_numpys(model):
    settings = {"temperature": np.float32(1), "top_k": np.int64(2), "seed": np.int64(0)}
    text = model.generate("a", np.int64(4), **settings)
    assert text == model.generate("a", 4, top_k=2, seed=0)


@needs_tracing
def test_settings_of_any_value_are_compiled_once(model, monkeypatch, graphs):
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    traces = []

    def traced(*arguments):
        traces.append(arguments)
        return sample(*arguments)

    monkeypatch.setattr(blocks, "sample", traced)
    for settings in (
        {},
        {"temperature": 0},
        {"temperature": 0.7},
        {"top_k": 2},
        {"top_k": 10**12, "top_p": 0.5},
    ):
        model.generate("ab", 3, **settings)
    assert len(traces) == 1
