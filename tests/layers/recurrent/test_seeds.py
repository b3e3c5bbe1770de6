"""A seed gives independent draws: no two of them are made from one seed."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import (
    Bidirectional,
    LSTMCell,
    PhasedLSTMCell,
    Recurrent,
    ZoneoutCell,
)
from seqzoo.ops.arguments import split_seed

X = np.ones((2, 5, 3), "float32")


def correlation(a, b):
    a, b = ops.convert_to_numpy(a), ops.convert_to_numpy(b)
    return abs(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def built(cell):
    cell.build((None, 3))
    return cell


def test_periods_and_shifts_of_a_phased_cell_are_independent():
    cell = built(PhasedLSTMCell(1000, seed=1, chrono_steps=50))
    period = ops.log(cell.period.value)
    share = cell.shift.value / cell.period.value
    steps = cell.bias.value[1000:2000]
    assert correlation(period, share) < 0.1
    assert correlation(period, steps) < 0.1
    assert correlation(share, steps) < 0.1
    again = built(PhasedLSTMCell(1000, seed=1))
    np.testing.assert_array_equal(
        *(ops.convert_to_numpy(one.period.value) for one in (cell, again))
    )


def test_the_twins_of_a_cell_start_from_other_draws():
    cell = PhasedLSTMCell(
        200, seed=1, kernel_initializer=keras.initializers.GlorotUniform(seed=1)
    )
    layer = Bidirectional(cell)
    layer.build(X.shape)
    for name in ("kernel", "period"):
        forward, backward = (
            getattr(side, name).value
            for side in (layer.forward_cell, layer.backward_cell)
        )
        assert correlation(forward, backward) < 0.3


def test_noise_of_a_cell_its_wrapper_and_its_layer_is_independent():
    inner = LSTMCell(50, update_dropout=0.5, seed=1)
    cell = ZoneoutCell(inner, 0.5, seed=1)
    layer = Recurrent(cell, dropout=0.5, recurrent_dropout=0.5, seed=1)
    states = [
        tuple(ops.convert_to_numpy(owner.seed_generator.state.value))
        for owner in (inner, cell, layer)
    ]
    assert len(set(states)) == 3
    _, extras = cell.split_inputs(np.ones((9, 50), "float32"), training=True)
    noise = [ops.cast(extra, "float32") for extra in extras.values()]
    for index, one in enumerate(noise):
        assert all(correlation(one, other) < 0.2 for other in noise[:index])


@pytest.mark.parametrize("seed", [0, 7, np.int64(7)])
def test_a_seed_is_split_by_purpose(seed):
    assert split_seed(seed, "a") != split_seed(seed, "b")
    assert split_seed(seed, "a") == split_seed(int(seed), "a")
    assert split_seed(None, "a") is None
