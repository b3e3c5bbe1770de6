"""The Swin transformer.

    image -> patches -> norm -> (blocks -> merging) per stage -> norm -> mean -> logits

Letters in comments: B batch, H W rows and columns of patches, D features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.attention.windows import PatchMerging, SwinBlock
from seqzoo.layers.convolution.stems import STEMS, PatchEmbedding
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.arithmetic import ceil_div
from seqzoo.ops.attention_maps import window_map
from seqzoo.ops.positions import resampled_grid
from seqzoo.ops.types import Shape, Tensor
from seqzoo.ops.windows import pad_to_multiples
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.classification import ImageClassifier, ImageSize
from seqzoo.tasks.labelled import check_images


@dataclass(frozen=True)
class SwinConfig(ImageSize):
    """Sizes and choices of a `Swin`; the defaults are Swin-T (section 3.3).

    Raises:
        ValueError: If a choice is unknown or sizes do not fit each other.
    """

    # Pixels of a side, or (height, width), that the processor makes. Without positions
    # the model also accepts other sizes.
    image_size: int | tuple[int, int] = 224
    patch_size: int = 4
    channels: int = 3
    num_classes: int = 1000
    embed_dim: int = 96  # of the first stage; doubles at each further stage
    depths: tuple[int, ...] = (2, 2, 6, 2)  # blocks of each stage
    num_heads: tuple[int, ...] = (3, 6, 12, 24)  # of each stage
    window_size: int = 7  # patches on a side
    mlp_ratio: float = 4.0  # features inside the feed-forward part by those outside
    stem: str = "patch"  # or "conv", "deep_conv": see PatchEmbedding
    use_positions: bool = False  # whether a learned vector is added at each place
    activation: str = "gelu"
    use_bias: bool = True  # of query, key and value
    epsilon: float = 1e-5  # of the layer norms of the blocks and the last one
    dropout: float = 0.0
    attention_dropout: float = 0.0
    drop_path: float = 0.0  # of the last block; rises from 0 at the first
    multi_label: bool = False  # each class has a probability of its own, by a sigmoid

    def __post_init__(self):
        check_choices(self, stem=STEMS)
        check_positive(
            self, "patch_size", "channels", "num_classes", "embed_dim", "window_size"
        )
        for field in ("depths", "num_heads"):
            numbers = getattr(self, field)
            if not isinstance(numbers, Sequence) or min(numbers, default=0) < 1:
                raise ValueError(
                    f"`{field}` must be a number of at least 1 for each stage. "
                    f"Received: {field}={numbers!r}"
                )
        if len(self.depths) != len(self.num_heads):
            raise ValueError(
                "`depths` and `num_heads` must have a number for each stage. "
                f"Received: depths={self.depths}, num_heads={self.num_heads}"
            )
        if min(self.sides) < 1:
            raise ValueError(
                "`image_size` must be at least 1. "
                f"Received: image_size={self.image_size}"
            )
        for dim, heads in zip(self.dims, self.num_heads, strict=True):
            if dim % heads:
                raise ValueError(
                    "The features of each stage must be a multiple of its `num_heads`. "
                    f"Received: num_heads={self.num_heads}, features={self.dims}"
                )
        if self.mlp_ratio * self.embed_dim < 1:
            raise ValueError(
                "`mlp_ratio` must leave at least one feature inside the feed-forward "
                f"part. Received: mlp_ratio={self.mlp_ratio}"
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches, incomplete ones included."""
        height, width = self.sides
        return ceil_div(height, self.patch_size), ceil_div(width, self.patch_size)

    @property
    def dims(self) -> tuple[int, ...]:
        """Features of each stage."""
        return tuple(self.embed_dim << stage for stage in range(len(self.depths)))


class Swin(ImageClassifier):
    """Swin transformer (Liu et al. 2021, figure 3 and equation 3).

        z = norm(patches E)                       in the first stage
        z = W norm(2x2 neighbours of z)           before each further one
        z = window_attention(norm(z)) + z         every second block's windows shifted
        z = feed_forward(norm(z)) + z
        logits = W mean(norm(z)) + b

    Images may have any size: as in the authors' code for detection, incomplete patches
    and windows are padded with zeros at the right and below. Where a stage is no larger
    than a window, its windows are as large as the stage (see `WindowAttention`). With
    `use_positions` there is also a learned vector for every place (table 4), and images
    must have the Config's size.

    Drop path drops attention and feed-forward branches, as in the authors' code; the
    transformers library drops attention only.

    Call arguments:
        images: Float tensor `(batch, height, width, channels)`, normalised as the
            processor does.

    Returns:
        Logits `(batch, num_classes)`.
    """

    Config = SwinConfig

    def __init__(self, config: SwinConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.patches = PatchEmbedding(c.embed_dim, c.patch_size, c.stem, name="patches")
        # In the authors' code this norm and the mergings' have PyTorch's epsilon.
        self.patch_norm = LayerNorm(epsilon=1e-5, name="patch_norm")
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        rates = iter(np.linspace(0, c.drop_path, sum(c.depths)))
        self.blocks: list[SwinBlock] = []
        for dim, depth, num_heads in zip(c.dims, c.depths, c.num_heads, strict=True):
            for k in range(depth):
                block = SwinBlock(
                    num_heads,
                    int(c.mlp_ratio * dim),
                    c.window_size,
                    shifted=k % 2 == 1,
                    activation=c.activation,
                    use_bias=c.use_bias,
                    dropout=c.dropout,
                    attention_dropout=c.attention_dropout,
                    drop_path=float(next(rates)),
                    epsilon=c.epsilon,
                    name=f"block_{len(self.blocks)}",
                )
                self.blocks.append(block)
        self.mergings = [
            PatchMerging(name=f"merging_{i}") for i in range(len(c.depths) - 1)
        ]
        self.norm = LayerNorm(epsilon=c.epsilon, name="norm")
        self.logits = keras.layers.Dense(c.num_classes, name="logits")

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        if c.use_positions:
            self.positions = self.add_weight(
                name="positions",
                shape=(1, *c.grid, c.embed_dim),
                initializer=keras.initializers.TruncatedNormal(stddev=0.02),
            )

        def grid(stage: int) -> Shape:
            return None, None, None, c.dims[stage]

        self.patches.build((None, None, None, c.channels))
        self.patch_norm.build(grid(0))
        blocks = iter(self.blocks)
        for stage, depth in enumerate(c.depths):
            if stage:
                self.mergings[stage - 1].build(grid(stage - 1))
            for block in islice(blocks, depth):
                block.build(grid(stage))
        self.norm.build(grid(-1))
        self.logits.build((None, c.dims[-1]))

    def pooled(self, images: Tensor, training: bool = False) -> Tensor:
        x, _ = self._encode(images, training)  # (B, H, W, D)
        return ops.mean(x, axis=(1, 2))

    def adapted_weight(self, key: str, array: Any, shape: Any, saved: Any) -> Any:
        """Resamples bias tables for another window size, positions for an image size.

        Both by cubic convolution, as the authors do. A table is resampled as a grid of
        displacements, so its centre stays the centre.
        """
        is_grid = key == "positions" or key.endswith("/bias_table")
        if not is_grid or array.shape[-1] != shape[-1]:
            return super().adapted_weight(key, array, shape, saved)
        if key == "positions":
            return resampled_grid(array[0], shape[1:3])[None]
        return resampled_grid(array, shape[:2])

    def attention(self, images: Tensor) -> list[Tensor]:
        """The attention weights of every block and head, in inference.

        Args:
            images: As for a call.

        Returns:
            For each block a float tensor `(batch, windows, num_heads, steps, steps)`,
            whose rows sum to 1, with windows and steps in row-major order; see
            `WindowAttention`. `attention_map` puts them back on the grid.
        """
        return self._encode(images, training=False)[1]

    def attention_map(
        self,
        images: Tensor,
        layer: int | None = None,
        head: int | None = None,
        place: tuple[int, int] | None = None,
    ) -> Tensor:
        """Attention to the patches: rollout over all blocks, or of one block.

        `seqzoo.ops.attention_maps.window_map` explains both.

        Args:
            images: As for a call.
            layer: Index of the block, from 0, or from the last with -1; None for the
                rollout.
            head: Index of the head in that block; by default the mean over all.
            place: Row and column of the patch that attends, or whose place of a later
                stage does; by default the mean over all.

        Returns:
            Float32 tensor `(batch, rows, columns)`, the grid of patches, not negative.
            It sums to 1, less the share of padding.

        Raises:
            ValueError: If there is no such block, head or place.
        """
        c = self.config
        attentions = self.attention(images)
        windows = [
            (block.attention.window_size, block.attention.shift)
            for block in self.blocks
        ]
        stages = [k for k, depth in enumerate(c.depths) for _ in range(depth)]
        height, width = images.shape[1:3]
        grids = [(ceil_div(height, c.patch_size), ceil_div(width, c.patch_size))]
        for _ in c.depths[1:]:
            rows, columns = grids[-1]
            grids.append((ceil_div(rows, 2), ceil_div(columns, 2)))
        return window_map(attentions, windows, stages, grids, layer, head, place)

    def _encode(self, images: Tensor, training: bool) -> tuple[Tensor, list[Tensor]]:
        """Normed outputs of the last block, and each block's attention weights."""
        c = self.config
        check_images(images, c.channels, c.sides if c.use_positions else None)
        if not all(images.shape[1:]):
            raise ValueError(
                "Windows need images of known height and width. Received: "
                f"{tuple(images.shape)}."
            )
        x = self.patches(pad_to_multiples(images, c.patch_size))
        x = self.patch_norm(x)  # (B, H, W, D)
        if c.use_positions:
            x = x + ops.cast(self.positions, x.dtype)
        x = self.dropout(x, training=training)
        blocks, weights = iter(self.blocks), []
        for stage, depth in enumerate(c.depths):
            if stage:
                x = self.mergings[stage - 1](x)  # (B, H/2, W/2, 2D)
            for block in islice(blocks, depth):
                x, block_weights = block(x, training=training, return_weights=True)
                weights.append(block_weights)
        return self.norm(x), weights
