"""Pictures as they come: paths, images or arrays, and what all who read them share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

Array = np.ndarray[Any, Any]

RESAMPLES = ("bilinear", "bicubic")


class PictureProcessor:
    """Base class of processors of pictures.

    Pictures are paths, `PIL.Image`s or arrays `(height, width)`, `(height, width, 1)`
    or `(height, width, 3)`; uint8 from 0 to 255, or floats from 0 to 1.
    """

    def listed(self, images: Any) -> tuple[list[Any], bool]:
        """The pictures as a list, and whether it was a single one."""
        if isinstance(images, list | tuple):
            return list(images), False
        if isinstance(images, np.ndarray) and images.ndim == 4:
            return list(images), False
        return [images], True

    def save(self, folder: Path) -> None:
        """Nothing: the config says it all."""

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> Self:
        """The processor that a model was saved with."""
        return cls(**config)


class NormalisingProcessor(PictureProcessor):
    """Base class of those that shift and scale the channels.

        pixels = (resized / 255 - mean) / std,   by channel

    Args:
        labels: Name of each class.
        mean: Mean of each channel, whose number they are, 1 or 3; in [0, 1].
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.

    Raises:
        ValueError: If an argument is none of these.
    """

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
        """A picture as `PIL.Image` of the model's channels, in its own size.

        Raises:
            ValueError: If it is no picture.
            FileNotFoundError: If a path leads nowhere.
        """
        return read_image(image).convert("L" if len(self.mean) == 1 else "RGB")

    def scaled(self, image: Any, height: int, width: int) -> Array:
        """One picture in that size as uint8 `(height, width, channels)`."""
        from PIL import Image

        picture = self.read(image)
        if picture.size != (width, height):
            how = Image.Resampling[self.resample.upper()]
            picture = picture.resize((width, height), how)
        return np.asarray(picture).reshape(height, width, len(self.mean))

    def normalised(self, pixels: Array) -> Array:
        """Pixels `(..., channels)` from 0 to 255, shifted and scaled."""
        mean, std = (np.asarray(values, "float32") for values in (self.mean, self.std))
        return (np.asarray(pixels, "float32") / np.float32(255) - mean) / std

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything."""
        return {
            "labels": self.labels,
            "mean": self.mean,
            "std": self.std,
            "resample": self.resample,
        }


def read_image(image: Any) -> Any:
    """A picture as `PIL.Image`: a path, an image or an array.

    Raises:
        ValueError: If it is no picture.
        FileNotFoundError: If the path leads nowhere.
    """
    from PIL import Image, UnidentifiedImageError

    if isinstance(image, str | Path):
        try:
            image = Image.open(image)
            image.load()
        except UnidentifiedImageError as error:
            raise ValueError(
                f"Wanted a picture. Received: {error}. Give a PNG or JPEG file."
            ) from error
    return image if isinstance(image, Image.Image) else Image.fromarray(_bytes(image))


def _bytes(image: Any) -> Array:
    """An array as uint8 `(height, width)` or `(height, width, 3)`."""
    array = np.asarray(image)
    kind = array.dtype.kind
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    is_picture = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] == 3)
    if not is_picture or not array.size or kind not in "uif":
        raise ValueError(
            "A picture must be a path, a PIL image, or an array (height, width), "
            "(height, width, 1) or (height, width, 3). Received: "
            f"{type(image).__name__} of shape {array.shape}, dtype {array.dtype}."
        )
    low, high = array.min(), array.max()
    if kind == "f":
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
