"""Pictures changed at random, a batch at a time; equal generators, equal changes.

Pictures are arrays `(batch, height, width)` or `(batch, height, width, channels)`, in
any dtype; what comes back has their shape.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Generator = np.random.Generator


def shifted(pictures: Array, rng: Generator, most: int) -> Array:
    """Each moved by up to `most` pixels both ways, its border filled with black."""
    count, height, width = pictures.shape[:3]
    margins = [(0, 0), (most, most), (most, most), *[(0, 0)] * (pictures.ndim - 3)]
    padded = np.pad(pictures, margins)
    starts = rng.integers(2 * most + 1, size=(2, count, 1))
    rows, columns = starts[0] + np.arange(height), starts[1] + np.arange(width)
    examples = np.arange(count)[:, None, None]
    return padded[examples, rows[:, :, None], columns[:, None, :]]


def flipped(pictures: Array, rng: Generator) -> Array:
    """Each, with probability 1/2, as in a mirror."""
    mirrored = rng.random(len(pictures)) < 0.5
    found = pictures.copy()
    found[mirrored] = pictures[mirrored][:, :, ::-1]
    return found


def erased(pictures: Array, rng: Generator, side: int) -> Array:
    """A black square in each, of `side` pixels where it lies wholly inside.

    Cutout (DeVries and Taylor 2017, section 3.2): the centre is anywhere.
    """
    count, height, width = pictures.shape[:3]
    tops = rng.integers(height, size=(count, 1)) - side // 2
    lefts = rng.integers(width, size=(count, 1)) - side // 2
    in_rows = (np.arange(height) >= tops) & (np.arange(height) < tops + side)
    in_columns = (np.arange(width) >= lefts) & (np.arange(width) < lefts + side)
    found = pictures.copy()
    found[in_rows[:, :, None] & in_columns[:, None, :]] = 0
    return found


def cut_and_mixed(
    pictures: Array, targets: Array, rng: Generator, share: float = 0.5
) -> tuple[Array, Array]:
    """A box of some is another picture's, and their targets are mixed alike.

    CutMix (Yun et al. 2019, equations 1 and 2), with a box of its own for each:

        x' = M x_A + (1 - M) x_B
        y' = l y_A + (1 - l) y_B,  l = mean(M)

    The box has the picture's proportions, its area before it is cut at the border is
    uniform from none to all, and its centre is anywhere.

    Args:
        pictures: Pictures of a batch.
        targets: Probabilities `(batch, classes)`, float.
        rng: Generator of the changes.
        share: Part of the pictures that get a box.

    Returns:
        Pictures and targets, in their shapes and dtypes.
    """
    count, height, width = pictures.shape[:3]
    others = rng.permutation(count)
    sides = np.sqrt(rng.random((count, 1))) * (rng.random((count, 1)) < share)
    in_rows, in_columns = (
        np.abs(np.arange(length) + 0.5 - length * rng.random((count, 1)))
        < length * sides / 2
        for length in (height, width)
    )
    boxes = in_rows[:, :, None] & in_columns[:, None, :]
    found = pictures.copy()
    found[boxes] = pictures[others][boxes]
    taken = boxes.mean((1, 2))[:, None].astype(targets.dtype)
    return found, (1 - taken) * targets + taken * targets[others]


def warped(
    pictures: Array, rng: Generator, degrees: float, scale: float, shift: float
) -> Array:
    """Each turned, scaled and moved at random, by bilinear interpolation.

    Args:
        pictures: Pictures `(batch, height, width)`; outside them is black.
        rng: Generator of the changes.
        degrees: Largest angle, either way.
        scale: Sides grow or shrink by up to this share.
        shift: Largest shift either way, pixels.

    Returns:
        float32, in the range of the pictures.
    """
    count, height, width = pictures.shape
    angles = np.deg2rad(rng.uniform(-degrees, degrees, size=count))
    scales = 1 / rng.uniform(1 - scale, 1 + scale, size=(2, count))
    shifts = rng.uniform(-shift, shift, size=(2, count))
    middle = np.array([height - 1, width - 1]) / 2
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    y, x = (axis[None] - middle[i] for i, axis in enumerate((y, x)))
    y, x = y - shifts[0][:, None, None], x - shifts[1][:, None, None]
    cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    rows = (cos * y - sin * x) * scales[0][:, None, None] + middle[0]
    columns = (sin * y + cos * x) * scales[1][:, None, None] + middle[1]
    # A black border of 1: what lies further out is read from it.
    padded = np.pad(pictures.astype("float32"), [(0, 0), (1, 1), (1, 1)])
    rows = np.clip(rows + 1, 0, height + 0.999)
    columns = np.clip(columns + 1, 0, width + 0.999)
    top, left = rows.astype(int), columns.astype(int)
    down, right = rows - top, columns - left
    examples = np.arange(count)[:, None, None]
    found = (
        padded[examples, top, left] * (1 - down) * (1 - right)
        + padded[examples, top + 1, left] * down * (1 - right)
        + padded[examples, top, left + 1] * (1 - down) * right
        + padded[examples, top + 1, left + 1] * down * right
    )
    return found.astype("float32")
