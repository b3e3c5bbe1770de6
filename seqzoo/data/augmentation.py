"""Random changes of training images, a batch at a time.

Equal generators make equal changes, which the augmentation layers of Keras and
torchvision do not promise across processes. Images are arrays `(batch, height, width)`
or `(batch, height, width, channels)` of any dtype; their shape stays. The text of an
augmentation says what is done to the images, for the model card.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqzoo.ops.types import Array

Generator = np.random.Generator


def augmentation_sentence(augment: Sequence[Any], mix: Any = None) -> str:
    """What is done to training images, as a sentence for the model card."""
    changes = [str(change) for change in augment]
    *first, last = changes
    listed = f"{', '.join(first)} and {last}" if first else last
    return f"Training images are {listed}{f'; {mix}' if mix else ''}."


@dataclass(frozen=True)
class RandomShift:
    """Moves each image by up to `pixels` both ways; the border becomes black."""

    pixels: int

    def __call__(self, images: Array, rng: Generator) -> Array:
        most = self.pixels
        count, height, width = images.shape[:3]
        margins = [(0, 0), (most, most), (most, most), *[(0, 0)] * (images.ndim - 3)]
        padded = np.pad(images, margins)
        starts = rng.integers(2 * most + 1, size=(2, count, 1))
        rows, columns = starts[0] + np.arange(height), starts[1] + np.arange(width)
        # Indices (batch, 1, 1), (batch, height, 1) and (batch, 1, width).
        examples = np.arange(count)[:, None, None]
        return padded[examples, rows[:, :, None], columns[:, None, :]]

    def __str__(self) -> str:
        unit = "pixel" if self.pixels == 1 else "pixels"
        return f"shifted by up to {self.pixels} {unit}"


@dataclass(frozen=True)
class RandomFlip:
    """Mirrors each image left to right with probability 1/2."""

    def __call__(self, images: Array, rng: Generator) -> Array:
        chosen = rng.random(len(images)) < 0.5
        flipped = images.copy()
        flipped[chosen] = images[chosen][:, :, ::-1]
        return flipped

    def __str__(self) -> str:
        return "mirrored left to right with probability 1/2"


@dataclass(frozen=True)
class Cutout:
    """Blackens a square of `side` pixels (DeVries and Taylor 2017, section 3.2).

    Its centre is anywhere in the image; what lies outside is cut off.
    """

    side: int

    def __call__(self, images: Array, rng: Generator) -> Array:
        count, height, width = images.shape[:3]
        tops = rng.integers(height, size=(count, 1)) - self.side // 2
        lefts = rng.integers(width, size=(count, 1)) - self.side // 2
        y, x = np.arange(height), np.arange(width)
        in_rows = (y >= tops) & (y < tops + self.side)
        in_columns = (x >= lefts) & (x < lefts + self.side)
        cut = images.copy()
        cut[in_rows[:, :, None] & in_columns[:, None, :]] = 0
        return cut

    def __str__(self) -> str:
        return f"covered in part by a black square of {self.side} by {self.side} pixels"


@dataclass(frozen=True)
class CutMix:
    """Pastes a random box from another image and mixes the targets by area.

    Yun et al. 2019, equations 1 and 2, with a box of its own for each image:

        x' = M x_A + (1 - M) x_B
        y' = l y_A + (1 - l) y_B,  l = mean(M)

    The box has the image's proportions; its area before it is cut at the border is
    uniform from none to all, and its centre is anywhere.

    Args:
        share: Share of the images that get a box.
    """

    share: float

    def __call__(
        self, images: Array, targets: Array, rng: Generator
    ) -> tuple[Array, Array]:
        """Images and targets `(batch, classes)`, in their shapes and dtypes."""
        count, height, width = images.shape[:3]
        others = rng.permutation(count)
        sides = np.sqrt(rng.random((count, 1))) * (
            rng.random((count, 1)) < self.share
        )  # as a share of the image's sides
        in_rows, in_columns = (
            np.abs(np.arange(length) + 0.5 - length * rng.random((count, 1)))
            < length * sides / 2
            for length in (height, width)
        )
        boxes = in_rows[:, :, None] & in_columns[:, None, :]  # (batch, height, width)
        mixed = images.copy()
        mixed[boxes] = images[others][boxes]
        area = boxes.mean((1, 2))[:, None].astype(targets.dtype)
        return mixed, (1 - area) * targets + area * targets[others]

    def __str__(self) -> str:
        return f"CutMix (Yun et al. 2019) mixes {100 * self.share:g} % of them"


@dataclass(frozen=True)
class RandomAffine:
    """Rotates, scales and moves each image, with bilinear interpolation.

    Takes grey images `(batch, height, width)`, black outside, and returns float32 in
    their range.

    Args:
        degrees: Largest angle, either way.
        scale: Sides grow or shrink by up to this share.
        shift: Largest shift either way, pixels.
    """

    degrees: float
    scale: float
    shift: float

    def __call__(self, images: Array, rng: Generator) -> Array:
        count, height, width = images.shape
        angles = np.deg2rad(rng.uniform(-self.degrees, self.degrees, size=count))
        scales = 1 / rng.uniform(1 - self.scale, 1 + self.scale, size=(2, count))
        shifts = rng.uniform(-self.shift, self.shift, size=(2, count))
        middle = np.array([height - 1, width - 1]) / 2
        y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
        y, x = (axis[None] - middle[i] for i, axis in enumerate((y, x)))
        y, x = y - shifts[0][:, None, None], x - shifts[1][:, None, None]
        cos, sin = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
        rows = (cos * y - sin * x) * scales[0][:, None, None] + middle[0]
        columns = (sin * y + cos * x) * scales[1][:, None, None] + middle[1]
        # A black border of 1: pixels further out are read from it.
        padded = np.pad(images.astype("float32"), [(0, 0), (1, 1), (1, 1)])
        rows = np.clip(rows + 1, 0, height + 0.999)  # (batch, height, width)
        columns = np.clip(columns + 1, 0, width + 0.999)
        top, left = rows.astype(int), columns.astype(int)
        down, right = rows - top, columns - left
        examples = np.arange(count)[:, None, None]
        warped = (
            padded[examples, top, left] * (1 - down) * (1 - right)
            + padded[examples, top + 1, left] * down * (1 - right)
            + padded[examples, top, left + 1] * (1 - down) * right
            + padded[examples, top + 1, left + 1] * down * right
        )
        return warped.astype("float32")

    def __str__(self) -> str:
        return (
            f"rotated by up to {self.degrees} degrees, scaled by up to "
            f"{100 * self.scale:g} % and shifted by up to {self.shift} pixels"
        )
