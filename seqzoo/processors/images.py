"""Pictures to arrays: in colour, or grey and read as a sequence."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.processors.base import (
    NormalisingProcessor,
    PictureProcessor,
    read_image,
)

Array = np.ndarray[Any, Any]

LAYOUTS = ("rows", "pixels", "plane")


class GreyImageProcessor(PictureProcessor):
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

    hub_task = "image-classification"
    demo_panel = "drawing"

    def __init__(self, labels: Sequence[str], layout: str = "rows", size: int = 28):
        if layout not in LAYOUTS:
            raise ValueError(
                f"`layout` must be one of {', '.join(LAYOUTS)}. Received: {layout!r}"
            )
        self.labels = [str(label) for label in labels]
        self.layout = layout
        self.size = size

    def encode(self, images: Sequence[Any]) -> dict[str, Array]:
        """What the model is called on.

        Raises:
            ValueError: If one of them is no picture.
            FileNotFoundError: If a path leads nowhere.
        """
        return self.arranged(np.stack([self.grey(image) for image in images]))

    def batch(self, pixels: Array) -> dict[str, Array]:
        """Grey images `(batch, size, size)`, 0 to 255, as the model reads them."""
        return self.arranged(pixels / 255)

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


class ImageProcessor(NormalisingProcessor):
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
        super().__init__(labels, mean, std, resample)
        self.size = (int(size[0]), int(size[1]))
        self.resize = None if resize is None else (int(resize[0]), int(resize[1]))
        if any(a < b for a, b in zip(self.resize or self.size, self.size, strict=True)):
            raise ValueError(
                f"`resize` must not be smaller than `size`. Received: resize={resize}, "
                f"size={size}"
            )

    def encode(self, images: Sequence[Any]) -> Array:
        """What the model is called on, float32 `(images, height, width, channels)`.

        Raises:
            ValueError: If one of them is no picture.
            FileNotFoundError: If a path leads nowhere.
        """
        return self.normalised(np.stack([self.resized(image) for image in images]))

    def batch(self, pixels: Array) -> Array:
        """Images of the model's size, 0 to 255, as the model reads them.

        Args:
            pixels: Array `(batch, height, width, channels)`, or `(batch, height,
                width)` where the model has one channel.
        """
        return self.normalised(pixels if pixels.ndim == 4 else pixels[..., None])

    def resized(self, image: Any) -> Array:
        """One picture as uint8 `(height, width, channels)`."""
        pixels = self.scaled(image, *(self.resize or self.size))
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
            **super().get_config(),
            "size": list(self.size),
            "resize": self.resize and list(self.resize),
        }
