"""Images as grids of vectors."""

from typing import Any

import keras

from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.types import Tensor

STEMS = ("patch", "conv", "deep_conv")


class PatchEmbedding(keras.layers.Layer):
    """Squares of pixels as vectors (Dosovitskiy et al. 2021, equation 1).

        "patch":  outputs_ij = W pixels of square (i, j) + b
        "conv":   3x3 convolutions of stride 2, each with layer norm and GELU, until a
                  vector stands for a square; then a dense layer
        "deep_conv":  the same, and after each of them one more of stride 1

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
        halvings = patch_size.bit_length() - 1
        if stem != "patch" and (halvings < 1 or patch_size != 1 << halvings):
            raise ValueError(
                f'stem="{stem}" halves the image until `patch_size`, so that must be a '
                f"power of two above 1. Received: patch_size={patch_size}"
            )
        policy = {"dtype": self.dtype_policy}
        self.convolutions, self.norms = [], []
        if stem == "patch":
            self.projection = keras.layers.Conv2D(
                embed_dim, patch_size, strides=patch_size, name="projection", **policy
            )
            return
        strides = (2, 1) if stem == "deep_conv" else (2,)
        for i in range(halvings * len(strides)):
            halving, turn = divmod(i, len(strides))
            self.convolutions.append(
                keras.layers.Conv2D(
                    max(1, embed_dim >> (halvings - 1 - halving)),
                    3,
                    strides=strides[turn],
                    padding="same",
                    use_bias=False,
                    name=f"convolution_{i}",
                    **policy,
                )
            )
            self.norms.append(LayerNorm(epsilon=1e-6, name=f"norm_{i}", **policy))
        self.projection = keras.layers.Dense(embed_dim, name="projection", **policy)

    def build(self, images_shape: tuple[int | None, ...]) -> None:
        shape = images_shape
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            convolution.build(shape)
            shape = (*shape[:-1], convolution.filters)
            norm.build(shape)
        self.projection.build(shape)

    def call(self, images: Tensor) -> Tensor:
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = keras.ops.gelu(norm(convolution(x)), approximate=False)
        return self.projection(x)
