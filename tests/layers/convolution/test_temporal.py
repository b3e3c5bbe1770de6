import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import TemporalConvNet
from seqzoo.layers.convolution.causal import CausalConv
from tests.layers.gradients import assert_near, assert_same


def array(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_a_causal_convolution_is_its_sum():
    layer = CausalConv(4, kernel_size=3, dilation=2)
    x = array(2, 9, 5)
    layer.build(x.shape)
    for k, weight in enumerate(layer.weights):
        weight.assign(array(*weight.shape, seed=k))
    direction, gain, bias = layer.get_weights()
    kernel = gain * direction / np.sqrt((direction**2).sum((0, 1)))
    expected = np.zeros((2, 9, 4)) + bias
    for t in range(9):
        for j in range(3):
            if t - 2 * j >= 0:
                expected[:, t] += x[:, t - 2 * j] @ kernel[2 - j]
    assert_near(layer(x), expected)


def test_a_causal_convolution_is_that_of_keras():
    ours = CausalConv(4, kernel_size=3, dilation=2)
    theirs = keras.layers.Conv1D(4, 3, padding="causal", dilation_rate=2)
    x = array(2, 9, 5)
    ours.build(x.shape), theirs.build(x.shape)
    theirs.set_weights([ours.get_weights()[0], ours.get_weights()[2]])
    assert_near(ours(x), theirs(x))  # a fresh kernel has its direction's length


def test_outputs_see_their_past_as_far_as_the_receptive_field_and_no_future():
    layer = TemporalConvNet([4, 4], kernel_size=2)
    assert layer.receptive_field == 1 + 2 * 1 * 3
    x = array(1, 20, 3)
    base = ops.convert_to_numpy(layer(x))
    changed = x.copy()
    changed[:, 10] += 10.0
    moved = np.abs(ops.convert_to_numpy(layer(changed)) - base).max(axis=(0, 2)) > 1e-6
    assert moved[10]
    assert set(np.flatnonzero(moved)) <= set(range(10, 10 + layer.receptive_field))


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing(side):
    layer = TemporalConvNet([4, 6], kernel_size=3)
    x = array(1, 8, 3)
    alone = ops.convert_to_numpy(layer(x))
    padding = np.full((1, 5, 3), np.nan, "float32")
    parts = [padding, x] if side == "left" else [x, padding]
    mask = ~np.isnan(np.concatenate(parts, axis=1)[..., 0])
    outputs = ops.convert_to_numpy(layer(np.concatenate(parts, axis=1), mask=mask))
    assert_near(outputs[mask], alone[0])
    assert_same(outputs[~mask], 0)


@pytest.mark.parametrize("dilations", [[1, 3], [1, 2] * 2])
def test_blocks_have_the_dilations_that_they_are_given(dilations):
    layer = TemporalConvNet([4] * len(dilations), 2, dilations=dilations)
    layer.build((None, None, 4))
    x = array(2, 20, 4)
    expected = x
    for block, dilation in zip(layer.blocks, dilations, strict=True):
        assert [conv.dilation for conv in block.convolutions] == [dilation] * 2
        expected = block(expected)
    assert_near(layer(x), expected, atol=1e-6)
    assert layer.receptive_field == 1 + 2 * sum(dilations)
    copy = TemporalConvNet.from_config(layer.get_config())
    assert copy.dilations == dilations


@pytest.mark.parametrize("steps", [1, 2, 7, 16, 21])
@pytest.mark.parametrize("kernel_size", [1, 2, 5])
def test_the_last_output_alone_is_the_last_of_all(steps, kernel_size):
    whole = TemporalConvNet([4, 6, 3], kernel_size)
    last = TemporalConvNet([4, 6, 3], kernel_size, return_sequences=False)
    x = array(2, steps, 5)
    outputs = ops.convert_to_numpy(whole(x))
    last.build(x.shape)
    last.set_weights(whole.get_weights())
    assert_near(last(x), outputs[:, -1], atol=1e-5)


@pytest.mark.parametrize("dilations", [None, [1, 3]])
def test_the_last_real_output_alone_is_that_of_all_whatever_the_mask(dilations):
    options = {"kernel_size": 3, "dilations": dilations}
    whole = TemporalConvNet([4, 3], **options)
    last = TemporalConvNet([4, 3], return_sequences=False, **options)
    mask = np.random.default_rng(1).random((6, 11)) < 0.5
    mask[0] = False  # a row without steps
    mask[1] = True
    x = np.where(mask[..., None], array(6, 11, 2), np.nan)
    outputs = ops.convert_to_numpy(whole(x, mask=mask))
    last.build(x.shape)
    last.set_weights(whole.get_weights())
    ends = [max(np.flatnonzero(row), default=0) for row in mask]
    assert_near(last(x, mask=mask), outputs[np.arange(6), ends], atol=1e-5)
    unmasked = np.nan_to_num(x)
    assert_near(last(unmasked), ops.convert_to_numpy(whole(unmasked))[:, -1], atol=1e-5)


def test_dropout_drops_a_feature_of_the_whole_sequence_in_training_alone():
    layer = TemporalConvNet([64], kernel_size=2, dropout=0.5)
    x = np.abs(array(1, 30, 3))
    assert_same(layer(x), layer(x))
    assert np.abs(ops.convert_to_numpy(layer(x, training=True) - layer(x))).max() > 0.01


def test_it_comes_back_from_its_config_with_its_weights(tmp_path):
    model = keras.Sequential([keras.Input((9, 3)), TemporalConvNet([4, 5], 2, 0.1)])
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    x = array(2, 9, 3)
    assert model.output_shape == (None, 9, 5)
    assert_near(twin(x), model(x), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([],), "such as"),
        ((4,), "such as"),
        (([4], 0), "kernel_size=0"),
        (([0],), "units=0"),
        (([4], 3, 1.0), "dropout=1.0"),
    ],
)
def test_bad_settings_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        TemporalConvNet(*arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"dilations": [1, 2, 4]}, "a number for each block"),
        ({"dilations": [1, 0]}, "dilations=0"),
        ({"padding": "same"}, "convolutions are causal"),
        ({"nb_stacks": 2}, "repeat the dilations"),
    ],
)
def test_arguments_of_other_libraries_are_explained(arguments, says):
    with pytest.raises(ValueError, match=says):
        TemporalConvNet([4, 4], **arguments)
