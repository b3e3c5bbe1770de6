"""Scenes of several MNIST digits on clutter: detection that can be generated."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.data.annotated import AnnotatedImage, DetectionCorpus
from seqzoo.data.labelled import LabelledArrays, LabelledCorpus
from seqzoo.data.mnist import MNIST_LABELS, mnist, toy_digits
from seqzoo.ops.types import Array

Generator = np.random.Generator

SIDE = 128  # pixels of a scene
MAX_DIGITS = 10
_HEIGHTS = (16, 48)  # of a digit's ink, pixels
_MAX_IOU = 0.1  # of two digits' boxes
_TRIES = 20  # places tried for a digit
_FRAGMENTS = (8, 20)  # pieces of clutter, the second excluded
_INK = 40  # of 255: fainter pixels do not belong to the digit


class DigitScenes(Sequence[AnnotatedImage]):
    """Scenes of 1 to 10 digits, each generated when it is read.

    The background is a gradient between two dark colours, with noise. On it lie
    fragments of digits, which are no objects, then whole digits of any bright colour,
    their ink 16 to 48 pixels high where there is room; the IoU of two boxes is at most
    0.1. A box is as tight as the ink.

    Args:
        digits: Images `(examples, 28, 28)` and labels to draw from.
        count: Number of scenes.
        seed: Equal seeds, equal scenes.
    """

    def __init__(self, digits: LabelledArrays, count: int, seed: Sequence[int]):
        self._digits = digits
        self._count = count
        self._seed = tuple(seed)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        index = range(self._count)[index]  # negative ones count from the end
        return _scene(self._digits, np.random.default_rng([*self._seed, index]))


def digit_scenes() -> DetectionCorpus:
    """Scenes of MNIST's digits; no digit is in two parts.

    An epoch is 4,096 scenes of the first 55,000 training digits, new in each epoch.
    500 scenes of the other 5,000 digits choose the epoch, 1,000 of the test digits are
    the test.
    """
    return _scene_corpus("digit_scenes", mnist(), (4096, 500, 1000))


def toy_scenes() -> DetectionCorpus:
    """A few scenes of toy digits, to try a recipe on."""
    return _scene_corpus("toy", toy_digits(), (32, 4, 4))


def _scene_corpus(
    name: str, digits: LabelledCorpus, counts: tuple[int, int, int]
) -> DetectionCorpus:
    return DetectionCorpus(
        name,
        functools.partial(_training_scenes, digits.train, counts[0]),
        DigitScenes(digits.validation, counts[1], (2,)),
        DigitScenes(digits.test, counts[2], (3,)),
        MNIST_LABELS,
    )


def _training_scenes(digits: LabelledArrays, count: int, epoch: int) -> DigitScenes:
    return DigitScenes(digits, count, (1, epoch))


def _scene(digits: LabelledArrays, rng: Generator) -> AnnotatedImage:
    canvas = _background(rng)
    for _ in range(rng.integers(*_FRAGMENTS)):
        _paste_fragment(canvas, digits, rng)
    boxes: list[list[float]] = []
    labels: list[int] = []
    for _ in range(rng.integers(1, MAX_DIGITS + 1)):
        row = int(rng.integers(len(digits)))
        ink = _scaled(_cropped(digits.examples[row]), rng)
        place = _free_place(ink.shape, boxes, rng)
        if place is None:
            continue
        _paste(canvas, ink, place, rng.uniform(120, 255, 3))
        top, left = place
        boxes.append([left, top, left + ink.shape[1], top + ink.shape[0]])
        labels.append(int(digits.labels[row]))
    return AnnotatedImage(
        np.clip(canvas, 0, 255).astype("uint8"),
        np.array(boxes, "float32"),
        np.array(labels, "int32"),
    )


def _background(rng: Generator) -> Array:
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    slope = (x * np.cos(angle) + y * np.sin(angle) + 0.5)[..., None]
    dark, light = rng.uniform(0, 110, (2, 3))
    noise = rng.normal(0, 6, (SIDE, SIDE, 3))
    return dark + (light - dark) * slope + noise


def _cropped(digit: Array) -> Array:
    """The smallest part of a digit's image that holds its ink."""
    rows, columns = (np.nonzero((digit > _INK).any(axis))[0] for axis in (1, 0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _scaled(ink: Array, rng: Generator) -> Array:
    height = int(rng.integers(_HEIGHTS[0], _HEIGHTS[1] + 1))
    width = max(3, round(height * ink.shape[1] / ink.shape[0]))
    if width > 2 * _HEIGHTS[1]:  # a horizontal stroke
        height, width = max(3, round(height * 2 * _HEIGHTS[1] / width)), 2 * _HEIGHTS[1]
    return _resized(ink, width, height)


def _resized(ink: Array, width: int, height: int) -> Array:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(ink.astype("uint8")))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def _free_place(
    shape: tuple[int, ...], boxes: list[list[float]], rng: Generator
) -> tuple[int, int] | None:
    """Top and left border of a place that overlaps little with `boxes`, or None."""
    height, width = shape
    others = np.array(boxes).reshape(-1, 4)
    for _ in range(_TRIES):
        top, left = (int(rng.integers(SIDE - side + 1)) for side in shape)
        low = np.maximum(others[:, :2], [left, top])
        high = np.minimum(others[:, 2:], [left + width, top + height])
        shared = np.maximum(high - low, 0).prod(axis=1)
        union = (others[:, 2:] - others[:, :2]).prod(axis=1) + height * width - shared
        if not (shared > _MAX_IOU * union).any():
            return top, left
    return None


def _paste_fragment(canvas: Array, digits: LabelledArrays, rng: Generator) -> None:
    ink = _cropped(digits.examples[int(rng.integers(len(digits)))])
    side = int(rng.integers(5, 9))
    top, left = (int(rng.integers(max(1, length - side + 1))) for length in ink.shape)
    piece = ink[top : top + side, left : left + side]
    width, height = (round(n * rng.uniform(1, 2)) for n in piece.shape[::-1])
    piece = _resized(piece, max(2, width), max(2, height))
    place = tuple(int(rng.integers(SIDE - length + 1)) for length in piece.shape)
    _paste(canvas, piece, (place[0], place[1]), rng.uniform(120, 255, 3))


def _paste(canvas: Array, ink: Array, place: tuple[int, int], colour: Array) -> None:
    """Blends a colour into the canvas; ink from 0 to 255 is its opacity."""
    top, left = place
    part = canvas[top : top + ink.shape[0], left : left + ink.shape[1]]
    opacity = ink[..., None] / 255
    part += opacity * (colour - part)
