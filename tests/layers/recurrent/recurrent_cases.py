"""The cells, arrays and masks that tests of recurrent layers share."""

import keras
import numpy as np
import pytest

from seqzoo.layers import ElmanCell, GRUCell, LSTMCell, Recurrent
from tests.layers.gradients import assert_near

UNITS, BATCH, STEPS, FEATURES = 4, 3, 6, 5
CELLS = {
    "elman": ElmanCell,
    "lstm": LSTMCell,
    "gru": GRUCell,
    "gru_reset_before": lambda units: GRUCell(units, reset_after=False),
}
KERAS_LAYERS = {
    "elman": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "gru_reset_before": lambda units, **k: keras.layers.GRU(
        units, reset_after=False, **k
    ),
}
LENGTHS = np.array([6, 4, 1])
MASK = np.arange(STEPS) < LENGTHS[:, None]
every_cell = pytest.mark.parametrize("name", CELLS)
# TensorFlow alone compiles training in another way than inference.
on_tensorflow = keras.backend.backend() == "tensorflow"
every_compilation = pytest.mark.parametrize(
    "training",
    [False, True] if on_tensorflow else [True],
    ids=["inference", "training"][-1 - on_tensorflow :],
)
both_directions = pytest.mark.parametrize("reverse", [False, True])


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def made(name, **arguments):
    """A layer with random weights, biases too."""
    layer = Recurrent(
        CELLS[name](UNITS),
        **{"return_sequences": True, "return_state": True, **arguments},
    )
    layer.build((BATCH, STEPS, FEATURES))
    return randomized(layer)


def randomized(layer):
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(0, 0.5, size=variable.shape))
    return layer


def first_states(name, seed=2):
    count = 2 if name == "lstm" else 1
    return [array(BATCH, UNITS, seed=seed + index) for index in range(count)]


def assert_close(ours, theirs, atol=1e-5):
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert_near(mine, other, rtol=1e-5, atol=atol)
