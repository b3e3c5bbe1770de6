"""Dropout of a recurrent layer: one mask for a sequence, and its gradient."""

import numpy as np
import pytest
from keras import ops

from seqzoo.layers import ElmanCell, Recurrent
from tests.layers.gradients import assert_near, assert_same, outputs_and_gradients
from tests.layers.recurrent.recurrent_cases import (
    BATCH,
    FEATURES,
    STEPS,
    UNITS,
    array,
    made,
)


def test_variational_dropout_uses_one_mask_for_the_whole_sequence():
    """With an identity cell, what is dropped at the first step stays dropped."""
    cell = ElmanCell(
        64,
        activation="linear",
        kernel_initializer="identity",
        recurrent_initializer="zeros",
    )
    layer = Recurrent(cell, return_sequences=True, dropout=0.5, seed=1)
    x = np.ones((2, 7, 64), "float32")
    outputs = ops.convert_to_numpy(layer(x, training=True))
    assert set(np.unique(outputs)) == {0.0, 2.0}
    assert_same(outputs, outputs[:, :1] * np.ones((1, 7, 1)))
    assert 0.3 < (outputs == 0).mean() < 0.7
    assert_same(layer(x), x)


def test_recurrent_dropout_drops_the_same_units_at_every_step():
    """h' = 1 + mask * h counts the steps where the mask is 0 as 1, 1, 1, ..."""
    cell = ElmanCell(
        64,
        activation="linear",
        kernel_initializer="zeros",
        recurrent_initializer="identity",
        bias_initializer="ones",
    )
    layer = Recurrent(cell, return_sequences=True, recurrent_dropout=0.5, seed=1)
    outputs = ops.convert_to_numpy(layer(np.ones((2, 4, 3), "float32"), training=True))
    rows = np.unique(np.moveaxis(outputs, 1, 2).reshape(-1, 4), axis=0)
    assert_same(rows, [[1, 1, 1, 1], [1, 3, 7, 15]])


def test_a_gru_whose_reset_comes_first_drops_h_in_its_candidate_too():
    """With all of h dropped, the gates depend on the inputs alone."""
    layer = made("gru_reset_before", return_state=False)
    layer.recurrent_dropout = 0.5
    layer._drop = lambda ones, rate: ops.zeros_like(ones)
    x = array(BATCH, STEPS, FEATURES)
    outputs = layer(x, training=True)
    kernel, _, bias = layer.cell.get_weights()
    z, _, g = np.split(x @ kernel + bias, 3, axis=-1)
    z, g = 1 / (1 + np.exp(-z)), np.tanh(g)
    h = np.zeros((BATCH, UNITS))
    for t in range(STEPS):
        h = z[:, t] * h + (1 - z[:, t]) * g[:, t]
        assert_near(outputs[:, t], h, atol=1e-6)


@pytest.mark.parametrize("name", ["lstm", "gru", "gru_reset_before"])
def test_the_gradient_with_recurrent_dropout_is_the_slope(name):
    """Against differences, the masks being the same at every call."""
    layer = made(name)
    x = array(BATCH, STEPS, FEATURES)
    kept = ops.convert_to_tensor(
        2.0 * (np.random.default_rng(3).random((BATCH, UNITS)) < 0.5), "float32"
    )
    layer.recurrent_dropout = 0.5
    layer._drop = lambda ones, rate: ones * kept

    def run(x):
        return layer(x, training=True)

    _, (by_inputs,), by_weights = outputs_and_gradients(layer, run, [x])

    def total():
        outputs = [ops.convert_to_numpy(o).astype("float64") for o in run(x)]
        return sum(
            (o * np.cos(np.arange(o.size) + k).reshape(o.shape)).sum()
            for k, o in enumerate(outputs)
        )

    variable = layer.cell.recurrent_kernel
    value = ops.convert_to_numpy(variable.value)
    direction = array(*value.shape, seed=4)
    slopes = []
    for sign in (1, -1):
        variable.assign(value + sign * 3e-3 * direction)
        slopes.append(total())
    slope = (slopes[0] - slopes[1]) / 6e-3
    assert_near((by_weights[1] * direction).sum(), slope, rtol=1e-2)
    assert by_inputs.shape == x.shape
