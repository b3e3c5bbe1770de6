"""Call arguments: shapes are checked, times and boxes keep their dtype."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import layers
from tests.layers.gradients import assert_near, assert_same

LSTM = layers.LSTMCell


def ones(*shape):
    return np.ones(shape, "float32")


# A layer, the arguments of a right call, and arguments that replace one each and are
# wrong.
CALLS = {
    "Attention": (
        lambda: layers.Attention("general"),
        {"query": ones(2, 3, 4), "memory": ones(2, 5, 6)},
        {
            "memory": ones(1, 5, 6),
            "query": ones(2, 4),
            "mask": ones(2, 4) > 0,
            "keys": ones(2, 4, 4),
        },
    ),
    "CausalConv": (
        lambda: layers.CausalConv(2, 2),
        {"inputs": ones(2, 3, 4)},
        {"inputs": ones(2, 4)},
    ),
    "LSTMCell": (
        lambda: LSTM(4),
        {"inputs": ones(2, 3), "states": [ones(2, 4)] * 2},
        {"inputs": ones(2, 5), "states": [ones(3, 4)] * 2},
    ),
    "MultiHeadAttention": (
        lambda: layers.MultiHeadAttention(2),
        {"query": ones(2, 3, 4), "key": ones(2, 5, 4), "value": ones(2, 5, 4)},
        {
            "value": ones(2, 3, 4),
            "key": ones(1, 5, 4),
            "attention_mask": ones(2, 4, 5) > 0,
            "bias": ones(2, 2, 3, 3),
        },
    ),
    "PatchEmbedding": (
        lambda: layers.PatchEmbedding(4, 2),
        {"images": ones(2, 4, 4, 3)},
        {"images": ones(4, 4, 3)},
    ),
    "Recurrent": (
        lambda: layers.Recurrent(layers.PhasedLSTMCell(4)),
        {"inputs": ones(2, 3, 4)},
        {
            "inputs": ones(2, 3, 5),
            "mask": ones(1, 3) > 0,
            "times": ones(2, 4),
            "initial_state": [ones(2, 4), ones(2, 5)],
        },
    ),
    "Bidirectional": (
        lambda: layers.Bidirectional(LSTM(4)),
        {"inputs": ones(2, 3, 4)},
        {"mask": ones(2, 2) > 0, "initial_state": [ones(1, 4)] * 4},
    ),
    "SelfAttention": (
        lambda: layers.SelfAttention(2),
        {"x": ones(2, 3, 4)},
        {"x": ones(3, 4), "attention_mask": ones(2, 2, 1, 2) > 0},
    ),
    "SpatialModulation": (
        lambda: layers.SpatialModulation(2),
        {"x": ones(2, 3, 4), "boxes": ones(2, 3, 4), "places": ones(2, 5, 2)},
        {"boxes": ones(2, 3, 5), "places": ones(1, 5, 2)},
    ),
    "SwinBlock": (
        lambda: layers.SwinBlock(2, 4, 2),
        {"x": ones(2, 4, 4, 4)},
        {"x": ones(2, 4, 4)},
    ),
    "TemporalConvNet": (
        lambda: layers.TemporalConvNet([4]),
        {"inputs": ones(2, 3, 4)},
        {"mask": ones(2, 4) > 0},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_wrong_shapes_are_refused_by_name(name):
    make, arguments, wrong = CALLS[name]
    layer = make()
    layer(**arguments)
    for argument, value in wrong.items():
        with pytest.raises(ValueError, match=f"`{argument}.*(must|of shape)"):
            layer(**{**arguments, argument: value})


def test_a_stateful_layer_refuses_another_number_of_rows():
    layer = layers.Recurrent(LSTM(4), stateful=True)
    layer(ones(4, 3, 2))
    with pytest.raises(ValueError, match="keeps the states of 4 sequences"):
        layer(ones(1, 3, 2))


TIMES = [[300.5, 301.2, 303.1]]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16", "float32"])
@pytest.mark.parametrize("wrapper", [layers.Recurrent, layers.Bidirectional])
@pytest.mark.parametrize("time_feature", [False, True])
def test_times_reach_the_cell_as_they_are(policy, wrapper, time_feature):
    seen = []

    class Cell(layers.PhasedLSTMCell):
        def openness(self, times, leak=0.0):
            seen.append(ops.convert_to_numpy(times))
            return super().openness(times, leak)

    layer = wrapper(Cell(4, time_feature=time_feature), dtype=policy)
    if time_feature:
        outputs = layer(np.stack([np.ones((1, 3)), np.array(TIMES)], axis=-1))
    else:
        outputs = layer(ones(1, 3, 2), times=TIMES)
    assert_same(seen[-1], np.float32(TIMES))
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype


@pytest.mark.parametrize("kind", [np.asarray, lambda x: x.astype("int64"), list])
def test_times_too_large_for_single_precision_are_refused(kind):
    layer = layers.Recurrent(layers.PhasedLSTMCell(4))
    times = 1.7e9 + np.arange(3.0)[None]
    with pytest.raises(ValueError, match="Subtract the first time"):
        layer(ones(1, 3, 2), times=kind(times))
    layer(ones(1, 3, 2), times=kind(times - times[:, :1]))


def test_boxes_and_places_keep_single_precision():
    exact, half = (
        layers.SpatialModulation(2, dtype=policy)
        for policy in ("float32", "mixed_bfloat16")
    )
    boxes = np.float32([[[0.5013, 0.5007, 0.02, 0.02]]])
    places = np.float32([[[0.5021, 0.5033]]])
    near = exact(ones(1, 1, 4), boxes, places)
    assert_near(half(ones(1, 1, 4), boxes, places), near, rtol=0.01, atol=0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_padding_that_is_not_finite_leaves_gradients_as_they_are(value):
    from tests.layers.gradients import outputs_and_gradients

    layer = layers.Recurrent(LSTM(4), return_sequences=True)
    layer.build((2, 3, 2))
    mask = np.array([[True, True, False], [True, False, False]])
    x = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    results = []
    for padding in (0.0, value):
        x[~mask] = padding
        results.append(
            outputs_and_gradients(
                layer, lambda x: layer(x, mask=mask, training=True), [x]
            )
        )
    for clean, other in zip(*results, strict=True):
        for one, another in zip(clean, other, strict=True):
            assert_same(one, another)


@pytest.mark.parametrize("policy", ["float64", "bfloat16", "mixed_bfloat16"])
def test_a_cell_without_a_policy_takes_that_of_its_layer(policy):
    if keras.backend.backend() == "jax" and policy == "float64":
        pytest.skip("JAX has float64 only if it is told so before the start")
    cell = layers.ZoneoutCell(LSTM(4))
    layer = layers.Recurrent(cell, dtype=policy)
    outputs = layer(ones(2, 3, 2))
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
    assert {variable.dtype for variable in layer.trainable_variables} == {
        layer.variable_dtype
    }


def test_the_mask_of_an_embedding_is_found_beside_other_tensors():
    embedding = keras.layers.Embedding(5, 4, mask_zero=True)
    memory = embedding(np.array([[1, 2, 0]]))
    _, weights = layers.Attention("dot")(ones(1, 2, 4), memory)
    assert_same(weights[..., 2], 0)
    layer = layers.Recurrent(LSTM(4), return_sequences=True)
    outputs = layer(memory, initial_state=[ones(1, 4)] * 2)
    assert_same(outputs[0, 2], 0)
