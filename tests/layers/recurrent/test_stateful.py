"""Layers that keep their states from call to call."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import Bidirectional, GRUCell, LSTMCell, Recurrent
from tests.layers.gradients import assert_near, assert_same
from tests.layers.recurrent.recurrent_cases import (
    BATCH,
    FEATURES,
    STEPS,
    UNITS,
    array,
    assert_close,
    made,
    randomized,
)

X = array(BATCH, STEPS, FEATURES)


def model_of(layer, batch_size=BATCH):
    inputs = keras.Input((STEPS, FEATURES), batch_size=batch_size)
    return keras.Model(inputs, layer(inputs))


def test_a_stateful_layer_continues_until_it_is_reset():
    plain, layer = made("lstm"), made("lstm", stateful=True)
    _, h, c = plain(X)
    first = layer(X[:, :2])
    layer(X[:, 2:])
    assert_close([variable.value for variable in layer.states], [h, c], atol=1e-6)
    for reset in (layer.reset_state, layer.reset_states):
        reset()
        assert_close(layer(X[:, :2]), first, atol=1e-6)


def test_a_stateful_layer_needs_a_batch_size():
    layer = Recurrent(LSTMCell(UNITS), stateful=True)
    with pytest.raises(ValueError, match="fixed batch size"):
        layer.build((None, STEPS, FEATURES))


def test_both_sides_of_a_stateful_bidirectional_layer_continue_as_keras_does():
    ours = Bidirectional(LSTMCell(UNITS), stateful=True)
    theirs = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, stateful=True))
    for layer in (ours, theirs):
        layer.build(X.shape)
    theirs.set_weights(randomized(ours).get_weights())
    first = ours(X)
    assert_near(first, theirs(X))
    second = ours(X)
    assert_near(second, theirs(X))
    assert np.abs(ops.convert_to_numpy(second - first)).max() > 1e-3
    ours.reset_states()
    assert_near(ours(X), first, atol=1e-6)
    assert Bidirectional.from_config(ours.get_config()).stateful


def test_weights_of_a_stateful_layer_fit_other_batches_and_stateless_layers():
    layer = made("lstm", stateful=True)
    assert len(layer.get_weights()) == 3
    other = Recurrent(LSTMCell(UNITS), stateful=True)
    other.build((1, STEPS, FEATURES))
    stateless = Recurrent(LSTMCell(UNITS))
    stateless.build((None, STEPS, FEATURES))
    for copy in (other, stateless):
        copy.set_weights(layer.get_weights())
        assert_near(copy(X[:1]), layer(X)[1][:1], atol=1e-6)
        layer.reset_state()
    assert layer.count_params() == stateless.count_params()


@pytest.mark.parametrize(("batch_size", "stateful"), [(1, True), (None, False)])
def test_files_of_a_stateful_layer_fit_them_too(tmp_path, batch_size, stateful):
    layer = Recurrent(LSTMCell(UNITS), stateful=True)
    model = model_of(layer)
    model(X)
    model.save_weights(tmp_path / "model.weights.h5")
    copy = Recurrent(LSTMCell(UNITS), stateful=stateful)
    other = model_of(copy, batch_size)
    other.load_weights(tmp_path / "model.weights.h5")
    layer.reset_state()
    assert_near(other(X[:1]), model(X)[:1], atol=1e-6)


def test_fit_carries_the_states_on_every_backend():
    layer = Recurrent(GRUCell(UNITS), stateful=True)
    model = model_of(layer)
    model.compile("sgd", "mse")
    model.optimizer.learning_rate = 0.0
    targets = np.zeros((BATCH, UNITS), "float32")
    model.fit(X, targets, batch_size=BATCH, shuffle=False, verbose=0)
    carried = ops.convert_to_numpy(layer.states[0].value)
    fresh = Recurrent(GRUCell(UNITS))
    fresh.build(X.shape)
    fresh.set_weights(layer.get_weights())
    assert_near(carried, fresh(X), atol=1e-6)
    layer.reset_state()
    assert_same(layer.states[0].value, 0)
