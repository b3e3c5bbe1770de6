"""Images as inputs: paths, `PIL.Image`s or arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor

RESAMPLES = ("bilinear", "bicubic")


class BaseImageProcessor(Processor):
    """Base class of processors of images.

    Images are paths, `PIL.Image`s or arrays `(height, width)`, `(height, width, 1)` or
    `(height, width, 3)`; uint8 from 0 to 255, or floats from 0 to 1.
    """

    def as_list(self, inputs: Any) -> tuple[list[Any], bool]:
        """The images as a list, and whether they were a single image."""
        if isinstance(inputs, np.ndarray) and inputs.ndim == 4:
            return list(inputs), False
        return super().as_list(inputs)


class NormalisingImageProcessor(BaseImageProcessor):
    """Base class of image processors that shift and scale the channels.

        pixels = (resized / 255 - mean) / std,   by channel

    Args:
        labels: Name of each class.
        mean: Mean of each channel, in [0, 1]; of 1 or 3 channels.
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.

    Raises:
        ValueError: If an argument has another value.
    """

    settings: ClassVar[tuple[str, ...]] = ("labels", "mean", "std", "resample")

    def __init__(
        self,
        labels: Sequence[str],
        mean: Sequence[float],
        std: Sequence[float],
        resample: str,
    ):
        if resample not in RESAMPLES:
            raise ValueError(
                f"`resample` must be one of {', '.join(RESAMPLES)}. "
                f"Received: {resample!r}"
            )
        if len(mean) not in (1, 3) or len(mean) != len(std):
            raise ValueError(
                "`mean` and `std` must have a value for each channel, 1 or 3. "
                f"Received: mean={mean!r}, std={std!r}"
            )
        self.labels = [str(label) for label in labels]
        self.mean = [float(value) for value in mean]
        self.std = [float(value) for value in std]
        self.resample = resample

    def read(self, image: Any) -> Any:
        """An image as `PIL.Image` with the model's channels, in its original size.

        Raises:
            ValueError: If it is no image.
            FileNotFoundError: If a path does not exist.
        """
        return read_image(image).convert("L" if len(self.mean) == 1 else "RGB")

    def scaled(self, image: Any, height: int, width: int) -> Array:
        """An image in that size as uint8 `(height, width, channels)`."""
        from PIL import Image

        image = self.read(image)
        if image.size != (width, height):
            resample = Image.Resampling[self.resample.upper()]
            image = image.resize((width, height), resample)
        return np.asarray(image).reshape(height, width, len(self.mean))

    def normalised(self, pixels: Array) -> Array:
        """Pixels `(..., channels)` from 0 to 255, shifted and scaled."""
        mean, std = (np.asarray(values, "float32") for values in (self.mean, self.std))
        return (np.asarray(pixels, "float32") / np.float32(255) - mean) / std


def read_image(image: Any) -> Any:
    """An image as `PIL.Image`, from a path, a `PIL.Image` or an array.

    Raises:
        ValueError: If it is no image.
        FileNotFoundError: If the path does not exist.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(image, str | Path):
        try:
            image = Image.open(image)
            image.load()
        except UnidentifiedImageError as error:
            raise ValueError(
                f"A file must be an image. Received: {error}. Give a PNG or JPEG file."
            ) from error
    return image if isinstance(image, Image.Image) else Image.fromarray(_bytes(image))


def _bytes(image: Any) -> Array:
    """An array as uint8 `(height, width)` or `(height, width, 3)`."""
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] == 3)
    if not is_image or not array.size or array.dtype.kind not in "uif":
        raise ValueError(
            "An image must be a path, a PIL image, or an array (height, width), "
            "(height, width, 1) or (height, width, 3). Received: "
            f"{type(image).__name__} of shape {array.shape}, dtype {array.dtype}."
        )
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        if not (low >= 0 and high <= 1):  # NaN, too
            raise ValueError(
                "Floating pixels must be from 0 to 1. Received: values from "
                f"{low} to {high}. Divide by 255, or give uint8."
            )
        array = np.round(array * 255)
    elif low < 0 or high > 255:
        raise ValueError(
            f"Pixels must be from 0 to 255. Received: values from {low} to {high}."
        )
    return array.astype("uint8")
