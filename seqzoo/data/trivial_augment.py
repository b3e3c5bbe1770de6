"""TrivialAugment: one operation of random strength a picture, nothing to tune."""

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

Array = np.ndarray[Any, Any]
Change = Callable[[Image.Image, float], Image.Image]

LEVELS = 31  # strengths, from none to the whole of an operation's range


def trivially_augmented(pictures: Array, rng: np.random.Generator) -> Array:
    """Each changed by one operation of the wide space, drawn with its strength.

    Müller and Hutter 2021, "TrivialAugment: tuning-free yet state-of-the-art data
    augmentation", algorithm 1 and table 1: shear, translation, rotation, brightness,
    colour, contrast, sharpness, posterize, solarize, autocontrast, equalize or none.
    What comes into the picture from outside is black.

    Args:
        pictures: uint8 `(batch, height, width, 3)`.
        rng: Generator of the changes.

    Returns:
        uint8, of the shape of `pictures`.
    """
    changes = rng.integers(len(_CHANGES), size=len(pictures))
    strengths = rng.integers(LEVELS, size=len(pictures)) / (LEVELS - 1)
    signs = rng.choice([-1, 1], size=len(pictures))
    found = np.empty_like(pictures)
    for i, picture in enumerate(pictures):
        change = _CHANGES[changes[i]]
        found[i] = change(Image.fromarray(picture), float(signs[i] * strengths[i]))
    return found


def _affine(matrix: Callable[[float], tuple[float, ...]]) -> Change:
    """Pixels read from elsewhere, by the two rows of a matrix."""

    def change(picture: Image.Image, strength: float) -> Image.Image:
        return picture.transform(picture.size, Image.Transform.AFFINE, matrix(strength))

    return change


def _enhanced(kind: Any) -> Change:
    """Between nothing of what `kind` is of, at -1, and twice of it."""
    return lambda picture, strength: kind(picture).enhance(1 + 0.99 * strength)


# By strength: from -1 to 1, of which some take the size alone.
_CHANGES: tuple[Change, ...] = (
    lambda picture, _: picture,
    _affine(lambda s: (1, 0.99 * s, 0, 0, 1, 0)),
    _affine(lambda s: (1, 0, 0, 0.99 * s, 1, 0)),
    _affine(lambda s: (1, 0, 32 * s, 0, 1, 0)),
    _affine(lambda s: (1, 0, 0, 0, 1, 32 * s)),
    lambda picture, s: picture.rotate(135 * s),
    _enhanced(ImageEnhance.Brightness),
    _enhanced(ImageEnhance.Color),
    _enhanced(ImageEnhance.Contrast),
    _enhanced(ImageEnhance.Sharpness),
    lambda picture, s: ImageOps.posterize(picture, 8 - round(6 * abs(s))),
    lambda picture, s: ImageOps.solarize(picture, round(256 * (1 - abs(s)))),
    lambda picture, _: ImageOps.autocontrast(picture),
    lambda picture, _: ImageOps.equalize(picture),
)
