"""Queries that are boxes.

Letters in comments: B batch, Q queries, D features.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.block import Block
from seqzoo.ops.arguments import positive_integer
from seqzoo.ops.positions import sines
from seqzoo.ops.types import Array, Tensor

_INITIAL_SIDE = 0.2  # of a fresh anchor, as a share of the image
_TEMPERATURE = 20.0  # Liu et al. 2022, section 4.4: places are few, so waves are short


@keras.saving.register_keras_serializable("seqzoo")
class Anchors(Block):
    """Queries that are boxes (Liu et al. 2022, "DAB-DETR", sections 4.2 to 4.4).

        boxes = sigmoid(anchors);   contents = content, the same for all
        positions(box) = W_2 relu(W_1 [sines of x, y, w, h] + b_1) + b_2

    A decoder refines the boxes from layer to layer and computes their positions at each
    layer. In training there may also be denoising queries (Li et al. 2022, "DN-DETR",
    section 3.3): true boxes and classes with noise, whose contents are the embeddings
    of their classes.

    Args:
        num_queries: Number of anchors.
        embed_dim: Features of contents and positions.
        num_classes: Classes that denoising queries may have.
        **kwargs: `name` and `dtype` of the layer.
    """

    def __init__(
        self, num_queries: int, embed_dim: int, num_classes: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_queries = positive_integer(num_queries, "num_queries")
        self.embed_dim = embed_dim = positive_integer(embed_dim, "embed_dim")
        num_classes = positive_integer(num_classes, "num_classes")
        dense = keras.layers.Dense
        self.labels = self.child(
            keras.layers.Embedding, num_classes, embed_dim, name="labels"
        )
        self.hidden = self.child(dense, embed_dim, activation="relu", name="hidden")
        self.output_layer = self.child(dense, embed_dim, name="output_layer")

    def build(self, input_shape: Any = None) -> None:
        self.anchors = self.add_weight(
            name="anchors",
            shape=(self.num_queries, 4),
            initializer=_initial_anchors,
            autocast=False,  # boxes are computed in float32
        )
        self.content = self.add_weight(
            name="content",
            shape=(1, self.embed_dim),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        self.labels.build((None, None))
        self.hidden.build((None, None, 2 * self.embed_dim))
        self.output_layer.build((None, None, self.embed_dim))

    def initial_queries(
        self, batch: Any, labels: Tensor | None = None, boxes: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Contents, boxes and mask of the queries that the first decoder layer gets.

        Args:
            batch: Number of rows.
            labels: Classes of denoising queries: int tensor `(batch, groups, objects)`,
                -1 for padding.
            boxes: Their boxes: float tensor `(batch, groups, objects, 4)`.

        Returns:
            Contents `(batch, queries, features)`, boxes `(batch, queries, 4)` and a
            boolean mask `(batch, 1, queries, queries)`, True where a query may attend
            to another; None without denoising queries, where all may. Denoising
            queries come last, group after group.
        """
        count = self.num_queries
        anchors = ops.expand_dims(ops.sigmoid(ops.cast(self.anchors, "float32")), 0)
        anchors = ops.tile(anchors, (batch, 1, 1))  # (B, Q, 4)
        content = ops.cast(self.content, self.compute_dtype)
        contents = ops.tile(ops.expand_dims(content, 0), (batch, count, 1))  # (B, Q, D)
        if labels is None:
            return contents, anchors, None
        groups, objects = labels.shape[1:]
        labels = ops.reshape(labels, (-1, groups * objects))
        boxes = ops.reshape(ops.cast(boxes, "float32"), (-1, groups * objects, 4))
        embedded = ops.cast(self.labels(ops.maximum(labels, 0)), contents.dtype)
        is_query = ops.concatenate(
            [ops.ones((batch, count), "bool"), labels >= 0], axis=1
        )
        mask = ops.convert_to_tensor(denoising_mask(count, groups, objects))
        return (
            ops.concatenate([contents, embedded], axis=1),
            ops.concatenate([anchors, boxes], axis=1),
            ops.logical_and(mask, is_query[:, None, None, :]),
        )

    def positions(self, boxes: Tensor) -> Tensor:
        """Position vectors `(batch, queries, features)` of `(batch, queries, 4)`."""
        batch, queries = ops.shape(boxes)[:2]
        x = sines(boxes, self.embed_dim // 2, _TEMPERATURE)  # (B, Q, 4, D / 2)
        x = ops.reshape(x, (batch, queries, 2 * self.embed_dim))
        return self.output_layer(self.hidden(ops.cast(x, self.compute_dtype)))


def logit(p: Tensor) -> Tensor:
    """log(p / (1 - p)), the inverse of the sigmoid; p is clipped to [0.001, 0.999]."""
    p = ops.clip(p, 1e-3, 1 - 1e-3)
    return ops.log(p) - ops.log(1 - p)


def denoising_mask(queries: int, groups: int, objects: int) -> Array:
    """The mask of the queries' self-attention (Li et al. 2022, equation 3).

    Anchors attend to each other and to no denoising query, which would tell them the
    answer. A group of denoising queries attends to itself and to the anchors, not to
    another group.

    Args:
        queries: Number of anchors, which come first.
        groups: Number of groups of denoising queries.
        objects: Queries in each group.

    Returns:
        Boolean array `(queries + groups * objects,) * 2`; True may be attended to.
    """
    group = np.repeat(np.arange(groups + 1), [queries, *[objects] * groups])
    return (group[:, None] == group) | (group == 0)


def _initial_anchors(shape: tuple[int, int], dtype: Any = None) -> Tensor:
    """Boxes of one size, with their centres on a grid over the image."""
    count = shape[0]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    index = np.arange(count)
    boxes = np.full(shape, _INITIAL_SIDE)
    boxes[:, 0] = (index % columns + 0.5) / columns
    boxes[:, 1] = (index // columns + 0.5) / rows
    return ops.convert_to_tensor(np.log(boxes / (1 - boxes)), dtype)
