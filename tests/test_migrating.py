"""The snippets of docs/migrating.md, on weights as the old libraries packed them."""

import re
from pathlib import Path

import numpy as np
import pytest

from seqzoo.layers import CoupledLSTMCell, LeakyCell, PhasedLSTMCell, Recurrent

PAGE = (Path(__file__).parent.parent / "docs" / "migrating.md").read_text("utf-8")
UNITS, FEATURES = 32, 8


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, size=shape).astype("float32")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture(scope="module")
def page():
    """What the page's code defines, given peephole weights of TensorFlow Addons."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    shapes = [(FEATURES, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,), *[(UNITS,)] * 3]
    names = {"old_weights": [array(*shape, seed=k) for k, shape in enumerate(shapes)]}
    exec(compile(code, "migrating.md", "exec"), names)
    return names


def test_a_peephole_lstm_of_tensorflow_addons(page):
    kernel, recurrent_kernel, bias, see_i, see_f, see_o = page["old_weights"]
    x, h, c = array(2, 5, FEATURES, seed=9), np.zeros((2, UNITS)), np.zeros((2, UNITS))
    outputs = []
    for t in range(5):
        z = x[:, t] @ kernel + h @ recurrent_kernel + bias
        i, f, g, o = np.split(z, 4, axis=1)
        i, f = sigmoid(i + see_i * c), sigmoid(f + see_f * c)
        c = f * c + i * np.tanh(g)
        h = sigmoid(o + see_o * c) * np.tanh(c)
        outputs.append(h)
    ours = np.asarray(page["layer"](x))
    np.testing.assert_allclose(ours, np.stack(outputs, axis=1), atol=1e-5)


def test_a_coupled_lstm_of_contrib(page):
    kernel, bias = array(FEATURES + UNITS, 3 * UNITS), array(3 * UNITS, seed=1)
    layer = Recurrent(CoupledLSTMCell(UNITS), return_sequences=True)
    layer.build((None, None, FEATURES))
    layer.set_weights(page["coupled_from_contrib"](kernel, bias, FEATURES))
    x, h, c = array(2, 5, FEATURES, seed=9), np.zeros((2, UNITS)), np.zeros((2, UNITS))
    outputs = []
    for t in range(5):
        z = np.concatenate([x[:, t], h], axis=1) @ kernel + bias
        j, f, o = np.split(z, 3, axis=1)
        f = sigmoid(f + 1.0)  # the default forget_bias
        c = f * c + (1 - f) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    np.testing.assert_allclose(
        np.asarray(layer(x)), np.stack(outputs, axis=1), atol=1e-5
    )


def test_a_phased_lstm_of_contrib(page):
    shapes = {"gates": 2, "new_input": 1, "output": 1}
    rows = {"gates": FEATURES + 2 * UNITS, "new_input": FEATURES + UNITS}
    parts = {
        name: (array(rows.get(name, rows["gates"]), n * UNITS), array(n * UNITS))
        for name, n in shapes.items()
    }
    period, phase = 3 + abs(array(UNITS)), abs(array(UNITS, seed=1))
    ratio_on = np.full(UNITS, 0.4, "float32")
    layer = Recurrent(PhasedLSTMCell(UNITS, peephole="full"), return_sequences=True)
    layer.build((None, None, FEATURES))
    convert = page["phased_from_contrib"]
    layer.set_weights(
        convert(
            **parts, phase=phase, period=period, ratio_on=ratio_on, input_features=8
        )
    )
    x, h, c = array(2, 5, FEATURES, seed=9), np.zeros((2, UNITS)), np.zeros((2, UNITS))
    times = np.cumsum(abs(array(2, 5, seed=3)) + 0.5, axis=1).astype("float32")
    outputs = []
    for t in range(5):

        def linear(name, *read):
            kernel, bias = parts[name]
            return np.concatenate(read, axis=1) @ kernel + bias

        i, f = np.split(sigmoid(linear("gates", x[:, t], h, c)), 2, axis=1)
        new_c = c * f + i * np.tanh(linear("new_input", x[:, t], h))
        new_h = np.tanh(new_c) * sigmoid(linear("output", x[:, t], h, new_c))
        ratio = np.mod(times[:, t, None] - phase, period) / period
        k = np.maximum(0, 1 - abs(2 * ratio / ratio_on - 1))  # closed: 0 in inference
        c, h = k * new_c + (1 - k) * c, k * new_h + (1 - k) * h
        outputs.append(h)
    np.testing.assert_allclose(
        np.asarray(layer(x, times=times)), np.stack(outputs, axis=1), atol=1e-5
    )


def test_an_echo_state_network_of_tensorflow_addons():
    leaky = 0.3
    recurrent_kernel, kernel, bias = (
        array(*shape) for shape in ((UNITS, UNITS), (FEATURES, UNITS), (UNITS,))
    )
    cell = LeakyCell(UNITS, time_constants=1 / leaky, learned=False)
    layer = Recurrent(cell, return_sequences=True)
    layer.trainable = False
    layer.build((None, None, FEATURES))
    layer.set_weights([kernel, recurrent_kernel, bias])
    x, h, outputs = array(2, 5, FEATURES, seed=9), np.zeros((2, UNITS)), []
    for t in range(5):
        new = np.tanh(x[:, t] @ kernel + h @ recurrent_kernel + bias)
        h = (1 - leaky) * h + leaky * new
        outputs.append(h)
    np.testing.assert_allclose(
        np.asarray(layer(x)), np.stack(outputs, axis=1), atol=1e-5
    )
    assert not layer.trainable_variables
