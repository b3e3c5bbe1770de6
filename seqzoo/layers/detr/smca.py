"""Attention that looks around a box first."""

import math
from typing import Any

import keras
from keras import ops

from seqzoo.ops.types import Shape, Tensor

# A Gaussian is never narrower than this share of the picture: between two places of a
# coarse map a narrow one would be nowhere.
_LEAST_WIDTH = 0.02


class SpatialModulation(keras.layers.Layer):
    """Where the heads of a query look, as a bias of its attention's scores.

    (Gao et al. 2021, "Fast convergence of DETR with spatially modulated co-attention",
    equations 3 to 6.) Every head n has a Gaussian around a place near the query's box,
    with centre c and sides s = (w, h):

        offset_n, scale_n = W x + b
        centre_n = c + s / 2 * offset_n;   width_n = s / 2 * exp(scale_n) + 0.02
        bias_n(place) = -sum over x, y of (place - centre_n)^2 / (2 width_n^2)

    W begins with zeros; b looks at the middle with the first head and around it with
    the others. Gao et al. predict centres and widths from the query alone; here they
    are relative to a box that is refined from layer to layer.

    Args:
        num_heads: Heads of the attention.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, queries, features)`: what was decoded so far.
        boxes: Float tensor `(batch, queries, 4)`: centre and sides of each query's box
            as fractions of the picture.
        places: Float tensor `(batch, steps, 2)`: x and y of the memory's steps,
            likewise.

    Returns:
        Float tensor `(batch, num_heads, queries, steps)`, at most 0.
    """

    def __init__(self, num_heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_heads = num_heads

    def build(self, x_shape: Shape, boxes_shape: Shape, places_shape: Shape) -> None:
        self.looks = keras.layers.Dense(
            self.num_heads * 4,
            kernel_initializer="zeros",
            bias_initializer=self._around,
            dtype=self.dtype_policy,
            name="looks",
        )
        self.looks.build(x_shape)

    def call(self, x: Tensor, boxes: Tensor, places: Tensor) -> Tensor:
        batch, queries = ops.shape(x)[:2]
        # float32: a square of small differences.
        looks = ops.cast(self.looks(x), "float32")
        looks = ops.reshape(looks, (batch, queries, self.num_heads, 4))
        boxes = ops.expand_dims(ops.cast(boxes, "float32"), 2)  # (B, Q, 1, 4)
        half = boxes[..., 2:] / 2
        centre = boxes[..., :2] + half * looks[..., :2]  # (B, Q, N, 2)
        width = half * ops.exp(looks[..., 2:]) + _LEAST_WIDTH
        bias: Any = 0.0
        for axis in (0, 1):
            place = places[:, None, None, :, axis]
            away = (place - centre[..., axis, None]) / width[..., axis, None]
            bias = bias - ops.square(away) / 2  # (B, Q, N, S)
        return ops.cast(ops.transpose(bias, (0, 2, 1, 3)), x.dtype)

    def _around(self, shape: Shape, dtype: Any = None) -> Tensor:
        """The middle, then places at equal angles, each half as wide as the box."""
        looks = [[0.0, 0.0, 0.0, 0.0]]
        for n in range(1, self.num_heads):
            angle = 2 * math.pi * n / (self.num_heads - 1)
            looks.append([math.cos(angle), math.sin(angle), -math.log(2), -math.log(2)])
        return ops.reshape(ops.convert_to_tensor(looks, dtype), shape)
