"""Position vectors: learned ones resampled to another grid, and waves over a map."""

import math
from typing import Any

import numpy as np
from keras import ops

Array = np.ndarray[Any, Any]
Tensor = Any

_A = -0.75  # of the cubic convolution kernel, as PyTorch has it; Keys's is -0.5


def resampled_grid(grid: Array, size: tuple[int, int]) -> Array:
    """A grid of vectors at another resolution, by cubic convolution (Keys 1981).

        outputs_y = sum over k of w(k - (fraction of y)) grid_(floor(y) + k)
        w(t) = (a+2)|t|^3 - (a+3)|t|^2 + 1                for |t| <= 1
        w(t) = a|t|^3 - 5a|t|^2 + 8a|t| - 4a              for 1 < |t| < 2

    with a = -0.75, pixels taken as areas (half-pixel centres) and the border repeated:
    what the original vision transformers use for other image sizes. There is no
    antialiasing.

    Args:
        grid: Float array `(height, width, features)`.
        size: New height and width.

    Returns:
        Float array `(*size, features)` of the same dtype.
    """
    for axis, wanted in enumerate(size):
        grid = _resampled_axis(grid, axis, wanted)
    return grid


def sine_grid(mask: Tensor, features: int, temperature: float = 10000.0) -> Tensor:
    """Sines and cosines of the place in a map (Carion et al. 2020, appendix A.4).

        y = 2 pi (real places up to this one, downwards) / (all of them + 1e-6)
        half_y[2i], half_y[2i + 1] = sin, cos of y / temperature^(2i / (features / 2))
        outputs = [half_y, half_x],   x like y, to the right

    The first real place counts 1, the last comes to 2 pi: what is padded is not part of
    the picture.

    Args:
        mask: Boolean tensor `(batch, height, width)`; True is real.
        features: Features of a vector, a multiple of 4.
        temperature: The longest wave is about so many times the shortest.

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
    half = features // 2
    lengths = temperature ** (np.arange(0, half, 2) / half)
    lengths = ops.convert_to_tensor(lengths, "float32")
    real = ops.cast(mask, "float32")
    halves = []
    for axis in (1, 2):
        count = ops.cumsum(real, axis=axis)
        last = count[:, -1:] if axis == 1 else count[:, :, -1:]
        place = count / (last + 1e-6) * (2 * math.pi)
        angles = ops.expand_dims(place, -1) / lengths
        waves = ops.stack([ops.sin(angles), ops.cos(angles)], axis=-1)
        halves.append(ops.reshape(waves, (*ops.shape(place), half)))
    return ops.concatenate(halves, axis=-1)


def _resampled_axis(grid: Array, axis: int, wanted: int) -> Array:
    length = grid.shape[axis]
    if length == wanted:
        return grid
    places = (np.arange(wanted) + 0.5) * (length / wanted) - 0.5
    first = np.floor(places).astype(int)
    total: Any = 0
    for k in range(-1, 3):
        weight = _cubic(np.abs(places - first - k))
        part = np.take(grid, np.clip(first + k, 0, length - 1), axis=axis)
        shape = [1] * grid.ndim
        shape[axis] = wanted
        total = total + part * weight.reshape(shape)
    return total.astype(grid.dtype)


def _cubic(t: Array) -> Array:
    near = (_A + 2) * t**3 - (_A + 3) * t**2 + 1
    far = _A * t**3 - 5 * _A * t**2 + 8 * _A * t - 4 * _A
    return np.where(t <= 1, near, np.where(t < 2, far, 0))
