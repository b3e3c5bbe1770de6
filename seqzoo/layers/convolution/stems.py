"""Images as grids of vectors."""

from typing import Any

import keras

from seqzoo.layers.block import Block
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.types import Shape, Tensor

STEMS = ("patch", "conv", "deep_conv")


@keras.saving.register_keras_serializable("seqzoo")
class PatchEmbedding(Block):
    """Squares of pixels as vectors (Dosovitskiy et al. 2021, equation 1).

        "patch":  outputs_ij = W pixels of square (i, j) + b
        "conv":   3x3 convolutions of stride 2, each with layer norm and GELU, until a
                  vector stands for a square; then a dense layer
        "deep_conv":  the same, with one more convolution of stride 1 after each

    The convolutional stems (Xiao et al. 2021, "Early convolutions help transformers see
    better", section 4) look beyond the square's border; they have layer norm where the
    paper has batch norm. The width doubles with each halving and ends at `embed_dim`.

    Args:
        embed_dim: Features of a vector.
        patch_size: Pixels on a side of a square; a power of two for convolutions.
        stem: "patch", "conv" or "deep_conv".
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        images: Float tensor `(batch, height, width, channels)`; pixels at the right
            and lower border that fill no square are left out.

    Returns:
        Float tensor `(batch, height / patch_size, width / patch_size, embed_dim)`.

    Raises:
        ValueError: If the stem is unknown, or it cannot halve to `patch_size`.
    """

    def __init__(
        self, embed_dim: int, patch_size: int, stem: str = "patch", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if stem not in STEMS:
            raise ValueError(
                f"`stem` must be one of {', '.join(STEMS)}. Received: stem={stem!r}"
            )
        embed_dim = positive_integer(embed_dim, "embed_dim")
        patch_size = positive_integer(patch_size, "patch_size")
        halvings = patch_size.bit_length() - 1
        if stem != "patch" and (halvings < 1 or patch_size != 1 << halvings):
            raise ValueError(
                f'stem="{stem}" halves the image until `patch_size`, so that must be a '
                f"power of two above 1. Received: patch_size={patch_size}"
            )
        self.convolutions, self.norms = [], []
        if stem == "patch":
            self.projection = self.child(
                keras.layers.Conv2D,
                embed_dim,
                patch_size,
                strides=patch_size,
                data_format="channels_last",
                name="projection",
            )
            return
        strides = (2, 1) if stem == "deep_conv" else (2,)
        for i in range(halvings * len(strides)):
            halving, k = divmod(i, len(strides))
            convolution = self.child(
                keras.layers.Conv2D,
                max(1, embed_dim >> (halvings - 1 - halving)),
                3,
                strides=strides[k],
                padding="same",
                use_bias=False,
                data_format="channels_last",
                name=f"convolution_{i}",
            )
            self.convolutions.append(convolution)
            self.norms.append(self.child(LayerNorm, 1e-6, name=f"norm_{i}"))
        self.projection = self.child(keras.layers.Dense, embed_dim, name="projection")

    def build(self, images_shape: Shape) -> None:
        shape = images_shape
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            convolution.build(shape)
            shape = (*shape[:-1], convolution.filters)
            norm.build(shape)
        self.projection.build(shape)

    def call(self, images: Tensor) -> Tensor:
        check_shapes(images=(images, "batch height width channels"))
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = keras.ops.gelu(norm(convolution(x)), approximate=False)
        return self.projection(x)  # (B, H / patch_size, W / patch_size, embed_dim)
