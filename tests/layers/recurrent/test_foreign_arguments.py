"""Arguments that users bring along from Keras and TensorFlow Addons."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import (
    Bidirectional,
    GRUCell,
    LayerNormElmanCell,
    LayerNormLSTMCell,
    LeakyCell,
    LSTMCell,
    MultiDirectional2D,
    PeepholeLSTMCell,
    Recurrent,
    SkipCell,
    ZoneoutCell,
)
from tests.layers.gradients import assert_near

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
MASK = np.array([[True] * 5, [True, True, False, False, False]])
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
        (lambda **k: Recurrent(GRUCell(4), **k), "unroll", "leave it out"),
        (lambda **k: Recurrent(GRUCell(4), **k), "zero_output_for_mask", "always zero"),
        (lambda **k: Bidirectional(GRUCell(4), **k), "merge_mode", "`merge`"),
    ],
)
def test_the_error_names_what_replaces_an_argument(make, argument, replacement):
    with pytest.raises(ValueError, match=replacement):
        make(**{argument: "sum"})


LAYER_NORM_LSTM = (
    *("activation", "recurrent_activation", "use_bias", "kernel_initializer"),
    *("recurrent_initializer", "bias_initializer", "unit_forget_bias"),
    *("kernel_regularizer", "recurrent_regularizer", "bias_regularizer"),
    *("kernel_constraint", "recurrent_constraint", "bias_constraint"),
    *("dropout", "recurrent_dropout", "norm_gamma_initializer"),
    *("norm_beta_initializer", "norm_epsilon"),
)
ARGUMENTS_OF_ADDONS = {
    LayerNormLSTMCell: LAYER_NORM_LSTM,
    PeepholeLSTMCell: (*LAYER_NORM_LSTM[:15], "implementation"),
    LayerNormElmanCell: (
        *("activation", "use_bias", "layernorm_epsilon", "kernel_initializer"),
        *("recurrent_initializer", "bias_initializer", "gamma_initializer"),
        *("kernel_regularizer", "recurrent_regularizer", "bias_regularizer"),
        *("gamma_regularizer", "kernel_constraint", "recurrent_constraint"),
        *("bias_constraint", "gamma_constraint", "dropout", "recurrent_dropout"),
    ),
    LeakyCell: (
        *("connectivity", "leaky", "spectral_radius", "use_norm2", "use_bias"),
        *("activation", "kernel_initializer", "recurrent_initializer"),
        "bias_initializer",
    ),
}


@pytest.mark.parametrize("cell", ARGUMENTS_OF_ADDONS)
def test_arguments_of_addons_work_or_the_error_says_what_to_do(cell):
    """The arguments of Addons' PeepholeLSTM, LayerNorm and ESN cells, by name."""
    for name in ARGUMENTS_OF_ADDONS[cell]:
        function = name.rpartition("_")[2] in ("initializer", "activation")
        try:
            cell(4, **{name: "zeros" if "initializer" in name else None})
        except ValueError as error:
            assert f"Instead: `{name}`: " in str(error)
            assert not function or "gamma" in name or "beta" in name


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        (keras.layers.LSTMCell(4), r"give seqzoo\.layers\.LSTMCell"),
        (keras.layers.SimpleRNNCell(4), r"give seqzoo\.layers\.ElmanCell"),
        ([LSTMCell(4), GRUCell(4)], "stack layers"),
        (keras.layers.StackedRNNCells([LSTMCell(4)]), "stack layers"),
        (Recurrent(LSTMCell(4)), "Give the cell itself"),
        (keras.layers.Dense(4), r"keras\.layers\.RNN runs other cells"),
    ],
)
@pytest.mark.parametrize(
    "layer", [Recurrent, Bidirectional, ZoneoutCell, MultiDirectional2D]
)
def test_the_error_says_what_to_give_instead_of_another_cell(layer, cell, advice):
    with pytest.raises(ValueError, match=f"must be a seqzoo.layers.Cell.*{advice}"):
        layer(cell)


def test_go_backwards_puts_out_the_last_step_first_as_keras_does():
    options = {"return_sequences": True, "return_state": True, "go_backwards": True}
    ours = Recurrent(LSTMCell(4), **options)
    theirs = keras.layers.LSTM(4, zero_output_for_mask=True, **options)
    ours.build(X.shape)
    theirs.build(X.shape)
    theirs.set_weights(ours.get_weights())
    for mask in (None, ops.convert_to_tensor(MASK)):
        for mine, other in zip(ours(X, mask=mask), theirs(X, mask=mask), strict=True):
            assert_near(mine, other, atol=1e-6)
    assert_near(ours.compute_mask(X, MASK)[0], MASK[:, ::-1])
    assert Recurrent.from_config(ours.get_config()).go_backwards


@pytest.mark.parametrize("merge", ["concat", "sum", None])
def test_the_bidirectional_layer_of_keras_takes_a_recurrent_layer(merge):
    options = {"return_sequences": True, "return_state": True}
    theirs, ours = (
        keras.layers.Bidirectional(layer, merge_mode=merge)
        for layer in (
            keras.layers.LSTM(4, **options),
            Recurrent(LSTMCell(4), **options),
        )
    )
    own = Bidirectional(LSTMCell(4), merge=merge, **options)
    for layer in (theirs, ours, own):
        layer.build(X.shape)
        layer.set_weights(theirs.get_weights())
    mask = ops.convert_to_tensor(MASK)
    expected = theirs(X, mask=mask)
    for layer in (ours, own):
        outputs = layer(X, mask=mask)
        for mine, other in zip(outputs, expected, strict=True):
            assert_near(mine, other, atol=1e-6)
        shapes = layer.compute_output_shape(X.shape)
        assert [tuple(s) for s in shapes] == [tuple(y.shape) for y in outputs]


def test_keras_runs_a_list_of_cells_as_stacked_layers():
    cells = [LSTMCell(4), GRUCell(2)]
    listed = keras.layers.RNN(cells)(X)
    stacked = Recurrent(cells[1])(Recurrent(cells[0], return_sequences=True)(X))
    assert_near(listed, stacked, atol=1e-6)
