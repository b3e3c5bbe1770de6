"""Pictures to arrays: in colour, or grey and read as a sequence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LAYOUTS = ("rows", "pixels", "plane")
RESAMPLES = ("bilinear", "bicubic")


class GreyImageProcessor:
    """Grey pictures of one size, in [0, 1], in the order in which a model reads them.

    Pictures are paths, `PIL.Image`s or arrays `(height, width)`, `(height, width, 1)`
    or `(height, width, 3)`; uint8 from 0 to 255, or floats from 0 to 1. Colour becomes
    grey, and another size is scaled to `size`.

    Args:
        labels: Name of each class.
        layout: "rows": a step is a row of pixels; "pixels": a step is one pixel, row
            by row; "plane": the picture as it is.
        size: Pixels on a side.
    """

    def __init__(self, labels: Sequence[str], layout: str = "rows", size: int = 28):
        if layout not in LAYOUTS:
            raise ValueError(
                f"`layout` must be one of {', '.join(LAYOUTS)}. Received: {layout!r}"
            )
        self.labels = [str(label) for label in labels]
        self.layout = layout
        self.size = size

    def listed(self, images: Any) -> tuple[list[Any], bool]:
        """The pictures as a list, and whether it was a single one."""
        return listed_images(images)

    def encode(self, images: Sequence[Any]) -> dict[str, Array]:
        """What the model is called on.

        Raises:
            ValueError: If one of them is no picture.
            FileNotFoundError: If a path leads nowhere.
        """
        return self.arranged(np.stack([self.grey(image) for image in images]))

    def arranged(self, pixels: Array) -> dict[str, Array]:
        """Grey pictures `(batch, size, size)` in [0, 1] as the model reads them."""
        pixels = np.asarray(pixels, "float32")
        if self.layout == "plane":
            return {"images": pixels[..., None]}
        shape = (len(pixels), -1, self.size if self.layout == "rows" else 1)
        sequences = pixels.reshape(shape)
        return {"sequences": sequences, "mask": np.ones(sequences.shape[:2], bool)}

    def grey(self, image: Any) -> Array:
        """One picture as float32 `(size, size)` in [0, 1]."""
        from PIL import Image

        image = read_image(image).convert("L")
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return np.asarray(image, "float32") / 255

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything."""
        return {"labels": self.labels, "layout": self.layout, "size": self.size}

    def save(self, folder: Path) -> None:
        """Nothing: the config says it all."""

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "GreyImageProcessor":
        """The processor that a model was saved with."""
        return cls(**config)


class ImageProcessor:
    """Pictures of one size, their channels shifted and scaled.

        pixels = (resized / 255 - mean) / std,   by channel

    Pictures are paths, `PIL.Image`s or arrays `(height, width)`, `(height, width, 1)`
    or `(height, width, 3)`; uint8 from 0 to 255, or floats from 0 to 1. Colour becomes
    grey where the model wants one channel, and grey becomes colour where it wants
    three.

    Args:
        labels: Name of each class.
        size: Height and width that the model sees, pixels.
        mean: Mean of each channel, whose number they are; in [0, 1].
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.
        resize: Height and width that a picture is scaled to, of which the middle is
            cut out; by default `size`.

    Raises:
        ValueError: If an argument is none of these.
    """

    def __init__(
        self,
        labels: Sequence[str],
        size: Sequence[int] = (224, 224),
        mean: Sequence[float] = (0.5, 0.5, 0.5),
        std: Sequence[float] = (0.5, 0.5, 0.5),
        resample: str = "bilinear",
        resize: Sequence[int] | None = None,
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
        self.size = (int(size[0]), int(size[1]))
        self.mean = [float(value) for value in mean]
        self.std = [float(value) for value in std]
        self.resample = resample
        self.resize = None if resize is None else (int(resize[0]), int(resize[1]))
        if any(a < b for a, b in zip(self.resize or self.size, self.size, strict=True)):
            raise ValueError(
                f"`resize` must not be smaller than `size`. Received: resize={resize}, "
                f"size={size}"
            )

    def listed(self, images: Any) -> tuple[list[Any], bool]:
        """The pictures as a list, and whether it was a single one."""
        return listed_images(images)

    def encode(self, images: Sequence[Any]) -> Array:
        """What the model is called on, float32 `(images, height, width, channels)`.

        Raises:
            ValueError: If one of them is no picture.
            FileNotFoundError: If a path leads nowhere.
        """
        return self.normalised(np.stack([self.resized(image) for image in images]))

    def normalised(self, pixels: Array) -> Array:
        """Pixels `(..., channels)` from 0 to 255, shifted and scaled."""
        mean, std = (np.asarray(values, "float32") for values in (self.mean, self.std))
        return (np.asarray(pixels, "float32") / np.float32(255) - mean) / std

    def resized(self, image: Any) -> Array:
        """One picture as uint8 `(height, width, channels)`."""
        from PIL import Image

        picture = read_image(image).convert("L" if len(self.mean) == 1 else "RGB")
        height, width = self.resize or self.size
        if picture.size != (width, height):
            how = Image.Resampling[self.resample.upper()]
            picture = picture.resize((width, height), how)
        pixels = np.asarray(picture).reshape(height, width, len(self.mean))
        top, left = self._corner()
        return pixels[top : top + self.size[0], left : left + self.size[1]]

    def region(
        self, picture_size: Sequence[int], seen: Sequence[int]
    ) -> tuple[float, float, float, float]:
        """Where in a picture lies what the model sees of it.

        Args:
            picture_size: Width and height of the picture, as PIL has them.
            seen: Height and width from the upper left corner of what `resized` gives.

        Returns:
            Left, upper, right and lower border in pixels of the picture.
        """
        height, width = self.resize or self.size
        down, across = picture_size[1] / height, picture_size[0] / width
        top, left = self._corner()
        return (
            left * across,
            top * down,
            (left + seen[1]) * across,
            (top + seen[0]) * down,
        )

    def _corner(self) -> tuple[int, int]:
        """Where in the scaled picture its middle begins: top, left."""
        height, width = self.resize or self.size
        return (height - self.size[0]) // 2, (width - self.size[1]) // 2

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything."""
        return {
            "labels": self.labels,
            "size": list(self.size),
            "mean": self.mean,
            "std": self.std,
            "resample": self.resample,
            "resize": self.resize and list(self.resize),
        }

    def save(self, folder: Path) -> None:
        """Nothing: the config says it all."""

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "ImageProcessor":
        """The processor that a model was saved with."""
        return cls(**config)


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


def listed_images(images: Any) -> tuple[list[Any], bool]:
    """The pictures as a list, and whether it was a single one."""
    if isinstance(images, list | tuple):
        return list(images), False
    if isinstance(images, np.ndarray) and images.ndim == 4:
        return list(images), False
    return [images], True


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
