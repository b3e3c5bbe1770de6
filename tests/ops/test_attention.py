"""The alignment scores against NumPy, and what a softmax over real keys promises."""

import numpy as np
import pytest
from keras import ops

from seqzoo.ops.attention import (
    additive_scores,
    attention_weights,
    cosine_scores,
    dot_product_attention,
    dot_scores,
    scaled_dot_scores,
)

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 4)).astype("float32")
KEY = rng.normal(size=(2, 5, 4)).astype("float32")
VECTOR = rng.normal(size=4).astype("float32")


def pairwise(score):
    """`score(q, k)` of every query with every key, by loops."""
    return np.array(
        [[[score(q, k) for k in keys] for q in queries]
         for queries, keys in zip(QUERY, KEY, strict=True)]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("function", "score"),
    [
        (dot_scores, lambda q, k: q @ k),
        (scaled_dot_scores, lambda q, k: q @ k / 2.0),
        (
            cosine_scores,
            lambda q, k: q @ k / np.linalg.norm(q) / np.linalg.norm(k),
        ),
        (
            lambda q, k: additive_scores(q, k, ops.convert_to_tensor(VECTOR)),
            lambda q, k: VECTOR @ np.tanh(q + k),
        ),
    ],
)
def test_scores_equal_the_formula(function, score):
    """Each score is its equation, for every pair."""
    found = function(ops.convert_to_tensor(QUERY), ops.convert_to_tensor(KEY))
    np.testing.assert_allclose(ops.convert_to_numpy(found), pairwise(score), atol=1e-5)


def test_cosine_of_a_zero_vector_is_zero():
    """Not NaN: padding often is zero."""
    zero = ops.zeros((1, 1, 4))
    scores = cosine_scores(zero, ops.convert_to_tensor(KEY[:1]))
    assert not ops.convert_to_numpy(scores).any()


def test_rows_sum_to_one_and_padding_gets_nothing():
    """Exactly 0 where the mask is False, whatever the scores."""
    scores = rng.normal(size=(2, 3, 5)).astype("float32") * 50
    mask = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], "bool")
    weights = ops.convert_to_numpy(
        attention_weights(ops.convert_to_tensor(scores), ops.convert_to_tensor(mask))
    )
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    assert not weights[~np.broadcast_to(mask[:, None], weights.shape)].any()


def test_a_row_without_keys_gets_no_weight_and_no_nan():
    """There is nothing to attend to."""
    mask = np.zeros((2, 5), "bool")
    scores = ops.convert_to_tensor(rng.normal(size=(2, 3, 5)).astype("float32"))
    weights = attention_weights(scores, ops.convert_to_tensor(mask))
    assert not ops.convert_to_numpy(weights).any()


@pytest.mark.parametrize("size", [1.0, 1e4], ids=["usual", "huge"])
def test_outputs_are_values_weighted_by_the_softmax(size):
    """However large the scores are; a row that may see nothing gets zeros."""
    query, key, value = size * QUERY, KEY, rng.normal(size=(2, 5, 6)).astype("float32")
    mask = rng.random((2, 1, 3, 5)) < 0.6
    mask[0, 0, 1] = False
    bias = rng.normal(size=(1, 1, 3, 5)).astype("float32")
    heads = [ops.convert_to_tensor(each[:, None]) for each in (query, key, value)]
    outputs, weights = dot_product_attention(
        *heads, mask=ops.convert_to_tensor(mask), bias=ops.convert_to_tensor(bias)
    )
    scores = query.astype("float64") @ key.swapaxes(1, 2) / 2 + bias[:, 0]
    scores = np.where(mask[:, 0], scores, -1e30)
    expected = np.exp(scores - scores.max(-1, keepdims=True)) * mask[:, 0]
    expected /= np.maximum(expected.sum(-1, keepdims=True), 1e-30)
    found = ops.convert_to_numpy(weights)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-3 if size > 1 else 1e-6)
    assert not found[~mask[:, 0]].any()
    np.testing.assert_allclose(
        ops.convert_to_numpy(outputs)[:, 0], found @ value, atol=1e-5
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_a_query_without_any_key_gets_zeros_in_every_dtype(dtype):
    x = ops.ones((1, 2, 3, 4), dtype)
    mask = ops.convert_to_tensor([[True] * 3, [False] * 3, [True] * 3])
    outputs, weights = dot_product_attention(x, x, x, mask)
    alone = attention_weights(ops.ones((2, 3, 3), dtype), mask[:2])
    for tensor, empty in ((outputs, np.s_[:, :, 1]), (weights, np.s_[:, :, 1])):
        values = ops.convert_to_numpy(ops.cast(tensor, "float32"))
        assert np.isfinite(values).all() and not values[empty].any()
    assert not ops.convert_to_numpy(ops.cast(alone, "float32"))[1].any()
