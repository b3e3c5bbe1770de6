"""The detection transformer.

    image -> backbone -> map of features -> encoder -> memory
    queries -> decoder, which looks at the memory -> a class and a box for each query

Letters in comments: B batch, H W rows and columns of the map, Q queries, D features.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.positioned import PositionedDecoderBlock, PositionedEncoderBlock
from seqzoo.layers.resnet import BLOCKS, ResNet
from seqzoo.ops.positions import sine_grid
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.detection import ObjectDetector

Tensor = Any

BACKBONES = ("resnet",)


@dataclass(frozen=True)
class DETRConfig:
    """Sizes and choices of a `DETR`; the defaults are DETR-R50 (table 1).

    Raises:
        ValueError: If a choice is unknown or sizes do not fit each other.
    """

    num_classes: int = 91  # without "no object"
    num_queries: int = 100
    channels: int = 3
    embed_dim: int = 256
    encoder_layers: int = 6
    decoder_layers: int = 6
    num_heads: int = 8
    hidden_dim: int = 2048  # inside the feed-forward part
    activation: str = "relu"
    dropout: float = 0.1
    attention_dropout: float = 0.0
    backbone: str = "resnet"
    block: str = "bottleneck"  # of the ResNet, or "basic"
    depths: tuple[int, ...] = (3, 4, 6, 3)  # blocks of each stage
    stage_dims: tuple[int, ...] = (256, 512, 1024, 2048)
    stem_dim: int = 64

    def __post_init__(self):
        check_choices(self, backbone=BACKBONES, block=BLOCKS)
        check_positive(
            self, "num_classes", "num_queries", "channels", "decoder_layers", "stem_dim"
        )
        if self.embed_dim % self.num_heads or self.embed_dim % 4:
            raise ValueError(
                "`embed_dim` must be a multiple of `num_heads` and of 4. Received: "
                f"embed_dim={self.embed_dim}, num_heads={self.num_heads}"
            )
        if len(self.depths) != len(self.stage_dims) or not self.depths:
            raise ValueError(
                "`depths` and `stage_dims` must have a number for each stage. "
                f"Received: depths={self.depths}, stage_dims={self.stage_dims}"
            )


class DETR(ObjectDetector):
    """Detection as the prediction of a set (Carion et al. 2020, section 3.2).

        x = W backbone(image) + b;   x = encoder block(x, positions), each in turn
        y = 0;   y = decoder block(y, queries, x, positions), each in turn
        logits = W_c norm(y) + b_c;   boxes = sigmoid(MLP(norm(y)))

    Positions are sines of the place in the picture, queries are learned; both come in
    anew at every layer. All queries are answered at once, each with one object or none.
    Where the mask says that a pixel is padding, its place is not attended to and does
    not count for the positions; the backbone sees it all the same, as in the original,
    so that places at the border depend on it a little.

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, normalised as the
            processor does; or `{"images": that, "mask": boolean tensor (batch, height,
            width)}`, True for a real pixel.

    Returns:
        `{"logits": (batch, num_queries, num_classes + 1), "boxes_cxcywh": (batch,
        num_queries, 4)}`: the last class is "no object"; a box is the centre and size,
        as fractions of the real part of the picture, each from 0 to 1.
    """

    Config = DETRConfig

    def __init__(self, config: DETRConfig, name: str | None = None):
        super().__init__(config, name)
        c = self.config
        self.backbone = ResNet(
            c.depths, c.stage_dims, c.stem_dim, c.block, name="backbone"
        )
        self.projection = keras.layers.Conv2D(c.embed_dim, 1, name="projection")
        self.dropout = keras.layers.Dropout(c.dropout, name="dropout")
        sizes = {
            "num_heads": c.num_heads,
            "hidden_dim": c.hidden_dim,
            "activation": c.activation,
            "dropout": c.dropout,
            "attention_dropout": c.attention_dropout,
        }
        self.encoder = [
            PositionedEncoderBlock(**sizes, name=f"encoder_{i}")
            for i in range(c.encoder_layers)
        ]
        self.decoder = [
            PositionedDecoderBlock(**sizes, name=f"decoder_{i}")
            for i in range(c.decoder_layers)
        ]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")
        self.logits = keras.layers.Dense(c.num_classes + 1, name="logits")
        self.boxes = [
            keras.layers.Dense(c.embed_dim, activation="relu", name="boxes_0"),
            keras.layers.Dense(c.embed_dim, activation="relu", name="boxes_1"),
            keras.layers.Dense(4, activation="sigmoid", name="boxes_2"),
        ]

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        self.queries = self.add_weight(
            name="queries",
            shape=(c.num_queries, c.embed_dim),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        # Height, width and steps do not matter for the weights.
        self.backbone.build((None, None, None, c.channels))
        self.projection.build((None, None, None, c.stage_dims[-1]))
        steps = (None, None, c.embed_dim)
        for block in self.encoder:
            block.build(steps, steps)
        for block in self.decoder:
            block.build(steps, steps, steps, steps)
        for layer in (self.norm, self.logits, *self.boxes):
            layer.build(steps)

    def example_inputs(self) -> dict[str, np.ndarray[Any, Any]]:
        shape = (2, 64, 64, self.config.channels)
        images = np.random.default_rng(0).normal(size=shape).astype("float32")
        mask = np.ones(shape[:3], bool)
        mask[1, 40:] = mask[1, :, 50:] = False
        return {"images": images * mask[..., None], "mask": mask}

    def call(self, inputs: Any, training: bool = False) -> dict[str, Tensor]:
        decoded, _ = self._decode(inputs, training)
        return self._answers(decoded[-1])

    def attention(self, inputs: Any) -> list[Tensor]:
        """Where in the picture each query looks, in inference.

        Args:
            inputs: As for a call.

        Returns:
            For each layer of the decoder a float tensor `(batch, num_heads, queries,
            rows, columns)` over the places of the backbone's map; each query's weights
            sum to 1.
        """
        return self._decode(inputs, training=False)[1]

    def _decode(self, inputs: Any, training: bool) -> tuple[list[Tensor], list[Tensor]]:
        """Each layer's queries, and where they looked."""
        images, mask = self._read(inputs)
        x = self.projection(self.backbone(images))  # (B, H, W, D)
        batch, rows, columns, features = ops.shape(x)
        if mask is None:
            real, seen = ops.ones((batch, rows, columns), "bool"), None
        else:
            real = resized_mask(mask, (rows, columns))
            seen = ops.reshape(real, (batch, 1, 1, rows * columns))
        flat = (batch, rows * columns, features)
        positions = ops.reshape(ops.cast(sine_grid(real, features), x.dtype), flat)
        x = self.dropout(ops.reshape(x, flat), training=training)
        for block in self.encoder:
            x = block(x, positions, attention_mask=seen, training=training)
        queries = ops.expand_dims(ops.cast(self.queries, x.dtype), 0)
        queries = ops.repeat(queries, batch, axis=0)  # (B, Q, D)
        y = ops.zeros_like(queries)
        decoded, maps = [], []
        for layer in self.decoder:
            y, weights = layer(
                y,
                queries,
                x,
                positions,
                attention_mask=seen,
                training=training,
                return_weights=True,
            )
            decoded.append(y)
            shape = (batch, self.config.num_heads, -1, rows, columns)
            maps.append(ops.reshape(weights, shape))
        return decoded, maps

    def _answers(self, decoded: Tensor) -> dict[str, Tensor]:
        """Classes and boxes of what a layer decoded."""
        boxes = normed = self.norm(decoded)
        for layer in self.boxes:
            boxes = layer(boxes)
        return {"logits": self.logits(normed), "boxes_cxcywh": boxes}

    def _read(self, inputs: Any) -> tuple[Tensor, Tensor | None]:
        """Pixels, and which of them are real if that was said."""
        mask = None
        images = inputs
        if isinstance(inputs, dict):
            if inputs.keys() != {"images", "mask"}:
                raise ValueError(
                    'Wanted pixels, or {"images": ..., "mask": ...}. '
                    f"Received: a dict of {sorted(inputs)}."
                )
            images, mask = inputs["images"], inputs["mask"]
        if len(images.shape) != 4 or images.shape[-1] != self.config.channels:
            raise ValueError(
                "Images must have shape (batch, height, width, "
                f"{self.config.channels}). Received: {tuple(images.shape)}."
            )
        if mask is not None and tuple(mask.shape) != tuple(images.shape[:3]):
            raise ValueError(
                "The mask must have a place for each pixel, (batch, height, width). "
                f"Received: mask {tuple(mask.shape)}, images {tuple(images.shape)}."
            )
        return images, mask


def resized_mask(mask: Tensor, size: tuple[Any, Any]) -> Tensor:
    """A mask of pixels for a smaller map: each place takes the pixel at its corner.

        outputs_ij = mask at floor(i height / rows), floor(j width / columns)

    Args:
        mask: Boolean tensor `(batch, height, width)`.
        size: Rows and columns of the map.

    Returns:
        Boolean tensor `(batch, rows, columns)`.
    """
    mask = ops.cast(mask, "bool")
    for axis, count in enumerate(size, start=1):
        # float32, whose rounding decides which pixel it is, as in PyTorch.
        scale = ops.cast(ops.shape(mask)[axis], "float32") / ops.cast(count, "float32")
        places = ops.floor(ops.cast(ops.arange(count), "float32") * scale)
        mask = ops.take(mask, ops.cast(places, "int32"), axis=axis)
    return mask
