"""A cell that several layers use: they share its weights."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import (
    Bidirectional,
    GRUCell,
    LSTMCell,
    MultiDirectional2D,
    Recurrent,
    ZoneoutCell,
)
from tests.layers.gradients import assert_near, assert_same

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


def used_cell(cell_class=LSTMCell):
    cell = cell_class(4)
    Recurrent(cell)(X)
    return cell


def test_a_second_layer_shares_the_weights_of_a_built_cell():
    cell = LSTMCell(4)
    first, second = Recurrent(cell), Recurrent(cell)
    outputs = first(X)
    assert_same(second(X), outputs)
    third = Recurrent(cell)
    third.build(X.shape)
    assert third.cell.kernel is first.cell.kernel
    assert len(third.weights) == 3


def test_a_cell_that_was_called_by_hand_runs_in_a_layer():
    cell = LSTMCell(32)
    x = np.ones((2, 30), "float32")
    h, states = cell(x, cell.get_initial_state(2))
    _, (again, _) = h, cell(x, states)[1]
    assert_near(Recurrent(cell)(np.stack([x, x], axis=1)), again, atol=1e-6)


def test_both_sides_of_a_bidirectional_layer_may_share_a_cell():
    cell = GRUCell(4)
    layer = Bidirectional(cell, cell, return_sequences=True)
    outputs = ops.convert_to_numpy(layer(X))
    backwards = ops.convert_to_numpy(layer(X[:, ::-1]))[:, ::-1]
    assert_near(outputs[..., :4], backwards[..., 4:], atol=1e-6)
    assert len(layer.weights) == 3
    copy = Bidirectional.from_config(layer.get_config())
    assert copy.forward_cell is copy.backward_cell


def shared_by_two_layers(inputs):
    cell = LSTMCell(3)
    return Recurrent(cell)(Recurrent(cell, return_sequences=True)(inputs))


def shared_by_a_wrapper(inputs):
    cell = LSTMCell(3)
    hidden = Recurrent(ZoneoutCell(cell), return_sequences=True)(inputs)
    return Recurrent(cell)(hidden)


def shared_by_both_sides(inputs):
    cell = LSTMCell(3)
    return Bidirectional(cell, cell)(inputs)


@pytest.mark.parametrize(
    "shared", [shared_by_two_layers, shared_by_a_wrapper, shared_by_both_sides]
)
def test_a_saved_model_shares_its_cells_again(tmp_path, shared):
    inputs = keras.Input((5, 3))
    model = keras.Model(inputs, shared(inputs))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == len(model.weights) == 3
    assert_near(again(X), model(X), atol=1e-6)


def test_the_twins_of_a_shared_cell_share_nothing(tmp_path):
    cell = GRUCell(3)
    inputs = keras.Input((4, 5, 3))
    swept = MultiDirectional2D(ZoneoutCell(cell))(inputs)
    model = keras.Model(inputs, [swept, Recurrent(cell)(inputs[:, 0])])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == len(model.weights) == 12


@pytest.mark.parametrize(
    "wrap",
    [
        lambda cell: Recurrent(ZoneoutCell(cell)),
        lambda cell: Bidirectional(cell),
    ],
    ids=["zoneout", "bidirectional"],
)
def test_a_used_cell_may_be_wrapped(wrap):
    cell = used_cell()
    kernel = cell.kernel
    layer = wrap(cell)
    layer(X)
    assert any(weight is kernel for weight in layer.weights)


def test_a_used_cell_may_sweep_over_an_image():
    cell = used_cell(GRUCell)
    outputs = MultiDirectional2D(cell)(np.ones((2, 4, 3, 3), "float32"))
    assert tuple(outputs.shape) == (2, 4, 3, 16)


def test_a_cell_for_other_features_is_refused_in_words():
    with pytest.raises(ValueError, match="is built for inputs of 3 features"):
        Recurrent(used_cell())(np.ones((2, 5, 7), "float32"))
