"""The vision transformer.

    image -> patches -> + positions -> encoder blocks -> norm -> class token or mean
          -> logits

Letters in comments: B batch, S patches and class token, D features.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.attention.transformer import EncoderBlock
from seqzoo.layers.convolution.stems import STEMS, PatchEmbedding
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.attention_maps import token_map
from seqzoo.ops.positions import resampled_grid
from seqzoo.ops.types import Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.classification import ImageClassifier, ImageSize
from seqzoo.tasks.labelled import check_images

POOLINGS = ("token", "mean")


@dataclass(frozen=True)
class ViTConfig(ImageSize):
    """Sizes and choices of a `ViT`; the defaults are ViT-B/16 (table 1).

    Raises:
        ValueError: If a choice is unknown or sizes do not fit each other.
    """

    image_size: int | tuple[int, int] = 224  # pixels: of a side, or (height, width)
    patch_size: int = 16
    channels: int = 3
    num_classes: int = 1000
    embed_dim: int = 768
    num_layers: int = 12
    num_heads: int = 12
    hidden_dim: int = 3072  # inside the feed-forward part
    stem: str = "patch"  # or "conv", "deep_conv": see PatchEmbedding
    pooling: str = "token"  # a class token, or "mean" over the patches
    activation: str = "gelu"
    use_bias: bool = True  # of query, key and value
    epsilon: float = 1e-6  # of the layer norms
    dropout: float = 0.0
    attention_dropout: float = 0.0
    drop_path: float = 0.0  # of the last block; rises from 0 at the first
    multi_label: bool = False  # each class has a probability of its own, by a sigmoid

    def __post_init__(self):
        check_choices(self, stem=STEMS, pooling=POOLINGS)
        check_positive(
            self, "patch_size", "channels", "num_classes", "num_layers", "num_heads"
        )
        if min(self.sides) < self.patch_size:
            raise ValueError(
                "`image_size` must be at least `patch_size`. Received: "
                f"image_size={self.image_size}, patch_size={self.patch_size}"
            )
        if self.embed_dim % self.num_heads:
            raise ValueError(
                "`embed_dim` must be a multiple of `num_heads`. Received: "
                f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        height, width = self.sides
        return height // self.patch_size, width // self.patch_size


class ViT(ImageClassifier):
    """Vision transformer (Dosovitskiy et al. 2021, equations 1 to 4).

        z_0 = [class token; patch_1 E; ...; patch_N E] + positions
        z'_l = attention(norm(z_(l-1))) + z_(l-1)
        z_l  = feed_forward(norm(z'_l)) + z'_l
        logits = W norm(z_L)[class token] + b

    With `pooling="mean"` there is no class token, and the logits come from the mean
    over the patches (appendix D.3). Positions are learned, one vector for each place.

    Call arguments:
        images: Float tensor `(batch, height, width, channels)`, normalised as the
            processor does, of the Config's `image_size`.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = ViTConfig

    def __init__(self, config: ViTConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.patches = PatchEmbedding(c.embed_dim, c.patch_size, c.stem, name="patches")
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        self.blocks = [
            EncoderBlock(
                c.num_heads,
                c.hidden_dim,
                activation=c.activation,
                use_bias=c.use_bias,
                dropout=c.dropout,
                attention_dropout=c.attention_dropout,
                drop_path=float(rate),
                epsilon=c.epsilon,
                name=f"block_{i}",
            )
            for i, rate in enumerate(np.linspace(0, c.drop_path, c.num_layers))
        ]
        self.norm = LayerNorm(epsilon=c.epsilon, name="norm")
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        small = keras.initializers.TruncatedNormal(stddev=0.02)
        if c.pooling == "token":
            self.class_token = self.add_weight(
                name="class_token", shape=(1, 1, c.embed_dim), initializer=small
            )
        steps = c.grid[0] * c.grid[1] + (c.pooling == "token")
        self.positions = self.add_weight(
            name="positions", shape=(1, steps, c.embed_dim), initializer=small
        )
        self.patches.build((None, None, None, c.channels))
        for block in self.blocks:
            block.build((None, steps, c.embed_dim))
        self.norm.build((None, steps, c.embed_dim))
        self.logits.build((None, c.embed_dim))

    def pooled(self, images: Tensor, training: bool = False) -> Tensor:
        x, _ = self._encode(images, training)  # (B, S, D)
        return x[:, 0] if self.config.pooling == "token" else ops.mean(x, axis=1)

    def adapted_weight(self, key: str, array: Any, shape: Any, saved: Any) -> Any:
        """Resamples the positions of patches for another image size."""
        if key != "positions" or saved.pooling != self.config.pooling:
            return super().adapted_weight(key, array, shape, saved)
        first = int(saved.pooling == "token")
        grid = array[0, first:].reshape(*saved.grid, -1)
        grid = resampled_grid(grid, self.config.grid).reshape(1, -1, array.shape[-1])
        return np.concatenate([array[:, :first], grid], axis=1)

    def has_other_meaning(self, key: str, saved: Any) -> bool:
        """Positions of as many patches on another grid are for other places."""
        new = self.config
        return key == "positions" and (saved.grid, saved.pooling) != (
            new.grid,
            new.pooling,
        )

    def attention(self, images: Tensor) -> list[Tensor]:
        """The attention weights of every layer and head, in inference.

        Args:
            images: As for a call.

        Returns:
            For each layer a float tensor `(batch, num_heads, steps, steps)`, whose rows
            sum to 1; the steps are the class token, if there is one, and the patches
            in row-major order.
        """
        return self._encode(images, training=False)[1]

    def attention_map(
        self,
        images: Tensor,
        layer: int | None = None,
        head: int | None = None,
        place: tuple[int, int] | None = None,
    ) -> Tensor:
        """Attention to the patches: rollout over all layers, or of one layer.

        Args:
            images: As for a call.
            layer: Index of the layer, from 0, or from the last with -1; None for the
                rollout over all (see `seqzoo.ops.attention_maps.rollout`).
            head: Index of the head in that layer; by default the mean over all.
            place: Row and column of the patch that attends; by default the class token,
                or the mean over the patches where there is none.

        Returns:
            Float32 tensor `(batch, rows, columns)`, not negative. It sums to 1, less
            the share of the class token if there is one.

        Raises:
            ValueError: If there is no such layer, head or place.
        """
        return token_map(self.attention(images), self.config.grid, layer, head, place)

    def _encode(self, images: Tensor, training: bool) -> tuple[Tensor, list[Tensor]]:
        """Normed outputs of the last block, and each block's attention weights."""
        c = self.config
        check_images(images, c.channels, c.sides)
        x = self.patches(images)  # (B, rows, columns, D)
        x = ops.reshape(x, (-1, c.grid[0] * c.grid[1], c.embed_dim))  # (B, S, D)
        if c.pooling == "token":
            token = ops.cast(self.class_token, x.dtype)
            tokens = ops.repeat(token, ops.shape(x)[0], axis=0)  # (B, 1, D)
            x = ops.concatenate([tokens, x], axis=1)  # (B, S, D)
        x = x + ops.cast(self.positions, x.dtype)
        x = self.dropout(x, training=training)
        weights = []
        for block in self.blocks:
            x, block_weights = block(x, training=training, return_weights=True)
            weights.append(block_weights)
        return self.norm(x), weights
