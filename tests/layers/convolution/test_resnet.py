"""The ResNet's parts beside PyTorch's."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import ResNet
from seqzoo.layers.convolution.resnet import ConvNorm, FrozenBatchNorm, ResidualBlock

rng = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("kernel_size", "strides", "size"),
    [(7, 2, (9, 12)), (3, 2, (8, 7)), (3, 1, (2, 5))],
)
def test_a_convolution_is_padded_as_in_pytorch(kernel_size, strides, size):
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, *size, 3)).astype("float32")
    ours = ConvNorm(4, kernel_size, strides)
    ours(x)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, kernel_size, strides, kernel_size // 2, bias=False),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
    ).eval()
    kernel = ops.convert_to_numpy(ours.convolution.kernel).transpose(3, 2, 0, 1)
    state = {"0.weight": torch.tensor(kernel)}
    names = ("weight", "bias", "running_mean", "running_var")
    for name, weight in zip(names, ours.norm.weights, strict=True):
        weight.assign(rng.uniform(0.5, 2, size=4))
        state[f"1.{name}"] = torch.tensor(ops.convert_to_numpy(weight))
    theirs.load_state_dict(state, strict=False)
    with torch.no_grad():
        expected = theirs(torch.tensor(x.transpose(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours(x)), expected.transpose(0, 2, 3, 1), atol=1e-5
    )


def test_a_frozen_norm_has_nothing_to_train_and_stays_in_training():
    layer = FrozenBatchNorm()
    x = rng.normal(size=(2, 3, 3, 4)).astype("float32")
    before = ops.convert_to_numpy(layer(x))
    assert layer.trainable_weights == [] and len(layer.weights) == 4
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x, training=True)), before)
    np.testing.assert_allclose(before, x / np.sqrt(1 + 1e-5), atol=1e-6)


def test_a_block_is_its_shortcut_where_its_convolutions_are_zero():
    block = ResidualBlock(8)
    x = np.abs(rng.normal(size=(1, 4, 4, 8))).astype("float32")
    block(x)
    block.convolutions[-1].convolution.kernel.assign(np.zeros((1, 1, 2, 8)))
    np.testing.assert_array_equal(ops.convert_to_numpy(block(x)), x)
    assert block.shortcut is None and len(block.convolutions) == 3


def test_a_bottleneck_is_a_quarter_rounded_down_as_in_transformers():
    block = ResidualBlock(10)
    block.build((None, None, None, 10))
    shapes = [layer.convolution.kernel.shape for layer in block.convolutions]
    assert [tuple(shape) for shape in shapes] == [
        (1, 1, 10, 2),
        (3, 3, 2, 2),
        (1, 1, 2, 10),
    ]


def test_four_stages_have_a_stride_of_32():
    images = np.zeros((1, 65, 32, 3), "float32")
    assert ResNet((1,) * 4, (4, 4, 8, 8), 4)(images).shape == (1, 3, 1, 8)


def test_resnet_50_has_its_parameters():
    """Those of torchvision's, less its classifier, and less the frozen norms."""
    with keras.StatelessScope():
        network = ResNet()
        network.build((None, None, None, 3))
        sizes = [int(np.prod(weight.shape)) for weight in network.trainable_weights]
        frozen = [int(np.prod(w.shape)) for w in network.non_trainable_weights]
    assert sum(sizes) + sum(frozen) // 2 == 25_557_032 - 2_049_000
    assert sum(frozen) == 4 * 26_560


@pytest.mark.parametrize(
    ("arguments", "message"), [((8, 1, "wide"), "'wide'"), ((3,), "filters=3")]
)
def test_bad_blocks_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ResidualBlock(*arguments)
