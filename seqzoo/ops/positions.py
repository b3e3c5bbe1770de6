"""Positions: learned ones at another resolution, places of a map, and sines."""

import math
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.types import Array, Tensor

_A = -0.75  # of the cubic convolution kernel, as PyTorch has it; Keys's is -0.5


def resampled_grid(grid: Array, size: tuple[int, int]) -> Array:
    """A grid of vectors at another resolution, by cubic convolution (Keys 1981).

        outputs_y = sum over k of w(k - (fraction of y)) grid_(floor(y) + k)
        w(t) = (a+2)|t|^3 - (a+3)|t|^2 + 1                for |t| <= 1
        w(t) = a|t|^3 - 5a|t|^2 + 8a|t| - 4a              for 1 < |t| < 2

    with a = -0.75, pixels taken as areas (half-pixel centres) and the border repeated:
    the original vision transformers do this for other image sizes. There is no
    antialiasing.

    Args:
        grid: Float array `(height, width, features)`.
        size: New height and width.

    Returns:
        Float array `(*size, features)` of the same dtype.
    """
    for axis, length in enumerate(size):
        grid = _resampled_axis(grid, axis, length)
    return grid


def sine_grid(mask: Tensor, features: int, temperature: float = 10000.0) -> Tensor:
    """Sines and cosines of the places of a map (Carion et al. 2020, appendix A.4).

        y = 2 pi (real places above, this one included) / (real places + 1e-6)
        half_y[2i], half_y[2i + 1] = sin, cos of y / temperature^(2i / (features / 2))
        outputs = [half_y, half_x],   x like y, from left to right

    Only real places count, so the last real one of a column has y = 2 pi.

    Args:
        mask: Boolean tensor `(batch, height, width)`; True is real.
        features: Features of a vector, a multiple of 4.
        temperature: About the ratio of the longest wave to the shortest.

    Returns:
        Float32 tensor `(batch, height, width, features)` in [-1, 1].

    Raises:
        ValueError: If `features` is no multiple of 4.
    """
    if features % 4:
        raise ValueError(
            "`features` must be a multiple of 4: a sine and a cosine for each of two "
            f"axes. Received: features={features}"
        )
    halves = []
    for axis in (1, 2):
        count, last = _count_real(mask, axis)
        halves.append(sines(count / (last + 1e-6), features // 2, temperature))
    return ops.concatenate(halves, axis=-1)


def sines(values: Tensor, features: int, temperature: float = 10000.0) -> Tensor:
    """Sines and cosines of numbers (Vaswani et al. 2017, section 3.5).

        outputs[2i], outputs[2i+1] = sin, cos of 2 pi value / temperature^(2i/features)

    Args:
        values: Float tensor of any shape, about 0 to 1.
        features: Features of a vector, even.
        temperature: About the ratio of the longest wave to the shortest.

    Returns:
        Float32 tensor `(*values.shape, features)` in [-1, 1].
    """
    lengths = temperature ** (np.arange(0, features, 2) / features)
    lengths = ops.convert_to_tensor(lengths, "float32")
    angles = ops.expand_dims(ops.cast(values, "float32") * (2 * math.pi), -1) / lengths
    pairs = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
    return ops.reshape(pairs, (*ops.shape(values), features))


def sinusoids(positions: Tensor, features: int) -> Tensor:
    """Sines and cosines of positions in a sequence (Vaswani et al. 2017, section 3.5).

        outputs[i] = sin(position / 10000^(2i / features)),  i < features / 2
        outputs[features / 2 + i] = cos of the same

    The paper has sine and cosine in turn. Its own code (Tensor2Tensor) and Marian have
    two halves, as here; a network that learns cannot tell them apart.

    Args:
        positions: Integer tensor of any shape, from 0.
        features: Features of a vector, even.

    Returns:
        Float32 tensor `(*positions.shape, features)`.
    """
    angles = _angles(positions, features)
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


def rotated(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary position embedding (Su et al. 2021, equation 34).

        angle_i = position / 10000^(2i / head_dim),  i < head_dim / 2
        outputs_i = x_i cos(angle_i) - x_(i + head_dim/2) sin(angle_i)
        outputs_(i + head_dim/2) = x_(i + head_dim/2) cos(angle_i) + x_i sin(angle_i)

    The product of a rotated query and a rotated key depends on their distance only.

    Args:
        x: Float tensor `(batch, heads, steps, head_dim)`; head_dim is even.
        positions: Integer tensor that broadcasts to `(batch, steps)`.
    """
    angles = ops.expand_dims(_angles(positions, x.shape[-1]), -3)  # (1 or B, 1, S, K/2)
    sines, cosines = (
        ops.cast(ops.sin(angles), x.dtype),
        ops.cast(ops.cos(angles), x.dtype),
    )
    first, second = ops.split(x, 2, axis=-1)
    return ops.concatenate(
        [first * cosines - second * sines, second * cosines + first * sines], axis=-1
    )


def grid_places(mask: Tensor) -> Tensor:
    """The centres of a map's places, as fractions of the real part of the image.

        x = (real places to the left, this one included, - 1/2) / (real places)

    and y likewise, from above.

    Args:
        mask: Boolean tensor `(batch, height, width)`; True is real.

    Returns:
        Float32 tensor `(batch, height, width, 2)`: x and y, for real places between 0
        and 1.
    """
    counts = [_count_real(mask, axis) for axis in (2, 1)]
    return ops.stack(
        [(count - 0.5) / ops.maximum(last, 1.0) for count, last in counts], axis=-1
    )


def resized_mask(mask: Tensor, size: tuple[Any, Any]) -> Tensor:
    """A mask of pixels at the size of a map: each place takes its upper left pixel.

        outputs_ij = mask at floor(i height / rows), floor(j width / columns)

    Args:
        mask: Boolean tensor `(batch, height, width)`.
        size: Rows and columns of the map.

    Returns:
        Boolean tensor `(batch, rows, columns)`.
    """
    mask = ops.cast(mask, "bool")
    for axis, count in enumerate(size, start=1):
        # In float32 as in PyTorch: its rounding decides which pixel is taken.
        scale = ops.cast(ops.shape(mask)[axis], "float32") / ops.cast(count, "float32")
        places = ops.floor(ops.cast(ops.arange(count), "float32") * scale)
        mask = ops.take(mask, ops.cast(places, "int32"), axis=axis)
    return mask


def _angles(positions: Tensor, features: int) -> Tensor:
    if features % 2:
        raise ValueError(
            "Positions need an even number of features: a sine and a cosine for each "
            f"wave. Received: features={features}"
        )
    rates = 10000.0 ** (-np.arange(0, features, 2) / features)
    positions = ops.expand_dims(ops.cast(positions, "float32"), -1)
    return positions * ops.convert_to_tensor(rates, "float32")


def _count_real(mask: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Real places along an axis up to and including each place, and in total."""
    count = ops.cumsum(ops.cast(mask, "float32"), axis=axis)
    return count, count[:, -1:] if axis == 1 else count[:, :, -1:]


def _resampled_axis(grid: Array, axis: int, new_length: int) -> Array:
    length = grid.shape[axis]
    if length == new_length:
        return grid
    places = (np.arange(new_length) + 0.5) * (length / new_length) - 0.5
    first = np.floor(places).astype(int)
    total: Any = 0
    for k in range(-1, 3):
        weight = _cubic(np.abs(places - first - k))
        part = np.take(grid, np.clip(first + k, 0, length - 1), axis=axis)
        shape = [1] * grid.ndim
        shape[axis] = new_length
        total = total + part * weight.reshape(shape)
    return total.astype(grid.dtype)


def _cubic(t: Array) -> Array:
    near = (_A + 2) * t**3 - (_A + 3) * t**2 + 1
    far = _A * t**3 - 5 * _A * t**2 + 8 * _A * t - 4 * _A
    return np.where(t <= 1, near, np.where(t < 2, far, 0))
