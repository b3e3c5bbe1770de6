"""Position vectors: learned ones resampled to another grid."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

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
