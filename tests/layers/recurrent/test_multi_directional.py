import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import GRUCell, LSTMCell, MultiDirectional2D, Recurrent
from tests.layers.gradients import assert_near


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_each_direction_is_a_recurrent_layer_over_lines():
    layer = MultiDirectional2D(LSTMCell(4))
    x = array(2, 3, 5, 2)
    outputs = np.split(ops.convert_to_numpy(layer(x)), 4, axis=-1)
    sweeps = [
        (layer.rows.forward_layer, False, False),
        (layer.rows.backward_layer, False, True),
        (layer.columns.forward_layer, True, False),
        (layer.columns.backward_layer, True, True),
    ]
    for output, (sweep, by_column, reverse) in zip(outputs, sweeps, strict=True):
        alone = Recurrent(LSTMCell(4), return_sequences=True, reverse=reverse)
        alone.build((None, None, 2))
        alone.set_weights(sweep.get_weights())
        lines = np.swapaxes(x, 1, 2) if by_column else x
        found = np.stack(
            [ops.convert_to_numpy(alone(lines[:, i])) for i in range(lines.shape[1])],
            axis=1,
        )
        assert_near(output, np.swapaxes(found, 1, 2) if by_column else found)


def test_the_four_directions_have_weights_of_their_own():
    layer = MultiDirectional2D(GRUCell(4))
    layer(array(1, 3, 3, 2))
    kernels = [w.numpy() for w in layer.weights if w.name == "kernel"]
    assert len(kernels) == 4
    assert all(np.abs(kernels[0] - other).max() > 1e-3 for other in kernels[1:])


def test_two_layers_see_the_whole_plane():
    first, second = MultiDirectional2D(GRUCell(4)), MultiDirectional2D(GRUCell(4))
    x = array(1, 4, 5, 2)
    changed = x.copy()
    changed[0, 3, 4] += 1.0  # far from the first corner
    once = ops.convert_to_numpy(first(changed) - first(x))
    twice = ops.convert_to_numpy(second(first(changed)) - second(first(x)))
    assert not once[0, 0, 0].any()
    assert np.abs(twice[0, 0, 0]).max() > 1e-6


def test_it_comes_back_from_its_config_with_its_weights(tmp_path):
    layer = MultiDirectional2D(GRUCell(4, reset_after=False))
    model = keras.Sequential([keras.Input((4, 5, 2)), layer])
    assert model.output_shape == (None, 4, 5, 16)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    x = array(2, 4, 5, 2)
    assert_near(twin(x), model(x), atol=1e-6)


def test_what_is_no_plane_is_refused():
    with pytest.raises(ValueError, match="height, width"):
        MultiDirectional2D(GRUCell(4)).call(ops.ones((2, 3, 4)))
