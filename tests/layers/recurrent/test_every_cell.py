"""What every cell promises, whatever its equations."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import layers
from seqzoo.layers import Recurrent
from tests.layers.gradients import assert_near, assert_same, outputs_and_gradients

UNITS, BATCH, STEPS, FEATURES = 4, 3, 6, 5
# Each without noise, and the same with all the noise that it knows.
CELLS = {
    "elman": lambda **k: layers.ElmanCell(UNITS, **k),
    "lstm": lambda **k: layers.LSTMCell(UNITS, **k),
    "gru": lambda **k: layers.GRUCell(UNITS, **k),
    "gru_reset_before": lambda **k: layers.GRUCell(UNITS, reset_after=False, **k),
    "peephole": lambda **k: layers.PeepholeLSTMCell(UNITS, **k),
    "peephole_full": lambda **k: layers.PeepholeLSTMCell(UNITS, peephole="full", **k),
    "coupled": lambda **k: layers.CoupledLSTMCell(UNITS, **k),
    "layer_norm_lstm": lambda **k: layers.LayerNormLSTMCell(UNITS, **k),
    "layer_norm_elman": lambda **k: layers.LayerNormElmanCell(UNITS, **k),
    "phased": lambda **k: layers.PhasedLSTMCell(
        UNITS, leak=0.01, ratio_on=0.6, time_feature=True, **k
    ),
    "leaky": lambda **k: layers.LeakyCell(UNITS, **k),
    "leaky_fixed": lambda **k: layers.LeakyCell(UNITS, learned=False, **k),
    "skip": lambda **k: layers.SkipCell(UNITS, delay=2, **k),
    "output": lambda **k: layers.OutputRecurrentCell(UNITS, outputs=3, **k),
    "zoneout": lambda **k: layers.ZoneoutCell(layers.LSTMCell(UNITS), 0.0, **k),
    "zoneout_skip": lambda **k: layers.ZoneoutCell(layers.SkipCell(UNITS, 2), 0.0, **k),
}
every_cell = pytest.mark.parametrize("name", CELLS)
MASK = np.arange(STEPS) < np.array([6, 4, 1])[:, None]


def array(*shape, seed=0):
    """Noise; the last feature grows from step to step, as a time does."""
    values = np.random.default_rng(seed).normal(size=shape).astype("float32")
    if len(shape) == 3:
        values[..., -1] = np.cumsum(np.abs(values[..., -1]), axis=1)
    return values


def made(name, dtype=None, **arguments):
    """A layer with random weights, and the same cell's in Keras's own loop."""
    arguments = {"return_sequences": True, "return_state": True, **arguments}
    layer = Recurrent(CELLS[name](dtype=dtype), dtype=dtype, **arguments)
    layer.build((BATCH, STEPS, FEATURES))
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        if variable.path.endswith(("period", "ratio_on")):  # these must be positive
            continue
        variable.assign(rng.normal(0, 0.5, size=variable.shape))
    return layer


def first_states(layer, seed=2):
    return [
        array(BATCH, size, seed=seed + index)
        for index, size in enumerate(layer.cell.state_size)
    ]


@every_cell
def test_the_engine_gives_what_keras_own_loop_gives(name):
    """Outputs, states and gradients by inputs, first states and every weight."""
    ours = made(name)
    theirs = keras.layers.RNN(CELLS[name](), return_sequences=True, return_state=True)
    theirs.build((BATCH, STEPS, FEATURES))
    theirs.set_weights(ours.get_weights())
    arrays = [array(BATCH, STEPS, FEATURES), *first_states(ours)]

    def run_with(layer):
        return lambda x, *states: layer(x, initial_state=list(states), training=True)

    results = outputs_and_gradients(ours, run_with(ours), arrays)
    expected = outputs_and_gradients(theirs, run_with(theirs), arrays)
    for mine, other in zip(results, expected, strict=True):
        for one, another in zip(mine, other, strict=True):
            assert_near(one, another, rtol=1e-4, atol=1e-5)
    for gradient in results[2]:
        assert np.abs(gradient).max() > 1e-4
    if name != "phased":  # whose time gate leaks in training alone
        alike = ours(arrays[0], initial_state=arrays[1:])
        for one, another in zip(results[0], alike, strict=True):
            assert_near(one, another, atol=1e-6)


@every_cell
@pytest.mark.parametrize("side", ["right", "left"])
def test_a_padded_row_equals_the_row_without_padding(name, side):
    layer = made(name, reverse=side == "left")
    x = array(BATCH, STEPS, FEATURES)
    mask = MASK if side == "right" else MASK[:, ::-1]
    x[~mask] = 1e3  # what stands in the padding must not matter
    outputs, *states = layer(x, mask=mask)
    outputs = ops.convert_to_numpy(outputs)
    assert_same(outputs[~mask], 0)
    for row in range(BATCH):
        alone, *last = layer(x[row : row + 1][:, mask[row]])
        assert_near(outputs[row][mask[row]], alone[0], atol=1e-6)
        for state, single in zip(states, last, strict=True):
            assert_near(state[row], single[0], atol=1e-6)


@every_cell
def test_a_row_without_any_step_keeps_its_first_state(name):
    layer = made(name)
    states = first_states(layer)
    mask = np.array([[True] * STEPS, [False] * STEPS, [True] * STEPS])
    x = array(BATCH, STEPS, FEATURES)
    outputs, *last = layer(x, mask=mask, initial_state=states)
    assert_same(outputs[1], 0)
    for state, first in zip(last, states, strict=True):
        assert_same(state[1], first[1])


@every_cell
def test_chunks_with_their_states_equal_the_whole(name):
    layer = made(name)
    x = array(1, STEPS, FEATURES)  # a batch of one row, too
    whole, *last = layer(x)
    outputs, states = [], None
    for chunk in (x[:, :1], x[:, 1:4], x[:, 4:]):  # the first is of one step
        part, *states = layer(chunk, initial_state=states)
        outputs.append(part)
    assert_near(ops.concatenate(outputs, axis=1), whole, atol=1e-6)
    for state, end in zip(states, last, strict=True):
        assert_near(state, end, atol=1e-6)


@every_cell
def test_a_stateful_layer_goes_on_where_it_stopped_even_reloaded(name, tmp_path):
    layer = made(name, stateful=True, return_state=False)
    model = keras.Sequential([keras.Input((2, FEATURES), batch_size=BATCH), layer])
    x = array(BATCH, STEPS, FEATURES)
    alone = made(name, return_state=False)
    alone.cell.set_weights(layer.cell.get_weights())
    whole = alone(x)
    outputs = [model(x[:, :2])]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    outputs += [again(x[:, 2:4]), again(x[:, 4:])]
    assert_near(ops.concatenate(outputs, axis=1), whole, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "dtype", "training"),
    [
        *((name, "float16", False) for name in CELLS),
        ("lstm", "bfloat16", False),
        ("gru", "bfloat16", False),
        ("lstm", "mixed_bfloat16", True),
        ("layer_norm_lstm", "bfloat16", True),
        ("phased", "float16", True),
    ],
)
def test_half_precision_stays_near_single_precision(name, dtype, training):
    exact = made(name, return_state=False)
    layer = made(name, dtype=dtype, return_state=False)
    layer.set_weights(exact.get_weights())
    x = array(BATCH, STEPS, FEATURES)
    outputs = layer(x, training=training)
    assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
    near = exact(x, training=training)
    assert_near(ops.cast(outputs, "float32"), near, rtol=0.05, atol=0.05)


@every_cell
def test_a_cell_comes_back_from_its_config_as_json(name):
    cell = CELLS[name]()
    config = keras.saving.serialize_keras_object(cell)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is type(cell)
    assert copy.get_config() == cell.get_config()
    cell.build((None, FEATURES))
    copy.build((None, FEATURES))
    assert [v.path.split("/", 1)[1] for v in copy.weights] == [
        v.path.split("/", 1)[1] for v in cell.weights
    ]


@every_cell
def test_trace_shows_the_outputs_and_every_state(name):
    layer = made(name)
    x = array(BATCH, STEPS, FEATURES)
    outputs, *states = layer(x, mask=MASK)
    seen = layer.trace(x, mask=MASK)
    assert set(layer.cell.state_names) <= set(seen)
    assert_near(seen[layer.cell.state_names[0]], outputs, atol=1e-6)
    for state, named in zip(states, layer.cell.state_names, strict=True):
        assert_near(seen[named][0, -1], state[0], atol=1e-6)


@every_cell
def test_gates_lie_between_0_and_1(name):
    layer = made(name)
    seen = layer.trace(10 * array(BATCH, STEPS, FEATURES))
    for gate, values in seen.items():
        if gate.endswith("_gate"):
            values = ops.convert_to_numpy(values)
            assert values.min() >= 0 and values.max() <= 1, gate
