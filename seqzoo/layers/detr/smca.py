"""Attention that starts around a box."""

import math
from typing import Any

import keras
from keras import ops

from seqzoo.layers.block import Block
from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.types import Shape, Tensor

# Least width of a Gaussian, as a share of the image: a narrower one would lie between
# two places of a coarse map and reach neither.
_LEAST_WIDTH = 0.02


@keras.saving.register_keras_serializable("seqzoo")
class SpatialModulation(Block):
    """Gaussian biases of attention scores, one for each head of a query.

    (Gao et al. 2021, "Fast convergence of DETR with spatially modulated co-attention",
    equations 3 to 6.) Head n has a Gaussian near the query's box, which has the centre
    c and the sides s = (w, h):

        offset_n, scale_n = W x + b
        centre_n = c + s / 2 * offset_n;   width_n = s / 2 * exp(scale_n) + 0.02
        bias_n(place) = -sum over x, y of (place - centre_n)^2 / (2 width_n^2)

    W starts at zero; b starts with the first head's Gaussian at the centre of the box
    and the others' around it. Gao et al. predict centres and widths from the query
    alone; here they are relative to a box that is refined from layer to layer.

    Args:
        num_heads: Heads of the attention.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, queries, features)`: outputs of the decoder block
            before.
        boxes: Float tensor `(batch, queries, 4)`: centre and sides of each query's box
            as fractions of the image.
        places: Float tensor `(batch, steps, 2)`: x and y of the memory's steps, as
            fractions of the image.

    Returns:
        Float tensor `(batch, num_heads, queries, steps)`, at most 0.
    """

    uncast = ("boxes", "places")

    def __init__(self, num_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_heads = positive_integer(num_heads, "num_heads")

    def build(self, x_shape: Shape, boxes_shape: Shape, places_shape: Shape) -> None:
        self.looks = self.child(
            keras.layers.Dense,
            self.num_heads * 4,
            kernel_initializer="zeros",
            bias_initializer=self._initial_bias,
            name="looks",
        )
        self.looks.build(x_shape)

    def call(self, x: Tensor, boxes: Tensor, places: Tensor) -> Tensor:
        check_shapes(
            x=(x, "batch queries features"),
            boxes=(boxes, "batch queries 4"),
            places=(places, "batch steps 2"),
        )
        places = ops.cast(places, "float32")
        batch, queries = ops.shape(x)[:2]
        # float32, because small differences are squared.
        looks = ops.cast(self.looks(x), "float32")
        looks = ops.reshape(looks, (batch, queries, self.num_heads, 4))
        offset, scale = looks[..., :2], looks[..., 2:]  # each (B, Q, N, 2)
        boxes = ops.expand_dims(ops.cast(boxes, "float32"), 2)  # (B, Q, 1, 4)
        half = boxes[..., 2:] / 2
        centre = boxes[..., :2] + half * offset  # (B, Q, N, 2)
        width = half * ops.exp(scale) + _LEAST_WIDTH
        bias: Any = 0.0
        for axis in (0, 1):
            place = places[:, None, None, :, axis]  # (B, 1, 1, S)
            distance = (place - centre[..., axis, None]) / width[..., axis, None]
            bias = bias - ops.square(distance) / 2  # (B, Q, N, S)
        return ops.cast(ops.transpose(bias, (0, 2, 1, 3)), x.dtype)  # (B, N, Q, S)

    def _initial_bias(self, shape: Shape, dtype: Any = None) -> Tensor:
        """The centre of the box, then points at equal angles, with half its width."""
        looks = [[0.0, 0.0, 0.0, 0.0]]
        for n in range(1, self.num_heads):
            angle = 2 * math.pi * n / (self.num_heads - 1)
            looks.append([math.cos(angle), math.sin(angle), -math.log(2), -math.log(2)])
        return ops.reshape(ops.convert_to_tensor(looks, dtype), shape)
