"""Queries that are boxes."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.ops.positions import waves
from seqzoo.ops.types import Tensor

_FIRST_SIDE = 0.2  # of a fresh anchor, as a share of the picture
_TEMPERATURE = 20.0  # Liu et al. 2022, section 4.4: places are few, their waves short


class Anchors(keras.layers.Layer):
    """Queries that are boxes (Liu et al. 2022, "DAB-DETR", sections 4.2 to 4.4).

        boxes = sigmoid(anchors);   contents = content, the same for all
        positions(box) = W_2 relu(W_1 [waves of x, y, w, h] + b_1) + b_2

    A decoder refines the boxes from layer to layer and asks for their positions each
    time. In training there may be denoising queries beside them (Li et al. 2022,
    "DN-DETR", section 3.3), boxes and classes that are nearly right: their contents are
    the embeddings of their classes.

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
        self.num_queries = num_queries
        self.embed_dim = embed_dim
        policy = {"dtype": self.dtype_policy}
        self.labels = keras.layers.Embedding(
            num_classes, embed_dim, name="labels", **policy
        )
        self.hidden = keras.layers.Dense(
            embed_dim, activation="relu", name="hidden", **policy
        )
        self.output_layer = keras.layers.Dense(embed_dim, name="output_layer", **policy)

    def build(self, input_shape: Any = None) -> None:
        self.anchors = self.add_weight(
            name="anchors", shape=(self.num_queries, 4), initializer=_spread
        )
        self.content = self.add_weight(
            name="content",
            shape=(1, self.embed_dim),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        self.labels.build((None, None))
        self.hidden.build((None, None, 2 * self.embed_dim))
        self.output_layer.build((None, None, self.embed_dim))

    def first(
        self, batch: Any, labels: Tensor | None = None, boxes: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """What a decoder begins with.

        Args:
            batch: Number of rows.
            labels: Of denoising queries: int tensor `(batch, groups, objects)`, -1 for
                padding.
            boxes: Theirs: float tensor `(batch, groups, objects, 4)`.

        Returns:
            Contents `(batch, queries, features)`, boxes `(batch, queries, 4)` and which
            query may see which, boolean `(batch, 1, queries, queries)`, or None where
            each may see all. Denoising queries stand last, group after group.
        """
        count = self.num_queries
        first = ops.expand_dims(ops.sigmoid(ops.cast(self.anchors, "float32")), 0)
        first = ops.tile(first, (batch, 1, 1))
        content = ops.cast(self.content, self.compute_dtype)
        contents = ops.tile(ops.expand_dims(content, 0), (batch, count, 1))
        if labels is None:
            return contents, first, None
        groups, objects = labels.shape[1:]
        labels = ops.reshape(labels, (-1, groups * objects))
        boxes = ops.reshape(ops.cast(boxes, "float32"), (-1, groups * objects, 4))
        known = ops.cast(self.labels(ops.maximum(labels, 0)), contents.dtype)
        is_query = ops.concatenate(
            [ops.ones((batch, count), "bool"), labels >= 0], axis=1
        )
        seen = ops.convert_to_tensor(denoising_mask(count, groups, objects))
        return (
            ops.concatenate([contents, known], axis=1),
            ops.concatenate([first, boxes], axis=1),
            ops.logical_and(seen, is_query[:, None, None, :]),
        )

    def positions(self, boxes: Tensor) -> Tensor:
        """Where boxes `(batch, queries, 4)` are, as `(batch, queries, features)`."""
        batch, queries = ops.shape(boxes)[:2]
        each = waves(boxes, self.embed_dim // 2, _TEMPERATURE)
        each = ops.reshape(each, (batch, queries, 2 * self.embed_dim))
        return self.output_layer(self.hidden(ops.cast(each, self.compute_dtype)))


def logit(p: Tensor) -> Tensor:
    """log(p / (1 - p)), the inverse of the sigmoid; p is kept 0.001 from 0 and 1."""
    p = ops.clip(p, 1e-3, 1 - 1e-3)
    return ops.log(p) - ops.log(1 - p)


def denoising_mask(queries: int, groups: int, objects: int) -> np.ndarray[Any, Any]:
    """Which query may see which (Li et al. 2022, equation 3).

    The anchors see each other and no denoising query, which would tell them the answer.
    A group of denoising queries sees itself and the anchors, not another group.

    Args:
        queries: Number of anchors, which stand first.
        groups: Number of groups of denoising queries.
        objects: Queries in each group.

    Returns:
        Boolean array `(queries + groups * objects,) * 2`.
    """
    group = np.repeat(np.arange(groups + 1), [queries, *[objects] * groups])
    return (group[:, None] == group) | (group == 0)


def _spread(shape: tuple[int, int], dtype: Any = None) -> Tensor:
    """Boxes of one size, their centres on a grid over the picture."""
    count = shape[0]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    index = np.arange(count)
    boxes = np.full(shape, _FIRST_SIDE)
    boxes[:, 0] = (index % columns + 0.5) / columns
    boxes[:, 1] = (index // columns + 0.5) / rows
    return ops.convert_to_tensor(np.log(boxes / (1 - boxes)), dtype)
