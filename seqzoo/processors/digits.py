"""Drawn and photographed digits, dark on light paper, in the form of MNIST's."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.ops.types import Array

INK = 48  # of 255: fainter pixels are paper
DIGIT_SIDE = 20 / 28  # the longer side of a digit of MNIST, relative to the image
LIGHT = 128  # of 255: the border of an image on light paper is brighter
DIGITS = frozenset("0123456789")


def are_digits(labels: Sequence[str]) -> bool:
    """Whether the classes of a model are the ten digits."""
    return len(labels) == len(DIGITS) and set(labels) == DIGITS


def is_on_paper(image: Any) -> bool:
    """Whether the border of a `PIL.Image` is light, other than in MNIST."""
    grey = np.asarray(image.convert("L"))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(np.median(border)) > LIGHT


def as_in_mnist(image: Any, size: int) -> Any:
    """Dark ink on light paper in the form of MNIST's digits, as a grey `PIL.Image`.

    White on black, scaled to 20 of 28 pixels, the centre of mass in the middle (LeCun
    et al. 1998, section III A).

    Args:
        image: A `PIL.Image` without transparent pixels.
        size: Height and width of the result, pixels.

    Raises:
        ValueError: If there is no ink.
    """
    from PIL import Image

    ink = 255 - np.asarray(image.convert("L"), "float32")
    ink -= np.median(ink)  # the paper need not be white
    is_ink = ink > INK
    if not is_ink.any():
        raise ValueError("Wanted: a digit. Received: a blank image. Draw one.")
    rows, columns = np.flatnonzero(is_ink.any(1)), np.flatnonzero(is_ink.any(0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].clip(0)
    ink *= 255 / ink.max()
    scale = DIGIT_SIDE * size / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    small = Image.fromarray(ink.astype("uint8")).resize((width, height), 4)
    mass: Array = np.asarray(small, "float32") + 1e-6
    y, x = np.indices(mass.shape)
    top = round(size / 2 - float((y * mass).sum() / mass.sum()) - 0.5)
    left = round(size / 2 - float((x * mass).sum() / mass.sum()) - 0.5)
    digit = Image.new("L", (size, size))
    corner = (min(max(left, 0), size - width), min(max(top, 0), size - height))
    digit.paste(small, corner)
    return digit
