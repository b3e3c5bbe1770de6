import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import (
    Cell,
    CoupledLSTMCell,
    ElmanCell,
    GRUCell,
    LSTMCell,
    PeepholeLSTMCell,
    PhasedLSTMCell,
    Recurrent,
)
from tests.layers.gradients import assert_near, assert_same, outputs_and_gradients

CELLS = {
    "elman": (lambda: ElmanCell(4), lambda **k: keras.layers.SimpleRNN(4, **k)),
    "elman_relu": (
        lambda: ElmanCell(4, activation="relu"),
        lambda **k: keras.layers.SimpleRNN(4, activation="relu", **k),
    ),
    "lstm": (lambda: LSTMCell(4), lambda **k: keras.layers.LSTM(4, **k)),
    "lstm_without_bias": (
        lambda: LSTMCell(4, use_bias=False),
        lambda **k: keras.layers.LSTM(4, use_bias=False, **k),
    ),
    "gru": (lambda: GRUCell(4), lambda **k: keras.layers.GRU(4, **k)),
    "gru_without_bias": (
        lambda: GRUCell(4, use_bias=False),
        lambda **k: keras.layers.GRU(4, use_bias=False, **k),
    ),
    "gru_reset_before": (
        lambda: GRUCell(4, reset_after=False),
        lambda **k: keras.layers.GRU(4, reset_after=False, **k),
    ),
}


class MemoryCell(Cell):
    """What a user writes: a state of its own decay, and a weight of its own."""

    gates = ("h", "m")
    state_names = ("h", "m")

    def build(self, input_shape):
        super().build(input_shape)
        self.decay = self.add_weight(
            shape=(self.units,), initializer="glorot_uniform", name="decay"
        )

    def equations(self, parts, states, weights, extras):
        z_h, z_m = ops.split(parts[0], 2, axis=-1)
        m = ops.sigmoid(weights["decay"]) * states[1] + ops.tanh(z_m)
        return [ops.tanh(z_h + m), m], {}


class TimedCell(ElmanCell):
    """The last feature is a time that the kernel does not see."""

    def feature_count(self, input_features):
        return input_features - 1

    def split_inputs(self, inputs, training=False, times=None):
        return inputs[..., :-1], {"time": inputs[..., -1:]}

    def equations(self, parts, states, weights, extras):
        openness = ops.sigmoid(extras["time"])
        return [openness * ops.tanh(parts[0]) + (1 - openness) * states[0]], {}


class NormalizedCell(ElmanCell):
    """Equations that are not element-wise, but keep rows apart."""

    joint = False

    def equations(self, parts, states, weights, extras):
        def normal(part):
            centred = part - ops.mean(part, axis=-1, keepdims=True)
            return centred / ops.sqrt(
                ops.mean(centred**2, axis=-1, keepdims=True) + 0.1
            )

        return [ops.tanh(normal(parts[0]) + normal(parts[1]))], {}


def inputs(shape=(3, 6, 5), seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def copy_weights(source, target, seed=1):
    """Random weights, biases too, for both."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, 0.5, size=value.shape) for value in source.get_weights()]
    source.set_weights(weights)
    target.set_weights(weights)


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_in_keras_rnn_equals_the_keras_layer(name):
    make_cell, make_layer = CELLS[name]
    ours = keras.layers.RNN(make_cell(), return_sequences=True, return_state=True)
    theirs = make_layer(return_sequences=True, return_state=True)
    x = inputs()
    ours(x), theirs(x)
    copy_weights(theirs, ours)
    for mine, other in zip(ours(x), theirs(x), strict=True):
        assert_near(mine, other, atol=1e-5)


@pytest.mark.parametrize("name", CELLS)
def test_a_fresh_cell_has_keras_shapes_and_biases(name):
    make_cell, make_layer = CELLS[name]
    cell, layer = make_cell(), make_layer()
    cell.build((None, 5))
    layer.build((None, None, 5))
    assert [v.path.split("/")[-1] for v in cell.weights] == [
        v.path.split("/")[-1] for v in layer.weights
    ]
    for ours, theirs in zip(cell.get_weights(), layer.get_weights(), strict=True):
        assert ours.shape == theirs.shape
    if cell.use_bias:
        assert_same(cell.get_weights()[2], layer.get_weights()[2])


@pytest.mark.parametrize(
    "cell_class",
    [MemoryCell, TimedCell, NormalizedCell],
    ids=lambda c: c.__name__,
)
def test_equations_alone_make_a_cell_that_trains(cell_class):
    """The engine's gradient is that of autodiff through Keras's own loop."""
    engine = Recurrent(cell_class(4), return_sequences=True)
    keras_loop = keras.layers.RNN(cell_class(4), return_sequences=True)
    x = inputs()
    engine(x), keras_loop(x)
    copy_weights(keras_loop, engine)
    ours = outputs_and_gradients(engine, lambda x: engine(x, training=True), [x])
    theirs = outputs_and_gradients(keras_loop, keras_loop, [x])
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(mine, other, strict=True):
            assert np.abs(b).max() > 1e-3
            assert_near(a, b, rtol=1e-4, atol=1e-5)


def test_a_cell_without_equations_says_so():
    class Empty(Cell):
        gates = ("h",)

    cell = Empty(4)
    cell.build((None, 3))
    with pytest.raises(NotImplementedError, match="Empty does not define equations"):
        cell.call(ops.ones((2, 3)), [ops.zeros((2, 4))])


@pytest.mark.parametrize("units", [0, -1, 2.5, "8"])
def test_units_must_be_a_positive_integer(units):
    with pytest.raises(ValueError, match="positive integer"):
        LSTMCell(units)


CHRONO = {
    "lstm": (lambda **k: LSTMCell(400, **k), {"f": 1, "i": 0, "c": 2, "o": 3}),
    "coupled": (lambda **k: CoupledLSTMCell(400, **k), {"f": 0, "c": 1, "o": 2}),
    "gru": (lambda **k: GRUCell(400, **k), {"z": 0, "r": 1, "h": 2}),
}


@pytest.mark.parametrize("name", CHRONO)
def test_chrono_units_forget_after_times_spread_evenly_up_to_the_longest(name):
    make, blocks = CHRONO[name]
    cell = make(chrono_steps=101)
    cell.build((None, 1))
    bias = cell.get_weights()[2]
    if bias.ndim == 2:
        assert_same(bias[1], 0)
        bias = bias[0]
    bias = bias.reshape(-1, 400)
    kept = bias[blocks["f" if "f" in blocks else "z"]]
    # A gate of sigmoid(b) keeps 1 - 1/(1 + exp(b)) of a state at each step.
    times = np.exp(kept)
    assert 1 <= times.min() < 6 and 95 < times.max() <= 100
    assert abs(np.median(times) - 50) < 10
    for gate, block in blocks.items():
        if gate == "i":
            assert_near(bias[block], -kept)
        elif gate not in "fz":
            assert_same(bias[block], 0)


def test_a_chrono_cell_comes_back_from_its_config():
    cell = LSTMCell(3, chrono_steps=50, seed=1)
    twin = LSTMCell.from_config(cell.get_config())
    cell.build((None, 2)), twin.build((None, 2))
    assert_same(twin.get_weights()[2], cell.get_weights()[2])


@pytest.mark.parametrize(
    "make",
    [
        lambda: LSTMCell(4, chrono_steps=1),
        lambda: LSTMCell(4, chrono_steps=10, use_bias=False),
        lambda: ElmanCell(4, chrono_steps=10),
    ],
)
def test_chrono_steps_without_sense_are_refused(make):
    with pytest.raises(ValueError, match="chrono_steps"):
        make()


@pytest.mark.parametrize("cell_class", [PeepholeLSTMCell, PhasedLSTMCell])
@pytest.mark.parametrize("units", [1, 3])
def test_full_peepholes_of_diagonal_matrices_are_diagonal_ones(cell_class, units):
    """With three units, a diagonal kernel has as many rows as a full one."""
    diagonal = Recurrent(cell_class(units, peephole="diagonal", seed=1))
    full = Recurrent(cell_class(units, peephole="full", seed=1))
    x = np.random.default_rng(0).normal(size=(2, 5, 2)).astype("float32")
    for layer in (diagonal, full):
        layer.build(x.shape)
    weights = diagonal.get_weights()
    peepholes = weights[3]
    weights[3] = np.concatenate([np.diag(row) for row in peepholes], axis=1)
    full.set_weights(weights)
    assert_near(full(x), diagonal(x), atol=1e-6)
