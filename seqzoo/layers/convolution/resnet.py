"""Residual networks as a backbone: from pixels to a map of features."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from seqzoo.layers.block import Block
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.types import Shape, Tensor

BLOCKS = ("basic", "bottleneck")
NORMS = ("frozen_batch", "layer")
_NARROWING = 4  # a bottleneck has a quarter of the features


@keras.saving.register_keras_serializable("seqzoo")
class FrozenBatchNorm(keras.layers.Layer):
    """Batch norm with the statistics and gains of a trained model.

        outputs = gamma (x - moving_mean) / sqrt(moving_variance + epsilon) + beta

    Detectors use it because their batches are too small for statistics (Carion et al.
    2020, section 4). None of the four vectors is trainable; a fresh layer only divides
    by sqrt(1 + epsilon).

    Args:
        epsilon: Added to the variance; 1e-5 as in PyTorch.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(..., features)`.

    Returns:
        Float tensor like `x`.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, x_shape: Shape) -> None:
        def vector(name: str, initializer: str) -> keras.Variable:
            return self.add_weight(
                name=name, shape=x_shape[-1:], initializer=initializer, trainable=False
            )

        self.gamma = vector("gamma", "ones")
        self.beta = vector("beta", "zeros")
        self.moving_mean = vector("moving_mean", "zeros")
        self.moving_variance = vector("moving_variance", "ones")

    def call(self, x: Tensor) -> Tensor:
        # Two vectors are cheaper to combine than a map of features.
        scale = self.gamma * ops.rsqrt(self.moving_variance + self.epsilon)
        offset = self.beta - self.moving_mean * scale
        return x * ops.cast(scale, x.dtype) + ops.cast(offset, x.dtype)


@keras.saving.register_keras_serializable("seqzoo")
class ConvNorm(Block):
    """A convolution without bias, a norm, and optionally ReLU.

    Both borders get the same padding, as in PyTorch; Keras's "same" is off by one
    pixel with strides.

    Args:
        filters: Features of the result.
        kernel_size: Pixels on a side; odd.
        strides: Pixels from one place to the next.
        activation: "relu" or None.
        norm: "frozen_batch", with loaded statistics, or "layer", over the features of
            each place, which trains from scratch in batches of any size.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, height, width, features)`.

    Returns:
        Float tensor `(batch, ceil(height / strides), ceil(width / strides), filters)`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        activation: str | None = "relu",
        norm: str = "frozen_batch",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.border = kernel_size // 2
        self.activation = keras.activations.get(activation)
        self.convolution = self.child(
            keras.layers.Conv2D,
            filters,
            kernel_size,
            strides=strides,
            use_bias=False,
            data_format="channels_last",
            # He et al. (2015), by the number of outputs as in torchvision.
            kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out"),
            name="convolution",
        )
        norm_class = FrozenBatchNorm if norm == "frozen_batch" else LayerNorm
        self.norm = self.child(norm_class, 1e-5, name="norm")

    def build(self, x_shape: Shape) -> None:
        # Height and width do not matter for the weights and may be below the kernel's.
        self.convolution.build((None, None, None, x_shape[-1]))
        self.norm.build((None, None, None, self.convolution.filters))

    def call(self, x: Tensor) -> Tensor:
        return self.activation(self.norm(self.convolution(_pad(x, self.border))))


@keras.saving.register_keras_serializable("seqzoo")
class ResidualBlock(Block):
    """Convolutions with a shortcut around them (He et al. 2016, figures 2 and 5).

        outputs = relu(convolutions(x) + shortcut(x))
        "basic":       3x3, 3x3
        "bottleneck":  1x1 to a quarter of the features (rounded down), 3x3, 1x1

    The shortcut is a 1x1 convolution where the shape changes. The 3x3 convolution has
    the stride, as in torchvision and timm; in the paper the first 1x1 has it.

    Args:
        filters: Features of the result.
        strides: 2 halves height and width.
        block: "basic" or "bottleneck".
        norm: As in `ConvNorm`.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, height, width, features)`.

    Returns:
        Float tensor `(batch, ceil(height / strides), ceil(width / strides), filters)`.

    Raises:
        ValueError: If the block is unknown, or a bottleneck has fewer than 4 features.
    """

    def __init__(
        self,
        filters: int,
        strides: int = 1,
        block: str = "bottleneck",
        norm: str = "frozen_batch",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if block not in BLOCKS:
            raise ValueError(
                f"`block` must be one of {', '.join(BLOCKS)}. Received: block={block!r}"
            )
        filters = positive_integer(filters, "filters")
        if block == "bottleneck" and filters < _NARROWING:
            raise ValueError(
                f"A bottleneck needs at least {_NARROWING} features. "
                f"Received: filters={filters}"
            )
        # Features, kernel size and stride of each convolution.
        sizes = [(filters, 3, strides), (filters, 3, 1)]
        if block == "bottleneck":
            narrow = filters // _NARROWING
            sizes = [(narrow, 1, 1), (narrow, 3, strides), (filters, 1, 1)]
        self.norm = norm
        self.convolutions = [
            self.child(
                ConvNorm,
                *size,
                activation="relu" if i < len(sizes) - 1 else None,
                norm=norm,
                name=f"convolution_{i}",
            )
            for i, size in enumerate(sizes)
        ]
        self.filters = filters
        self.strides = strides
        self.shortcut: ConvNorm | None = None

    def build(self, x_shape: Shape) -> None:
        shape = x_shape
        for layer in self.convolutions:
            layer.build(shape)
            shape = (None, None, None, layer.convolution.filters)
        if self.strides != 1 or x_shape[-1] != self.filters:
            self.shortcut = self.child(
                ConvNorm,
                self.filters,
                1,
                self.strides,
                activation=None,
                norm=self.norm,
                name="shortcut",
            )
            self.shortcut.build(x_shape)

    def call(self, x: Tensor) -> Tensor:
        shortcut = x if self.shortcut is None else self.shortcut(x)
        for layer in self.convolutions:
            x = layer(x)
        return ops.relu(x + shortcut)


@keras.saving.register_keras_serializable("seqzoo")
class ResNet(Block):
    """A residual network without its classifier (He et al. 2016, table 1).

        images -> 7x7 convolution of stride 2 -> maximum over 3x3 of stride 2
               -> stages of residual blocks; each but the first halves the map

    Four stages give a map of stride 32.

    Args:
        depths: Blocks of each stage; (3, 4, 6, 3) is ResNet-50.
        stage_dims: Features of each stage.
        stem_dim: Features of the first convolution.
        block: "basic" or "bottleneck".
        norm: As in `ConvNorm`.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        images: Float tensor `(batch, height, width, channels)`.

    Returns:
        Float tensor `(batch, ceil(height / stride), ceil(width / stride),
        stage_dims[-1])`, where stride is 2 ** (stages + 1).
    """

    def __init__(
        self,
        depths: Sequence[int] = (3, 4, 6, 3),
        stage_dims: Sequence[int] = (256, 512, 1024, 2048),
        stem_dim: int = 64,
        block: str = "bottleneck",
        norm: str = "frozen_batch",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        depths = [positive_integer(depth, "depths") for depth in depths]
        stem_dim = positive_integer(stem_dim, "stem_dim")
        self.stem = self.child(ConvNorm, stem_dim, 7, 2, norm=norm, name="stem")
        self.blocks = [
            self.child(
                ResidualBlock,
                filters,
                strides=2 if stage and not i else 1,
                block=block,
                norm=norm,
                name=f"stage_{stage}_block_{i}",
            )
            for stage, (depth, filters) in enumerate(
                zip(depths, stage_dims, strict=True)
            )
            for i in range(depth)
        ]

    def build(self, images_shape: Shape) -> None:
        self.stem.build(images_shape)
        features = self.stem.convolution.filters
        for block in self.blocks:
            block.build((None, None, None, features))
            features = block.filters

    def call(self, images: Tensor) -> Tensor:
        check_shapes(images=(images, "batch height width channels"))
        x = self.stem(images)  # (B, H / 2, W / 2, stem_dim)
        # Zeros at the border are never the maximum after ReLU.
        options = {"padding": "valid", "data_format": "channels_last"}
        x = ops.max_pool(_pad(x, 1), 3, strides=2, **options)  # (B, H/4, W/4, .)
        for block in self.blocks:
            x = block(x)
        return x


def _pad(x: Tensor, border: int) -> Tensor:
    """Surrounds a map of features with `border` rows and columns of zeros."""
    sides = (border, border)
    return ops.pad(x, [(0, 0), sides, sides, (0, 0)]) if border else x
