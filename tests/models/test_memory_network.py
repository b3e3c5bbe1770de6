"""The memory network against its equations in NumPy, for every choice of the Config."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.models import MemoryNetwork, MemoryNetworkConfig
from seqzoo.ops.sentences import ages, bag_weights, position_weights
from tests.test_contract import TINY

CHOICES = [
    dict(zip(("tying", "encoding", "temporal", "activation"), values, strict=True))
    for values in itertools.product(
        ("adjacent", "layer-wise"), ("position", "bag"), (True, False), (None, "relu")
    )
]


def built(**choices):
    keras.utils.set_random_seed(0)
    model = MemoryNetwork(MemoryNetworkConfig(**{**TINY["MemoryNetwork"], **choices}))
    model.build()
    for weight in model.weights:  # large, so that attention differs from hop to hop
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    return model


def array(tensor):
    return ops.convert_to_numpy(tensor)


def sentence(table, ids, encoding):
    """The vector of a sentence, word by word and component by component."""
    ids = [i for i in ids if i]
    size, count = table.shape[1], len(ids)
    total = np.zeros(size)
    for j, word in enumerate(ids, start=1):
        for k in range(1, size + 1):
            weight = 1 + 4 * (j / count - 0.5) * (k / size - 0.5)
            total[k - 1] += table[word, k - 1] * (weight if encoding != "bag" else 1)
    return total


def by_hand(model, story, question):
    """Logits and attention of one question, by the equations of the docstring."""
    c = model.config
    tables = [array(each.embeddings) for each in model.embeddings]
    times = [array(each.embeddings) for each in model.ages]
    first = array(model.question_embedding.embeddings)
    u, attention = sentence(first, question, c.encoding), []
    last = max(i for i, ids in enumerate(story) if any(ids))
    real = [i for i, ids in enumerate(story) if any(ids) and last - i < c.memory_size]
    for hop in range(c.hops):
        k = hop if c.tying == "adjacent" else 0

        def memory(table, story=story):
            rows = [sentence(tables[table], story[i], c.encoding) for i in real]
            return np.array(rows) + (
                [times[table][last - i] for i in real] if c.temporal else 0
            )

        scores = memory(k) @ u
        p = np.exp(scores - scores.max())
        p /= p.sum()
        attention.append(np.zeros(len(story)))
        attention[-1][real] = p
        if c.tying != "adjacent":
            u = u @ array(model.transition.kernel)
        u = u + p @ memory(k + 1)
        u = np.maximum(u, 0) if c.activation else u
    output = tables[-1].T if c.tying == "adjacent" else array(model.logits.kernel)
    return u @ output, np.array(attention)


STORY = [[1, 2, 3], [4, 5, 0], [0, 0, 0], [2, 0, 0], [6, 1, 0], [0, 0, 0]]
QUESTION = [3, 2, 0]


@pytest.mark.parametrize(
    "choices", CHOICES, ids=lambda c: " ".join(map(str, c.values()))
)
def test_it_computes_its_equations(choices):
    model = built(**choices)
    inputs = {"story": np.array([STORY]), "question": np.array([QUESTION])}
    logits, attention = by_hand(model, STORY, QUESTION)
    np.testing.assert_allclose(array(model(inputs))[0], logits, atol=1e-4)
    np.testing.assert_allclose(array(model.attention(inputs))[0], attention, atol=1e-5)


@pytest.mark.parametrize("tying", ["adjacent", "layer-wise"])
def test_padding_of_words_and_sentences_changes_nothing(tying):
    model = built(tying=tying)
    inputs = model.example_inputs()
    longer = {
        "story": np.pad(inputs["story"], [(0, 0), (0, 2), (0, 1)]),
        "question": np.pad(inputs["question"], [(0, 0), (0, 4)]),
    }
    np.testing.assert_allclose(array(model(inputs)), array(model(longer)), atol=1e-5)


def test_an_empty_memory_makes_older_and_gets_no_weight():
    model = built(memory_size=4)
    apart = {"story": np.array([[[1], [0], [2]]]), "question": np.array([[3]])}
    weights = array(model.attention(apart))[0]
    np.testing.assert_array_equal(weights[:, 1], 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    together = {"story": np.array([[[1], [2]]]), "question": np.array([[3]])}
    assert np.abs(array(model(apart)) - array(model(together))).max() > 1e-3


def test_a_story_without_a_sentence_is_finite():
    model = built()
    inputs = {"story": np.zeros((1, 2, 2), int), "question": np.array([[1, 2]])}
    assert np.isfinite(array(model(inputs))).all()
    np.testing.assert_array_equal(array(model.attention(inputs)), 0)


def test_linear_rows_attend_by_their_scores():
    model = built(hops=1, tying="adjacent")
    inputs = model.example_inputs()
    softmax = array(model.attention(inputs))
    inputs["softmax"] = np.array([False, True])
    mixed = array(model.attention(inputs))
    np.testing.assert_allclose(mixed[1], softmax[1], atol=1e-6)
    scores = mixed[0, 0]  # their softmax is the attention
    exponentials = np.exp(scores - scores.max())
    np.testing.assert_allclose(
        exponentials / exponentials.sum(), softmax[0, 0], atol=1e-5
    )


def test_weights_of_words():
    ids = np.array([[5, 6, 0]])
    np.testing.assert_array_equal(
        array(bag_weights(ids, 2, "float32"))[0, :, 0], [1, 1, 0]
    )
    # j / J is 1/2 and 1, k / d is 1/2 and 1.
    found = array(position_weights(ids, 2, "float32"))[0]
    np.testing.assert_allclose(found, [[1, 1], [1, 2], [0, 0]], atol=1e-6)


def test_ages_count_from_the_last_real_sentence():
    mask = np.array([[True, False, True, False], [True, True, True, True]])
    np.testing.assert_array_equal(array(ages(mask)), [[2, 1, 0, -1], [3, 2, 1, 0]])


@pytest.mark.parametrize(
    "wrong",
    [
        {"tying": "none"},
        {"encoding": "x"},
        {"hops": 0},
        {"hops": 101},
        {"embed_dim": 0},
    ],
    ids=str,
)
def test_bad_choices_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MemoryNetworkConfig(**wrong)
