"""Keras's own tests of recurrent layers, run on these layers through an adapter.

The adapter gives the arguments of `keras.layers.LSTM` and its like to a cell and a
`Recurrent`. Tests in `DO_NOT_APPLY` are left out, each with its reason.
"""

import inspect
import itertools
import unittest

import keras
import pytest

from seqzoo import layers

pytest.importorskip("keras.src.layers.rnn.lstm_test")  # a wheel may leave tests out

from keras.src.layers.rnn import (
    bidirectional_test,
    gru_test,
    lstm_test,
    simple_rnn_test,
    stacked_rnn_cells_test,
)

ONE_IMPLEMENTATION = ("unroll", "implementation", "use_cudnn")
OF_THE_LAYER = set(inspect.signature(layers.Recurrent.__init__).parameters)
OF_THE_LAYER |= {"name", "dtype", "trainable"}

MASKED = "our outputs of masked steps are zero; Keras's repeat the last one by default"
FUSED = "tests how Keras chooses between its implementations"
ANY_CELL = "runs cells of the test itself in keras.layers.RNN, which stays Keras's"
AT_CELL = "gives the rate of dropout to a cell; ours is an argument of the layer"
DO_NOT_APPLY = {
    "bidirectional_test": {
        "test_fused_gru_eligibility": FUSED,
        "test_fused_gru_matches_unfused": FUSED,
        "test_fused_lstm_eligibility": FUSED,
        "test_fused_lstm_matches_unfused": FUSED,
        "test_keeps_use_cudnn": FUSED,
        "test_torch_cudnn_bidirectional_gru_dispatch_fires": FUSED,
    },
    "gru_test": {"test_masking": MASKED, "test_torch_cudnn_dispatch_fires": FUSED},
    "lstm_test": {"test_masking": MASKED},
    "simple_rnn_test": {"test_masking": MASKED},
    "stacked_rnn_cells_test": {
        "test_basics": AT_CELL,
        "test_correctness_single_state_stack": ANY_CELL,
        "test_correctness_two_states_stack": ANY_CELL,
        "test_statefullness_single_state_stack": ANY_CELL,
        "test_statefullness_two_states_stack": ANY_CELL,
    },
}


def layer_of(cell_class):
    """A layer with the arguments of Keras's layer of the same cell."""

    class Layer(layers.Recurrent):
        def __init__(self, units=None, **options):
            for name in ONE_IMPLEMENTATION:
                options.pop(name, None)
            of_the_layer = {k: options.pop(k) for k in OF_THE_LAYER if k in options}
            if "cell" not in of_the_layer:  # it is, in a config
                of_the_layer["cell"] = cell_class(units, **options)
            super().__init__(**of_the_layer)

        def get_config(self):  # without the cell's arguments, which the cell has
            return super().get_config()

    Layer.__name__ = f"Our{cell_class.__name__}Layer"
    return keras.saving.register_keras_serializable("tests")(Layer)


class Adapted:
    """`keras.layers`, with ours in the place of its recurrent layers."""

    LSTM = layer_of(layers.LSTMCell)
    GRU = layer_of(layers.GRUCell)
    SimpleRNN = layer_of(layers.ElmanCell)
    LSTMCell, GRUCell = layers.LSTMCell, layers.GRUCell
    SimpleRNNCell = layers.ElmanCell

    def __getattr__(self, name):
        return getattr(keras.layers, name)


def cases():
    modules = (
        bidirectional_test,
        gru_test,
        lstm_test,
        simple_rnn_test,
        stacked_rnn_cells_test,
    )
    found = []
    for module in modules:
        name = module.__name__.rpartition(".")[2]
        for case in itertools.chain(
            *unittest.defaultTestLoader.loadTestsFromModule(module)
        ):
            test = case.id().rpartition(".")[2]
            reason = DO_NOT_APPLY[name].get(test.rstrip("0123456789"))
            marks = [pytest.mark.skip(reason=reason)] if reason else []
            if test == "test_basics" and module in (gru_test, lstm_test):
                marks.append(pytest.mark.slow)  # the other two do the same
            found.append(pytest.param(module, case, id=f"{name}-{test}", marks=marks))
    return found


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning")
@pytest.mark.parametrize(("module", "case"), cases())
def test_of_keras(module, case, monkeypatch):
    monkeypatch.setattr(module, "layers", Adapted())
    case.debug()
