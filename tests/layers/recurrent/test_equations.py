"""Each cell against its paper's equations, written once more in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import (
    CoupledLSTMCell,
    GRUCell,
    LayerNormElmanCell,
    LayerNormLSTMCell,
    LeakyCell,
    LSTMCell,
    OutputRecurrentCell,
    PeepholeLSTMCell,
    PhasedLSTMCell,
    Recurrent,
    SkipCell,
    ZoneoutCell,
)
from tests.layers.gradients import assert_near, assert_same

UNITS, BATCH, STEPS, FEATURES = 4, 2, 7, 3


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def made(cell, **arguments):
    layer = Recurrent(cell, return_sequences=True, **arguments)
    layer.build((BATCH, STEPS, FEATURES))
    rng = np.random.default_rng(1)
    for variable in cell.trainable_variables:
        if variable.name not in ("period", "ratio_on"):
            variable.assign(rng.normal(0, 0.5, size=variable.shape))
    return layer


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def blocks(z):
    return np.split(z, z.shape[-1] // UNITS, axis=-1)


def run(step, x, *states):
    """Outputs `(batch, steps, units)` of `step(x_t, t, *states)`."""
    outputs = []
    for t in range(x.shape[1]):
        states = step(x[:, t], t, *states)
        outputs.append(states[0])
    return np.stack(outputs, axis=1)


def zeros(units=UNITS):
    return np.zeros((BATCH, units), "float32")


@pytest.mark.parametrize("peephole", ["diagonal", "full"])
def test_peephole_gates_see_the_cell_state(peephole):
    layer = made(PeepholeLSTMCell(UNITS, peephole=peephole))
    kernel, recurrent_kernel, bias, peep = layer.get_weights()

    def see(c, gate):
        if peephole == "diagonal":
            return peep[gate] * c
        return c @ blocks(peep)[gate]

    def step(x, t, h, c):
        i, f, g, o = blocks(x @ kernel + h @ recurrent_kernel + bias)
        i, f = sigmoid(i + see(c, 0)), sigmoid(f + see(c, 1))
        c = f * c + i * np.tanh(g)
        return sigmoid(o + see(c, 2)) * np.tanh(c), c

    x = array(BATCH, STEPS, FEATURES)
    assert_near(layer(x), run(step, x, zeros(), zeros()))


def test_coupled_gates_sum_to_1():
    layer = made(CoupledLSTMCell(UNITS))
    kernel, recurrent_kernel, bias = layer.get_weights()
    assert kernel.shape == (FEATURES, 3 * UNITS)

    def step(x, t, h, c):
        f, g, o = blocks(x @ kernel + h @ recurrent_kernel + bias)
        c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    x = array(BATCH, STEPS, FEATURES)
    assert_near(layer(x), run(step, x, zeros(), zeros()))


def norm(z, epsilon):
    centred = z - z.mean(-1, keepdims=True)
    return centred / np.sqrt(z.var(-1, keepdims=True) + epsilon)


def test_layer_norm_lstm_is_that_of_tensorflow_addons():
    layer = made(LayerNormLSTMCell(UNITS))
    w = layer.get_weights()
    kernel, recurrent_kernel, bias = w[:3]

    def step(x, t, h, c):
        z = w[3] * norm(x @ kernel, 1e-3) + w[4]
        z = z + w[5] * norm(h @ recurrent_kernel, 1e-3) + w[6] + bias
        i, f, g, o = blocks(z)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        c = w[7] * norm(c, 1e-3) + w[8]
        return sigmoid(o) * np.tanh(c), c

    x = array(BATCH, STEPS, FEATURES)
    assert_near(layer(x), run(step, x, zeros(), zeros()), atol=1e-4)


def test_layer_norm_elman_is_that_of_tensorflow_addons():
    layer = made(LayerNormElmanCell(UNITS))
    kernel, recurrent_kernel, bias, gain = layer.get_weights()

    def step(x, t, h):
        return (np.tanh(gain * norm(x @ kernel + h @ recurrent_kernel, 1e-5) + bias),)

    x = array(BATCH, STEPS, FEATURES)
    assert_near(layer(x), run(step, x, zeros()), atol=1e-4)


@pytest.mark.parametrize("training", [False, True])
def test_phased_lstm_opens_in_its_period_at_irregular_times(training):
    layer = made(PhasedLSTMCell(UNITS, leak=0.01, ratio_on=0.4))
    kernel, recurrent_kernel, bias, peep, period, shift, ratio_on = layer.get_weights()
    times = np.cumsum(np.random.default_rng(5).exponential(3, (BATCH, STEPS)), axis=1)

    def openness(t):
        phase = np.mod(times[:, t, None] - shift, period) / period
        closed = 0.01 * phase if training else 0 * phase
        rising = 2 * phase / ratio_on
        return np.where(
            phase < ratio_on / 2,
            rising,
            np.where(phase < ratio_on, 2 - rising, closed),
        )

    def step(x, t, h, c):
        i, f, g, o = blocks(x @ kernel + h @ recurrent_kernel + bias)
        i, f = sigmoid(i + peep[0] * c), sigmoid(f + peep[1] * c)
        new_c = f * c + i * np.tanh(g)
        new_h = sigmoid(o + peep[2] * new_c) * np.tanh(new_c)
        k = openness(t)
        return k * new_h + (1 - k) * h, k * new_c + (1 - k) * c

    x = array(BATCH, STEPS, FEATURES)
    outputs = layer(x, times=times.astype("float32"), training=training)
    assert_near(outputs, run(step, x, zeros(), zeros()), atol=1e-4)


@pytest.mark.parametrize(("start", "narrowest"), [(0.05, 0.01), (0.001, 0.001)])
def test_training_keeps_a_phased_gate_in_its_range(start, narrowest):
    cell = PhasedLSTMCell(UNITS, ratio_on=start, period_range=(2.0, 8.0))
    cell.build((None, FEATURES))
    variables = [cell.ratio_on, cell.period]
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.apply([ops.full((UNITS,), 1e3)] * 2, variables)
    assert_near(cell.ratio_on, np.full(UNITS, narrowest), atol=1e-7)
    assert_near(cell.period, np.full(UNITS, 0.2), atol=1e-6)
    opened = ops.convert_to_numpy(cell.openness(np.linspace(0, 2, 9_999)[None]))
    assert opened.max(axis=(0, 1)).min() > 0.5  # every unit opens
    optimizer.apply([ops.full((UNITS,), -1e3)] * 2, variables)
    assert_near(cell.ratio_on, np.ones(UNITS), atol=0)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_leaves_a_phased_gate_in_float32(dtype):
    """Late times: a period that is rounded to half precision would be cycles off."""
    exact = made(PhasedLSTMCell(UNITS, ratio_on=0.5))
    layer = Recurrent(PhasedLSTMCell(UNITS, ratio_on=0.5), dtype=dtype)
    layer.build((BATCH, STEPS, FEATURES))
    layer.set_weights(exact.get_weights())
    x = array(BATCH, STEPS, FEATURES)
    times = 1_000 + np.cumsum(abs(array(BATCH, STEPS)), axis=1)
    gate, ours = (m.trace(x, times=times)["time_gate"] for m in (exact, layer))
    assert_near(ours, gate, atol=1e-4)
    seen = []
    openness = layer.cell.openness
    layer.cell.__dict__["openness"] = lambda *a: seen.append(openness(*a)) or seen[-1]
    layer(x, times=times)
    assert_near(ops.cast(seen[0], "float32"), gate, atol=1e-4)


def test_phased_lstm_without_times_counts_steps_and_says_what_it_needs():
    layer = made(PhasedLSTMCell(UNITS, ratio_on=0.5))
    x = array(BATCH, STEPS, FEATURES)
    steps = np.tile(np.arange(STEPS, dtype="float32"), (BATCH, 1))
    assert_near(layer(x), layer(x, times=steps))
    with pytest.raises(ValueError, match="time_feature=True"):
        keras.layers.RNN(layer.cell)(x)
    with pytest.raises(ValueError, match="does not read time stamps"):
        made(LSTMCell(UNITS))(x, times=steps)
    with pytest.raises(ValueError, match=r"shape \(batch, steps\)"):
        layer(x, times=x)


@pytest.mark.parametrize("learned", [False, True])
def test_leaky_units_decay_with_their_time_constants(learned):
    cell = LeakyCell(UNITS, time_constants=(2.0, 16.0), learned=learned)
    layer = Recurrent(cell, return_sequences=True)
    x = np.zeros((1, 2, FEATURES), "float32")
    first = np.ones((1, UNITS), "float32")
    layer.build(x.shape)
    cell.recurrent_kernel.assign(np.zeros((UNITS, UNITS)))
    rate = 1 - 1 / np.array([2.0, 4.0, 8.0, 16.0])
    outputs = layer(x, initial_state=first)
    assert_near(outputs[0], [rate, rate**2])


def test_a_skip_cell_reads_the_output_of_delay_steps_ago():
    layer = made(SkipCell(UNITS, delay=3))
    kernel, recurrent_kernel, bias = layer.get_weights()

    def step(x, t, *past):
        new = np.tanh(x @ kernel + past[-1] @ recurrent_kernel + bias)
        return (new, *past[:-1])

    x = array(BATCH, STEPS, FEATURES)
    assert_near(layer(x), run(step, x, *[zeros()] * 3))


def test_recurrence_through_the_output_trains_in_parallel():
    """Teacher forced with its own outputs, the cell repeats them, in one call."""
    layer = made(OutputRecurrentCell(UNITS, outputs=2, output_activation="tanh"))
    kernel, recurrent_kernel, bias, output_kernel, output_bias = layer.get_weights()
    assert recurrent_kernel.shape == (2, UNITS)

    def step(x, t, y):
        h = np.tanh(x @ kernel + y @ recurrent_kernel + bias)
        return (np.tanh(h @ output_kernel + output_bias),)

    x = array(BATCH, STEPS, FEATURES)
    outputs = layer(x)
    assert_near(outputs, run(step, x, zeros(2)))
    assert_near(layer.cell.teacher_forced(x, outputs), outputs)


def test_zoneout_keeps_old_values_at_its_rate_and_expects_them_at_inference():
    cell = ZoneoutCell(LSTMCell(512), rates=(0.05, 0.5))
    layer = Recurrent(cell, return_state=True)
    x = array(1, 1, FEATURES)
    first = [np.full((1, 512), 5.0, "float32"), np.full((1, 512), 7.0, "float32")]
    _, *states = layer(x, initial_state=first, training=True)
    for state, before, rate in zip(states, first, cell.rates, strict=True):
        kept = np.mean(ops.convert_to_numpy(state) == before)
        assert abs(kept - rate) < 4 * np.sqrt(rate * (1 - rate) / 512)
    plain = Recurrent(LSTMCell(512), return_state=True)
    plain.build(x.shape)
    plain.set_weights(cell.get_weights())
    _, *expected = layer(x, initial_state=first)
    _, *new = plain(x, initial_state=first)
    for mixed, after, before, rate in zip(
        expected, new, first, cell.rates, strict=True
    ):
        after = ops.convert_to_numpy(after)
        assert_near(mixed, rate * before + (1 - rate) * after)


@pytest.mark.parametrize(
    "cell_class", [LSTMCell, PeepholeLSTMCell, CoupledLSTMCell, GRUCell]
)
def test_update_dropout_drops_what_is_added_and_never_what_is_kept(cell_class):
    """With nothing added, h of a GRU and c of an LSTM are the old ones, decayed."""
    x = array(1, 1, FEATURES)
    dropped = Recurrent(cell_class(256, update_dropout=0.5), return_state=True)
    dropped.build(x.shape)
    states = [array(1, 256, seed=k) for k in range(len(dropped.cell.state_names))]
    seen = dropped.trace(x, initial_state=states)
    old = states[-1]
    gate = "update_gate" if cell_class is GRUCell else "forget_gate"
    keep = ops.convert_to_numpy(seen[gate])[:, 0]
    quiet = ops.convert_to_numpy(dropped(x, initial_state=states)[-1])
    loud = ops.convert_to_numpy(dropped(x, initial_state=states, training=True)[-1])
    without = np.isclose(loud, keep * old, atol=1e-6)
    assert 0.35 < without.mean() < 0.65
    added = (quiet - keep * old)[~without]
    assert_near((loud - keep * old)[~without], 2 * added, atol=1e-5)


def test_the_norm_stabilizer_punishes_lengths_that_change():
    layer = made(LSTMCell(UNITS), norm_stabilizer=3.0)
    x = array(BATCH, STEPS, FEATURES)
    mask = np.arange(STEPS) < np.array([[STEPS], [4]])
    outputs = ops.convert_to_numpy(layer(x, mask=mask, training=True))
    lengths = np.linalg.norm(outputs, axis=-1)
    changes = [np.diff(lengths[0]), np.diff(lengths[1, :4])]
    assert_near(layer.losses[0], 3 * np.mean(np.concatenate(changes) ** 2), rtol=1e-4)
    layer(x, mask=mask)
    assert not any(float(loss) for loss in layer.losses)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PeepholeLSTMCell(4, peephole="half"), "'diagonal' or 'full'"),
        (lambda: PhasedLSTMCell(4, ratio_on=0.0), "ratio_on=0.0"),
        (lambda: PhasedLSTMCell(4, period_range=(5, 2)), "the shorter first"),
        (lambda: PhasedLSTMCell(4, leak=-1.0), "leak=-1.0"),
        (lambda: PhasedLSTMCell(4, leak=1.5), "leak=1.5"),
        (lambda: LeakyCell(4, time_constants=0.5), "at least 1 step"),
        (lambda: LeakyCell(4, time_constants=1.0), "above 1"),
        (lambda: SkipCell(4, delay=0), "delay=0"),
        (lambda: OutputRecurrentCell(4, outputs=0), "outputs=0"),
        (lambda: ZoneoutCell(LSTMCell(4), rates=(0.1,)), "2 states"),
        (lambda: ZoneoutCell(LSTMCell(4), rates=1.0), "below 1"),
        (lambda: SkipCell(4, delay=2, update_dropout=0.1), "no gated candidate"),
        (lambda: LSTMCell(4, update_dropout=1.0), "below 1"),
        (lambda: Recurrent(LSTMCell(4), norm_stabilizer=-1.0), "norm_stabilizer=-1"),
    ],
)
def test_bad_settings_are_refused_by_name(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_equal_seeds_make_equal_noise():
    x = array(BATCH, STEPS, FEATURES)

    def outputs(seed):
        cell = ZoneoutCell(LSTMCell(UNITS, update_dropout=0.3, seed=seed), 0.3, seed)
        layer = made(cell)
        return ops.convert_to_numpy(layer(x, training=True))

    assert_same(outputs(1), outputs(1))
    assert np.abs(outputs(1) - outputs(2)).max() > 1e-3
