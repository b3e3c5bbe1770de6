"""`Attention`: one promise for all scores, and Keras's layers as oracles for some."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers.attention.scores import SCORES, Attention

rng = np.random.default_rng(1)
QUERY = rng.normal(size=(2, 3, 4)).astype("float32")
MEMORY = rng.normal(size=(2, 5, 4)).astype("float32")
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], "bool")


def make(score):
    return Attention(score, units=6, max_steps=8)


def call(layer, query=QUERY, memory=MEMORY, mask=MASK):
    context, weights = layer(
        ops.convert_to_tensor(query),
        ops.convert_to_tensor(memory),
        None if mask is None else ops.convert_to_tensor(mask),
    )
    return ops.convert_to_numpy(context), ops.convert_to_numpy(weights)


@pytest.mark.parametrize("score", SCORES)
def test_context_is_the_weighted_sum_of_real_memory(score):
    """Rows of the weights sum to 1, padding gets 0, the context follows."""
    context, weights = call(make(score))
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-6)
    assert not weights[1, :, 2:].any()
    np.testing.assert_allclose(context, weights @ MEMORY, atol=1e-5)


@pytest.mark.parametrize("score", SCORES)
def test_padding_changes_nothing(score):
    """A memory with padding, whatever it holds, gives what the memory alone gives."""
    layer = make(score)
    context, weights = call(layer)
    short_context, short_weights = call(layer, QUERY[1:], MEMORY[1:, :2], None)
    np.testing.assert_allclose(context[1:], short_context, atol=1e-5)
    np.testing.assert_allclose(weights[1:, :, :2], short_weights, atol=1e-5)


@pytest.mark.parametrize("score", SCORES)
def test_projected_keys_give_the_same(score):
    """`project` moves work out of a loop and changes nothing."""
    layer = make(score)
    expected, _ = call(layer)
    memory = ops.convert_to_tensor(MEMORY)
    context, _ = layer(
        ops.convert_to_tensor(QUERY),
        memory,
        ops.convert_to_tensor(MASK),
        keys=layer.project(memory),
    )
    np.testing.assert_allclose(ops.convert_to_numpy(context), expected, atol=1e-6)


@pytest.mark.parametrize("score", SCORES)
def test_a_layer_comes_back_from_its_config(score):
    """Same weights, same shapes."""
    layer = make(score)
    call(layer)
    twin = Attention.from_config(layer.get_config())
    call(twin)
    shapes = [tuple(w.shape) for w in layer.weights]
    assert [tuple(w.shape) for w in twin.weights] == shapes


def test_dot_equals_keras_attention():
    """Luong's dot score is `keras.layers.Attention`."""
    keras_layer = keras.layers.Attention()
    expected, expected_weights = keras_layer(
        [ops.convert_to_tensor(QUERY), ops.convert_to_tensor(MEMORY)],
        mask=[None, ops.convert_to_tensor(MASK)],
        return_attention_scores=True,
    )
    context, weights = call(make("dot"))
    np.testing.assert_allclose(context, ops.convert_to_numpy(expected), atol=1e-5)
    np.testing.assert_allclose(
        weights, ops.convert_to_numpy(expected_weights), atol=1e-5
    )


def test_additive_equals_keras_additive_attention_on_projected_inputs():
    """Bahdanau's score is `keras.layers.AdditiveAttention` plus the projections."""
    ours = make("additive")
    context, weights = call(ours)
    query = ops.matmul(ops.convert_to_tensor(QUERY), ours.query_kernel)
    key = ours.project(ops.convert_to_tensor(MEMORY))
    theirs = keras.layers.AdditiveAttention()
    mask = [None, ops.convert_to_tensor(MASK)]
    inputs = [query, ops.convert_to_tensor(MEMORY), key]
    theirs.build([x.shape for x in inputs])
    theirs.scale.assign(ours.score_kernel)
    expected, expected_weights = theirs(inputs, mask=mask, return_attention_scores=True)
    np.testing.assert_allclose(context, ops.convert_to_numpy(expected), atol=1e-5)
    np.testing.assert_allclose(
        weights, ops.convert_to_numpy(expected_weights), atol=1e-5
    )


def test_location_looks_at_the_query_alone():
    """Other memories of the same length get the same weights (Luong 2015, eq. 9)."""
    layer = make("location")
    _, weights = call(layer, mask=None)
    _, others = call(layer, memory=MEMORY[:, ::-1] * 3, mask=None)
    np.testing.assert_array_equal(weights, others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score": "nonsense"}, "must be one of"),
        ({"score": "additive"}, "units"),
        ({"score": "location"}, "max_steps"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    """The error says what is wanted."""
    with pytest.raises(ValueError, match=message):
        Attention(**arguments)


def test_wrong_shapes_are_refused():
    """Sizes that do not fit the score, and memories that are too long."""
    with pytest.raises(ValueError, match="as many features"):
        call(make("dot"), query=QUERY[..., :3])
    layer = make("location")
    call(layer)
    with pytest.raises(ValueError, match="max_steps=8"):
        call(layer, memory=np.zeros((2, 9, 4), "float32"), mask=None)
