"""TrivialAugment: one operation of random strength an image, nothing to tune."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from seqzoo.ops.types import Array

Operation = Callable[[Image.Image, float], Image.Image]

LEVELS = 31  # strengths, from none to the whole of an operation's range


@dataclass(frozen=True)
class TrivialAugment:
    """Changes each image by one operation of the wide space, of random strength.

    Müller and Hutter 2021, "TrivialAugment: tuning-free yet state-of-the-art data
    augmentation", algorithm 1 and table 1: shear, translation, rotation, brightness,
    colour, contrast, sharpness, posterize, solarize, autocontrast, equalize or none.
    Images are uint8 `(batch, height, width, 3)`; pixels from outside are black.
    """

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        chosen = rng.integers(len(_OPERATIONS), size=len(images))
        strengths = rng.integers(LEVELS, size=len(images)) / (LEVELS - 1)
        signs = rng.choice([-1, 1], size=len(images))
        changed = np.empty_like(images)
        for i, image in enumerate(images):
            operation = _OPERATIONS[chosen[i]]
            strength = float(signs[i] * strengths[i])
            changed[i] = operation(Image.fromarray(image), strength)
        return changed

    def __str__(self) -> str:
        return "changed by TrivialAugment (Müller and Hutter 2021)"


def _affine(matrix: Callable[[float], tuple[float, ...]]) -> Operation:
    """Moves pixels by the two rows of a matrix, which depends on the strength."""

    def transform(image: Image.Image, strength: float) -> Image.Image:
        return image.transform(image.size, Image.Transform.AFFINE, matrix(strength))

    return transform


def _enhance(kind: Any) -> Operation:
    """Scales brightness, colour or contrast by 0.01 (at -1) to 1.99 (at +1)."""
    return lambda image, strength: kind(image).enhance(1 + 0.99 * strength)


# Each takes a strength from -1 to 1; some use its size alone.
_OPERATIONS: tuple[Operation, ...] = (
    lambda image, _: image,
    _affine(lambda s: (1, 0.99 * s, 0, 0, 1, 0)),
    _affine(lambda s: (1, 0, 0, 0.99 * s, 1, 0)),
    _affine(lambda s: (1, 0, 32 * s, 0, 1, 0)),
    _affine(lambda s: (1, 0, 0, 0, 1, 32 * s)),
    lambda image, s: image.rotate(135 * s),
    _enhance(ImageEnhance.Brightness),
    _enhance(ImageEnhance.Color),
    _enhance(ImageEnhance.Contrast),
    _enhance(ImageEnhance.Sharpness),
    lambda image, s: ImageOps.posterize(image, 8 - round(6 * abs(s))),
    lambda image, s: ImageOps.solarize(image, round(256 * (1 - abs(s)))),
    lambda image, _: ImageOps.autocontrast(image),
    lambda image, _: ImageOps.equalize(image),
)
