"""Arguments that users bring along from Keras and TensorFlow Addons."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import (
    Bidirectional,
    GRUCell,
    LayerNormLSTMCell,
    LSTMCell,
    Recurrent,
    SkipCell,
)
from tests.layers.gradients import assert_near

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
FUNCTIONS = {"activation": "relu", "recurrent_activation": "hard_sigmoid"}


@pytest.mark.parametrize(
    ("cell_class", "theirs"),
    [(LSTMCell, keras.layers.LSTM), (GRUCell, keras.layers.GRU)],
)
def test_activations_are_those_of_keras(cell_class, theirs):
    layer, other = Recurrent(cell_class(4, **FUNCTIONS)), theirs(4, **FUNCTIONS)
    layer.build(X.shape)
    other.build(X.shape)
    other.set_weights(layer.get_weights())
    assert_near(layer(X), other(X), atol=1e-6)
    copy = cell_class.from_config(layer.cell.get_config())
    assert copy.activation is keras.activations.relu


def test_regularizers_and_constraints_are_those_of_keras():
    options = {
        "kernel_regularizer": "l2",
        "recurrent_regularizer": keras.regularizers.L1(0.1),
        "bias_constraint": "non_neg",
    }
    layer, other = Recurrent(LSTMCell(4, **options)), keras.layers.LSTM(4, **options)
    layer.build(X.shape)
    other.build(X.shape)
    other.set_weights(layer.get_weights())
    ours, theirs = (ops.convert_to_numpy(sum(x.losses)) for x in (layer, other))
    assert_near(ours, theirs, atol=1e-6)
    copy = LSTMCell.from_config(layer.cell.get_config())
    assert copy.get_config() == layer.cell.get_config()
    assert isinstance(copy.bias_constraint, keras.constraints.NonNeg)


def test_layer_norm_cells_have_initializers_of_gain_and_shift():
    cell = LayerNormLSTMCell(2, gain_initializer="zeros", shift_initializer="ones")
    cell.build((None, 3))
    values = {
        variable.name: ops.convert_to_numpy(variable) for variable in cell.weights
    }
    assert not values["state_gain"].any() and values["state_shift"].all()


@pytest.mark.parametrize(
    ("make", "argument", "replacement"),
    [
        (lambda **k: LSTMCell(4, **k), "recurrent_dropout", "Recurrent"),
        (lambda **k: SkipCell(4, 2, **k), "dropout", "Recurrent"),
        (lambda **k: LayerNormLSTMCell(4, **k), "norm_gamma_initializer", "gain_init"),
        (lambda **k: Recurrent(GRUCell(4), **k), "go_backwards", "reverse=True"),
        (lambda **k: Bidirectional(GRUCell(4), **k), "merge_mode", "`merge`"),
    ],
)
def test_the_error_names_what_replaces_an_argument(make, argument, replacement):
    with pytest.raises(ValueError, match=replacement):
        make(**{argument: "sum"})
