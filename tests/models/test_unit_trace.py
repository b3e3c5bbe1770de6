"""`RecurrentLM.trace` and `read`: the activations of its units over a text."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import CELLS
from seqzoo.models import RecurrentLM, RecurrentLMConfig, recurrent_lm
from seqzoo.processors import CharacterProcessor

TEXT = "abc cab\nbb"


def made(cell="lstm", unknown=None, alphabet="\n abc"):
    keras.utils.set_random_seed(0)
    config = RecurrentLMConfig(
        vocab_size=len(alphabet), embed_dim=3, units=4, layers=2, cell=cell
    )
    model = RecurrentLM(config)
    model.processor = CharacterProcessor(alphabet, unknown)
    return model


@pytest.fixture(scope="module")
def model():
    return made()


@pytest.mark.parametrize("cell", CELLS)
def test_each_layer_is_traced_on_the_output_of_the_one_below(cell, graphs, monkeypatch):
    """In parts, of which the second is padded: each goes on from the one before."""
    monkeypatch.setattr(recurrent_lm, "TRACED_STEPS", 3)
    model = made(cell)
    ids = np.array([[0, 1, 2, 3], [4, 4, 0, 1]])
    traced = model.trace(ids)
    _, states = model.advance(ids, model.initial_states(2))
    for layer, named, last in zip(model.recurrent, traced, states, strict=True):
        for name, state in zip(layer.cell.state_names, last, strict=True):
            np.testing.assert_allclose(
                ops.convert_to_numpy(named[name])[:, -1],
                ops.convert_to_numpy(state),
                atol=1e-5,
            )
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.logits(traced[-1]["h"])),
        ops.convert_to_numpy(model(ids)),
        atol=1e-5,
    )


@pytest.mark.parametrize("cell", CELLS)
def test_the_activation_is_tanh_of_c_or_else_h(cell, graphs):
    model = made(cell)
    traces = model.trace(model.processor.encode(TEXT)[None])
    for layer in (0, -1):
        unit_trace = model.read(TEXT, layer=layer, unit=2)
        gates = {
            name: ops.convert_to_numpy(values)[0, :, 2]
            for name, values in traces[layer].items()
        }
        expected = np.tanh(gates["c"]) if "c" in gates else gates["h"]
        np.testing.assert_allclose(unit_trace.activations, expected, atol=1e-6)
        assert unit_trace.quantity == ("tanh(c)" if "c" in gates else "h")
        assert (unit_trace.layer, unit_trace.unit) == (layer % 2, 2)


def test_the_default_unit_is_the_one_that_varies_most(model):
    spreads = [model.read(TEXT, unit=unit).activations.var() for unit in range(4)]
    unit_trace = model.read(TEXT)
    assert unit_trace.unit == np.argmax(spreads)
    assert unit_trace.activations.var() == max(spreads)


def test_the_expected_tokens_are_the_most_probable_ones(model):
    unit_trace = model.read(TEXT, top=5)
    logits = model(model.processor.encode(TEXT)[None])
    softmax = ops.convert_to_numpy(ops.softmax(logits))[0]
    assert unit_trace.probabilities.shape == (len(TEXT), 5)
    np.testing.assert_allclose(
        unit_trace.probabilities, -np.sort(-softmax, axis=-1), atol=1e-6
    )
    np.testing.assert_allclose(unit_trace.probabilities.sum(axis=1), 1, atol=1e-5)
    for tokens, row in zip(unit_trace.top, softmax, strict=True):
        assert [model.processor.characters[i] for i in np.argsort(-row)] == list(tokens)
    assert model.read(TEXT).top == tuple(tokens[:3] for tokens in unit_trace.top)


def test_characters_are_those_that_the_model_read():
    model = made(unknown="\ufffd", alphabet="abc\ufffd")
    assert model.read("abx").characters == ("a", "b", "\ufffd")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": ""}, "at least 1 tokens.*Received: ''"),
        ({"text": "axb"}, "and not 'x'"),
        ({"text": None}, "must be a str"),
        ({"layer": 2}, r"`layer` must be in \[-2, 2\). Received: layer=2"),
        ({"layer": -3}, "Received: layer=-3"),
        ({"unit": 4}, r"`unit` must be in \[0, 4\). Received: unit=4"),
        ({"unit": -1}, "Received: unit=-1"),
        ({"top": 0}, r"`top` must be in \[1, 6\). Received: top=0"),
        ({"top": 6}, "Received: top=6"),
    ],
)
def test_what_cannot_be_read_is_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.read(**{"text": TEXT, **arguments})
