"""Gradients by earlier states, against loops written out by hand."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import CELLS
from seqzoo.models import RecurrentLM, RecurrentLMConfig
from seqzoo.tasks import gradients
from seqzoo.tasks.gradients import gradient_norms

pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch has no such gradients"
)
IDS = np.random.default_rng(0).integers(5, size=(2, 9))
LAGS = [7, 0, 1, 3, 1]


def made(**changes):
    keras.utils.set_random_seed(0)
    config = {"vocab_size": 5, "embed_dim": 3, "units": 4, "layers": 2} | changes
    model = RecurrentLM(RecurrentLMConfig(**config))
    model(model.example_inputs())
    return model


def weights(model):
    """As float64: embedding, (kernel, recurrent_kernel, bias) of layers, output."""
    values = [ops.convert_to_numpy(v).astype("float64") for v in model.weights]
    layers = [values[i : i + 3] for i in range(1, len(values) - 2, 3)]
    return values[0], layers, values[-2:]


def cross_entropy(logits, target):
    return np.log(np.exp(logits).sum()) - logits[target]


def test_an_elman_network_gives_the_product_of_its_jacobians():
    """dh_t / dh_(t-1) = diag(1 - h_t^2) R^T, for one layer (Pascanu 2013, eq. 5)."""
    model = made(cell="elman", layers=1)
    embedding, [(kernel, recurrent, bias)], (output, output_bias) = weights(model)
    norms = []
    for *row, target in IDS:
        h, states = np.zeros(4), []
        for token in row:
            h = np.tanh(embedding[token] @ kernel + h @ recurrent + bias)
            states.append(h)
        logits = h @ output + output_bias
        softmax = np.exp(logits) / np.exp(logits).sum()
        gradient = output @ (softmax - np.eye(5)[target])
        by_lag = [gradient]
        for h in reversed(states[1:]):
            by_lag.append(recurrent @ ((1 - h**2) * by_lag[-1]))
        norms.append(np.linalg.norm(by_lag, axis=-1))
    expected = np.mean([each / each[0] for each in norms], axis=0)
    np.testing.assert_allclose(
        gradient_norms(model, IDS, LAGS), expected[LAGS], rtol=1e-4
    )


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_loss(model_weights, row, layer, step, bump):
    """The loss at the end, when `bump` is added to [h, c] of `layer` at `step`."""
    embedding, layers, (output, output_bias) = model_weights
    *read, target = row
    states = [(np.zeros(4), np.zeros(4)) for _ in layers]
    for t, token in enumerate(read):
        x = embedding[token]
        for i, (kernel, recurrent, bias) in enumerate(layers):
            h, c = states[i]
            z = np.split(x @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(z[1]) * c + sigmoid(z[0]) * np.tanh(z[2])
            x = sigmoid(z[3]) * np.tanh(c)
            if (i, t) == (layer, step):
                x, c = x + bump[:4], c + bump[4:]
            states[i] = x, c
    return cross_entropy(x @ output + output_bias, target)


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_an_lstm_gives_what_small_changes_of_its_states_do_to_the_loss(layer):
    """Also for a lower layer, whose h the one above reads in the same step."""
    model = made()
    values, size = weights(model), 1e-5
    norms = np.zeros((len(IDS), IDS.shape[1] - 1))
    for r, row in enumerate(IDS):
        for lag in range(norms.shape[1]):
            step = len(row) - 2 - lag
            gradient = [
                lstm_loss(values, row, layer % 2, step, size * unit)
                - lstm_loss(values, row, layer % 2, step, -size * unit)
                for unit in np.eye(8)
            ]
            norms[r, lag] = np.linalg.norm(gradient)
    expected = (norms / norms[:, :1]).mean(axis=0)
    np.testing.assert_allclose(
        gradient_norms(model, IDS, LAGS, layer), expected[LAGS], rtol=1e-3
    )


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_gradients_that_begin_at_one(graphs, cell):
    norms = gradient_norms(made(cell=cell), IDS, [0, 1, 5])
    assert norms[0] == 1
    assert np.all(norms > 0) and np.all(np.isfinite(norms))


def test_a_vanished_gradient_keeps_its_size():
    model = made(cell="elman", layers=1)
    recurrent_kernel = model.recurrent[0].cell.recurrent_kernel
    recurrent_kernel.assign(1e-5 * recurrent_kernel)
    assert 1e-40 < gradient_norms(model, IDS, [6])[0] < 1e-25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((IDS, [8]), r"\[0, 8\), of 9 tokens. Received: 8"),
        ((IDS, [-1]), "Received: -1"),
        ((IDS, [0], 2), r"\[-2, 2\). Received: layer=2"),
        ((IDS[0], [0]), r"\(rows, T \+ 1\)"),
        ((IDS[:, :1], [0]), r"Received: \(2, 1\)"),
        ((IDS[:0], [0]), r"Received: \(0, 9\)"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        gradient_norms(made(), *arguments)


def test_a_model_without_recurrent_layers_is_refused():
    with pytest.raises(ValueError, match="Received: a SimpleNamespace"):
        gradient_norms(SimpleNamespace(), IDS, [0])


def test_pytorch_is_refused(monkeypatch):
    monkeypatch.setattr(gradients.keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match=r"tensorflow and jax.*=torch"):
        gradient_norms(made(), IDS, [0])
