"""`Bidirectional`: its two sides, how they merge, and what their weights are called."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import Bidirectional, GRUCell, LSTMCell, Recurrent
from tests.layers.gradients import assert_near, outputs_and_gradients
from tests.layers.recurrent.recurrent_cases import (
    BATCH,
    CELLS,
    FEATURES,
    KERAS_LAYERS,
    MASK,
    STEPS,
    UNITS,
    array,
    assert_close,
    first_states,
    randomized,
)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_bidirectional_equals_keras_with_and_without_mask(name):
    ours = Bidirectional(CELLS[name](UNITS), return_sequences=True, return_state=True)
    theirs = keras.layers.Bidirectional(
        KERAS_LAYERS[name](
            UNITS, return_sequences=True, return_state=True, zero_output_for_mask=True
        )
    )
    ours.build((BATCH, STEPS, FEATURES))
    theirs.build((BATCH, STEPS, FEATURES))
    theirs.set_weights(randomized(ours).get_weights())
    arrays = [
        array(BATCH, STEPS, FEATURES),
        *first_states(name),
        *first_states(name, seed=5),
    ]
    for mask in (None, ops.convert_to_tensor(MASK)):
        results, expected = (
            outputs_and_gradients(
                layer,
                lambda x, *s, layer=layer, mask=mask: layer(
                    x, mask=mask, initial_state=list(s)
                ),
                arrays,
            )
            for layer in (ours, theirs)
        )
        for mine, other in zip(results, expected, strict=True):
            assert_close(mine, other)


@pytest.mark.parametrize("return_sequences", [True, False])
@pytest.mark.parametrize("merge", ["concat", "sum", "average", "multiply"])
def test_bidirectional_merges_its_two_sides(merge, return_sequences):
    layer = Bidirectional(
        LSTMCell(UNITS), GRUCell(UNITS), merge, return_sequences=return_sequences
    )
    x = array(BATCH, STEPS, FEATURES)
    outputs = ops.convert_to_numpy(layer(x, mask=MASK))
    ahead = ops.convert_to_numpy(layer.forward_layer(x, mask=MASK)[0])
    back = ops.convert_to_numpy(layer.backward_layer(x, mask=MASK)[0])
    expected = {
        "concat": np.concatenate([ahead, back], axis=-1),
        "sum": ahead + back,
        "average": (ahead + back) / 2,
        "multiply": ahead * back,
    }
    assert_near(outputs, expected[merge], atol=1e-6)
    assert layer.compute_output_shape(x.shape) == outputs.shape


def test_weights_have_their_attributes_names():
    layer = Bidirectional(LSTMCell(UNITS), name="encoder")
    layer.build((None, None, FEATURES))
    assert [variable.path for variable in layer.weights] == [
        f"encoder/{side}/cell/{weight}"
        for side in ("forward", "backward")
        for weight in ("kernel", "recurrent_kernel", "bias")
    ]
    single = Recurrent(GRUCell(UNITS), name="decoder")
    single(array(1, 1, FEATURES))
    assert single.weights[0].path == "decoder/cell/kernel"


def test_bidirectional_traces_both_sides():
    layer = Bidirectional(GRUCell(UNITS), return_sequences=True)
    traced = layer.trace(array(BATCH, STEPS, FEATURES))
    assert set(traced) == {"forward", "backward"}
    assert "update_gate" in traced["backward"]
