"""`Recurrent`: equal to Keras and PyTorch, whatever the mask and the direction."""

import numpy as np
import pytest
from keras import ops

from seqzoo.layers import Bidirectional, GRUCell, LSTMCell, Recurrent
from seqzoo.layers.recurrent.step import SMALL_BATCH
from tests.layers.gradients import assert_near, assert_same, outputs_and_gradients
from tests.layers.recurrent.recurrent_cases import (
    BATCH,
    FEATURES,
    KERAS_LAYERS,
    MASK,
    STEPS,
    UNITS,
    array,
    assert_close,
    both_directions,
    every_cell,
    every_compilation,
    first_states,
    made,
)


@every_cell
@pytest.mark.parametrize("reverse", [False, True], ids=["masked", "reverse-masked"])
@every_compilation
def test_outputs_and_gradients_equal_those_of_keras(name, reverse, training):
    """Forward, and by inputs, initial states and weights."""
    ours = made(name, reverse=reverse)
    theirs = KERAS_LAYERS[name](
        UNITS,
        return_sequences=True,
        return_state=True,
        go_backwards=reverse,
        zero_output_for_mask=True,
    )
    theirs.build((BATCH, STEPS, FEATURES))
    theirs.set_weights(ours.get_weights())
    mask = ops.convert_to_tensor(MASK)

    def run_ours(x, *states):
        return ours(x, mask=mask, initial_state=list(states), training=training)

    def run_theirs(x, *states):
        outputs, *last = theirs(x, mask=mask, initial_state=list(states))
        return (ops.flip(outputs, axis=1) if reverse else outputs), *last

    arrays = [array(BATCH, STEPS, FEATURES), *first_states(name)]
    results = outputs_and_gradients(ours, run_ours, arrays)
    expected = outputs_and_gradients(theirs, run_theirs, arrays)
    for mine, other in zip(results, expected, strict=True):
        assert_close(mine, other)


@pytest.mark.parametrize("name", ["elman", "lstm"])
def test_a_larger_batch_equals_keras_too(name):
    """The other way to multiply the inputs: step by step."""
    shape = SMALL_BATCH + 1, STEPS, FEATURES
    ours, theirs = made(name), KERAS_LAYERS[name](UNITS, return_sequences=True)
    theirs.build(shape)
    theirs.set_weights(ours.get_weights())
    arrays = [array(*shape)]
    results = outputs_and_gradients(ours, lambda x: ours(x, training=True)[0], arrays)
    expected = outputs_and_gradients(theirs, theirs, arrays)
    for mine, other in zip(results, expected, strict=True):
        assert_close(mine, other)


@pytest.mark.parametrize("name", ["elman", "lstm", "gru"])
def test_outputs_and_gradients_equal_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    kinds = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    theirs = kinds[name](FEATURES, UNITS, batch_first=True)
    ours = made(name)
    # PyTorch's GRU packs r, z where ours packs z, r; its kernels are transposed.
    order = [1, 0, 2] if name == "gru" else range(len(ours.cell.gates))

    def repacked(weight):
        blocks = np.split(ops.convert_to_numpy(weight), len(ours.cell.gates), axis=-1)
        return np.concatenate([blocks[index] for index in order], axis=-1)

    kernel, recurrent_kernel, bias = (repacked(w) for w in ours.get_weights())
    biases = bias if name == "gru" else np.stack([bias, np.zeros_like(bias)])
    values = [kernel.T, recurrent_kernel.T, *biases]
    with torch.no_grad():
        for parameter, value in zip(theirs.parameters(), values, strict=True):
            parameter.copy_(torch.tensor(np.ascontiguousarray(value)))

    arrays = [array(BATCH, STEPS, FEATURES), *first_states(name)]
    x, *states = (torch.tensor(value, requires_grad=True) for value in arrays)
    state = [value[None] for value in states]
    outputs, last = theirs(x, tuple(state) if name == "lstm" else state[0])
    last = [value[0] for value in last] if name == "lstm" else [last[0]]
    expected = [outputs, *last]
    total = sum(
        (
            output * torch.cos(torch.arange(output.numel()) + k).reshape(output.shape)
        ).sum()
        for k, output in enumerate(expected)
    )
    gradients = torch.autograd.grad(total, [x, *states, *theirs.parameters()])
    gradients = [gradient.numpy() for gradient in gradients]
    by_arrays, by_weights = gradients[: len(arrays)], gradients[len(arrays) :]
    d_kernel, d_recurrent, *d_biases = by_weights
    d_bias = np.stack(d_biases) if name == "gru" else d_biases[0]

    results = outputs_and_gradients(
        ours, lambda x, *s: ours(x, initial_state=list(s), training=True), arrays
    )
    assert_close(results[0], [output.detach().numpy() for output in expected])
    assert_close(results[1], by_arrays)
    assert_close(results[2], [repacked(w) for w in (d_kernel.T, d_recurrent.T, d_bias)])


@every_cell
def test_masked_steps_anywhere_are_as_if_they_were_not_there(name):
    layer = made(name)
    x = array(1, STEPS, FEATURES)
    mask = np.array([[False, True, False, True, True, False]])
    outputs, *states = layer(x, mask=mask)
    alone, *last = layer(x[mask][None])
    assert_near(ops.convert_to_numpy(outputs)[mask], alone[0], atol=1e-6)
    assert_same(ops.convert_to_numpy(outputs)[~mask], 0)
    assert_close(states, last, atol=1e-6)


def test_a_row_of_padding_alone_keeps_its_initial_state_and_its_gradient():
    layer = made("lstm")
    mask = ops.convert_to_tensor(np.zeros((BATCH, STEPS), bool))
    states = first_states("lstm")
    (outputs, h, c), by_arrays, by_weights = outputs_and_gradients(
        layer,
        lambda x, *s: layer(x, mask=mask, initial_state=list(s), training=True),
        [array(BATCH, STEPS, FEATURES), *states],
    )
    assert_same(outputs, 0)
    assert_close([h, c], states)
    assert_same(by_arrays[0], 0)
    assert np.abs(by_arrays[1]).min() > 0
    for gradient in by_weights:
        assert_same(gradient, 0)


@every_cell
@both_directions
def test_the_last_output_is_h_after_the_last_real_step(name, reverse):
    whole = made(name, reverse=reverse)
    last = made(name, reverse=reverse, return_sequences=False)
    x = array(BATCH, STEPS, FEATURES)
    for mask in (None, MASK):
        _, h, *rest = whole(x, mask=mask)
        assert_close(last(x, mask=mask), [h, h, *rest], atol=1e-6)


@every_cell
def test_reverse_is_the_flipped_run_over_the_flipped_sequence(name):
    ahead, back = made(name), made(name, reverse=True)
    x = array(BATCH, STEPS, FEATURES)
    outputs, *states = ahead(x[:, ::-1])
    assert_close(back(x), [ops.flip(outputs, axis=1), *states], atol=1e-6)


@every_cell
def test_a_trace_names_every_gate_and_agrees_with_the_outputs(name):
    layer = made(name, reverse=True)
    x = array(BATCH, STEPS, FEATURES)
    traced = layer.trace(x, mask=MASK)
    expected = {
        "elman": {"h"},
        "lstm": {"input_gate", "forget_gate", "candidate", "output_gate", "h", "c"},
    }.get(name, {"update_gate", "reset_gate", "candidate", "h"})
    assert set(traced) == expected
    assert all(value.shape == (BATCH, STEPS, UNITS) for value in traced.values())
    assert_near(traced["h"], layer(x, mask=MASK)[0], atol=1e-6)


def test_a_traced_lstm_obeys_its_equations():
    layer = made("lstm")
    traced = {
        k: ops.convert_to_numpy(v)
        for k, v in layer.trace(array(1, 5, FEATURES)).items()
    }
    c = np.concatenate([np.zeros_like(traced["c"][:, :1]), traced["c"][:, :-1]], axis=1)
    assert_near(
        traced["c"],
        traced["forget_gate"] * c + traced["input_gate"] * traced["candidate"],
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask": np.ones((BATCH, STEPS + 1), bool)}, "`mask` must have shape"),
        ({"mask": np.ones((BATCH, STEPS, 1), bool)}, "`mask` must have shape"),
        ({"initial_state": [np.zeros((BATCH, UNITS), "float32")]}, "has 2 states"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    layer = made("lstm")
    with pytest.raises(ValueError, match=message):
        layer(array(BATCH, STEPS, FEATURES), **arguments)


@pytest.mark.parametrize("shape", [(BATCH, FEATURES), (BATCH, 0, FEATURES)])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="at least one step"):
        made("lstm")(np.zeros(shape, "float32"))


def test_wrong_constructions_are_named():
    with pytest.raises(ValueError, match="`recurrent_dropout` is a probability"):
        Recurrent(LSTMCell(4), recurrent_dropout=1.0)
    with pytest.raises(ValueError, match="`merge` must be one of"):
        Bidirectional(LSTMCell(4), merge="stack")
    with pytest.raises(ValueError, match="needs cells of equal units"):
        Bidirectional(LSTMCell(4), LSTMCell(5), merge="sum")
    with pytest.raises(ValueError, match="2 forward and 1 backward states"):
        Bidirectional(LSTMCell(4), GRUCell(4))(
            np.ones((1, 2, 3), "float32"), initial_state=[np.zeros((1, 4))]
        )
