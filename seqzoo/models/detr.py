"""The detection transformer.

    image -> backbone -> map of features -> encoder -> memory
    queries -> decoder, which attends to the memory -> a class and a box for each query

`DETRConfig()` is the original. DETR-lite is the same class with three changes for small
data sets: a small ResNet with layer norm, queries that are boxes (`queries="anchors"`),
and denoising in training.

Letters in comments: B batch, H W rows and columns of the map, Q queries, D features.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.convolution.resnet import BLOCKS, NORMS, ResNet
from seqzoo.layers.detr.anchors import Anchors, logit
from seqzoo.layers.detr.blocks import PositionedDecoderBlock, PositionedEncoderBlock
from seqzoo.layers.detr.smca import SpatialModulation
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.ops.positions import grid_places, resized_mask, sine_grid
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import check_choices, check_positive
from seqzoo.tasks.detection import ObjectDetector

BACKBONES = ("resnet",)
QUERIES = ("learned", "anchors")
# Inputs of a call besides the pixels.
_OPTIONAL = {"mask", "noised_labels", "noised_boxes"}


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
    norm: str = "frozen_batch"  # of the ResNet, or "layer", to train from scratch
    queries: str = "learned"  # or "anchors": boxes, refined from layer to layer

    def __post_init__(self):
        check_choices(
            self, backbone=BACKBONES, block=BLOCKS, norm=NORMS, queries=QUERIES
        )
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

    Positions are sines of the place in the image, queries are learned, and every layer
    adds both. All queries are decoded at once, each to one object or none. Padding is
    masked in attention and does not count for positions. The backbone reads it, as in
    the original, so that places at the border depend on it slightly.

    With `queries="anchors"` a query is a box that each layer refines (`Anchors`), and
    attention starts around this box (`SpatialModulation`):

        boxes_0 = anchors;   boxes_l = sigmoid(logit(boxes_(l-1)) + MLP(norm(y_l)))

    Call arguments:
        inputs: Float tensor `(batch, height, width, channels)`, normalised as the
            processor does; or a dict of it as "images" and, optionally, "mask",
            boolean tensor `(batch, height, width)`, True for a real pixel. Anchors
            also accept denoising queries in training: "noised_labels", int tensor
            `(batch, groups, objects)` with -1 for padding, and "noised_boxes", float
            tensor `(batch, groups, objects, 4)`.
        training: Whether dropout is active and all layers' predictions are returned.

    Returns:
        `{"logits": (batch, num_queries, num_classes + 1), "boxes_cxcywh": (batch,
        num_queries, 4)}`: the last class is "no object"; a box is centre and size, as
        fractions of the real part of the image, each from 0 to 1. In training also
        "auxiliary", a list of such dicts for the layers before the last, and
        "denoised", a list of all layers' predictions for the denoising queries,
        `(batch, groups, objects, ...)`. `SetPredictionLoss` takes all of it.
    """

    Config = DETRConfig

    def __init__(self, config: DETRConfig, name: str | None = None):
        super().__init__(config, name)
        self.autocast = False  # layers cast their own inputs, and boxes to float32
        c = self.config
        self.backbone = ResNet(
            c.depths, c.stage_dims, c.stem_dim, c.block, c.norm, name="backbone"
        )
        self.projection = keras.layers.Conv2D(
            c.embed_dim, 1, data_format="channels_last", name="projection"
        )
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
        self.anchors: Anchors | None = None
        self.modulations = []
        if c.queries == "anchors":
            self.anchors = Anchors(
                c.num_queries, c.embed_dim, c.num_classes, name="anchors"
            )
            self.modulations = [
                SpatialModulation(c.num_heads, name=f"modulation_{i}")
                for i in range(c.decoder_layers)
            ]
        self.norm = LayerNorm(epsilon=1e-5, name="norm")
        self.logits = keras.layers.Dense(c.num_classes + 1, name="logits")
        self.boxes = [
            keras.layers.Dense(c.embed_dim, activation="relu", name="boxes_0"),
            keras.layers.Dense(c.embed_dim, activation="relu", name="boxes_1"),
            keras.layers.Dense(
                4,
                # A fresh decoder does not move the anchors.
                kernel_initializer="zeros" if self.anchors else "glorot_uniform",
                name="boxes_2",
            ),
        ]

    def build(self, input_shape: Any = None) -> None:
        c = self.config
        # Height, width and steps do not matter for the weights.
        self.backbone.build((None, None, None, c.channels))
        self.projection.build((None, None, None, c.stage_dims[-1]))
        steps = (None, None, c.embed_dim)
        for block in self.encoder:
            block.build(steps, steps)
        for block in self.decoder:
            block.build(steps, steps, steps, steps)
        if self.anchors is None:
            self.queries = self.add_weight(
                name="queries",
                shape=(c.num_queries, c.embed_dim),
                initializer=keras.initializers.RandomNormal(stddev=1.0),
            )
        else:
            self.anchors.build()
            for modulation in self.modulations:
                modulation.build(steps, (None, None, 4), (None, None, 2))
        for layer in (self.norm, self.logits, *self.boxes):
            layer.build(steps)

    def adapted_weight(self, key: str, array: Any, shape: Any, saved: Any) -> Any:
        """Fresh embeddings for other classes, fresh queries for another number."""
        c = self.config
        if key.startswith("anchors/labels/") and saved.num_classes != c.num_classes:
            return None
        if key in ("queries", "anchors/anchors") and saved.num_queries != c.num_queries:
            return None
        return super().adapted_weight(key, array, shape, saved)

    def example_inputs(self) -> dict[str, Array]:
        shape = (2, 64, 64, self.config.channels)
        images = np.random.default_rng(0).normal(size=shape).astype("float32")
        mask = np.ones(shape[:3], bool)
        mask[1, 40:] = mask[1, :, 50:] = False
        return {"images": images * mask[..., None], "mask": mask}

    def export_signature(self) -> dict[str, Any]:
        """Images of any size, with their mask."""
        shape = (None, None, None, self.config.channels)
        return {
            "images": keras.InputSpec(shape=shape, dtype="float32"),
            "mask": keras.InputSpec(shape=shape[:3], dtype="bool"),
        }

    def call(self, inputs: Any, training: bool = False) -> dict[str, Any]:
        predictions, _ = self._decode(inputs, training)
        if not training:
            return predictions[-1]
        count = self.config.num_queries
        matched = [{k: x[:, :count] for k, x in p.items()} for p in predictions]
        outputs = {**matched[-1], "auxiliary": matched[:-1]}
        if isinstance(inputs, dict) and "noised_labels" in inputs:
            shape = (-1, *inputs["noised_labels"].shape[1:])  # (B, groups, objects)
            outputs["denoised"] = [
                {
                    k: ops.reshape(x[:, count:], (*shape, x.shape[-1]))
                    for k, x in p.items()
                }
                for p in predictions
            ]
        return outputs

    def attention(self, inputs: Any) -> list[Tensor]:
        """The decoder's attention to the image, in inference.

        Args:
            inputs: As for a call.

        Returns:
            For each layer of the decoder a float tensor `(batch, num_heads, queries,
            rows, columns)` over the places of the backbone's map; each query's weights
            sum to 1.
        """
        return self._decode(inputs, training=False)[1]

    def _encode(
        self, inputs: dict[str, Tensor], training: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Memory and positions (B, H * W, D), real places (B, H, W), attention mask."""
        x = self.projection(self.backbone(inputs["images"]))  # (B, H, W, D)
        batch, rows, columns, features = ops.shape(x)
        real = ops.ones((batch, rows, columns), "bool")
        mask = None
        if "mask" in inputs:
            real = resized_mask(inputs["mask"], (rows, columns))
            mask = ops.reshape(real, (batch, 1, 1, rows * columns))
        shape = (batch, rows * columns, features)
        positions = ops.reshape(ops.cast(sine_grid(real, features), x.dtype), shape)
        x = self.dropout(ops.reshape(x, shape), training=training)
        for block in self.encoder:
            x = block(x, positions, attention_mask=mask, training=training)
        return x, positions, real, mask

    def _decode(
        self, inputs: Any, training: bool
    ) -> tuple[list[dict[str, Tensor]], list[Tensor]]:
        """Predictions and attention maps of each decoder layer."""
        inputs = self._checked(inputs)
        memory, positions, real, mask = self._encode(inputs, training)
        batch, rows, columns = ops.shape(real)
        if self.anchors is None:
            queries = ops.expand_dims(ops.cast(self.queries, memory.dtype), 0)
            boxes = query_mask = None
            y = ops.repeat(ops.zeros_like(queries), batch, axis=0)  # (B, Q, D)
        else:
            y, boxes, query_mask = self.anchors.initial_queries(
                batch, inputs.get("noised_labels"), inputs.get("noised_boxes")
            )
            places = ops.reshape(grid_places(real), (batch, rows * columns, 2))
        predictions, maps, bias = [], [], None
        for i, block in enumerate(self.decoder):
            if self.anchors is not None:
                queries = self.anchors.positions(boxes)  # (B, Q, D)
                bias = self.modulations[i](y, boxes, places)  # (B, heads, Q, H * W)
            y, weights = block(
                y,
                queries,
                memory,
                positions,
                attention_mask=mask,
                self_attention_mask=query_mask,
                bias=bias,
                training=training,
                return_weights=True,
            )
            predictions.append(self._classes_and_boxes(y, boxes))
            if boxes is not None:
                boxes = ops.stop_gradient(predictions[-1]["boxes_cxcywh"])
            shape = (batch, self.config.num_heads, -1, rows, columns)
            maps.append(ops.reshape(weights, shape))
        return predictions, maps

    def _classes_and_boxes(self, y: Tensor, boxes: Tensor | None) -> dict[str, Tensor]:
        """Class logits, and boxes: those before the layer, if any, plus offsets."""
        offsets = normed = self.norm(y)
        for layer in self.boxes:
            offsets = layer(offsets)  # at last (B, Q, 4)
        if boxes is not None:
            offsets = ops.cast(offsets, "float32") + logit(boxes)
        return {"logits": self.logits(normed), "boxes_cxcywh": ops.sigmoid(offsets)}

    def _checked(self, inputs: Any) -> dict[str, Tensor]:
        """The inputs as a dict.

        Raises:
            ValueError: If one is missing, unknown or of the wrong shape.
        """
        inputs = inputs if isinstance(inputs, dict) else {"images": inputs}
        unknown = inputs.keys() - {"images"} - _OPTIONAL
        if unknown or "images" not in inputs:
            raise ValueError(
                'Inputs must be pixels, or {"images": pixels} and optionally '
                f"{', '.join(sorted(_OPTIONAL))}. Received: a dict of {sorted(inputs)}."
            )
        self.check_pixels(inputs["images"], inputs.get("mask"))
        noise = inputs.keys() & {"noised_labels", "noised_boxes"}
        if noise and (len(noise) < 2 or self.anchors is None):
            raise ValueError(
                "Denoising queries need both noised_labels and noised_boxes, and a "
                f'model with queries="anchors". Received: {sorted(noise)} for a model '
                f'with queries="{self.config.queries}".'
            )
        return inputs
