"""Image processors: images in colour, or grey ones as sequences."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.digits import as_in_mnist
from seqzoo.processors.image_base import BaseImageProcessor, NormalisingImageProcessor

LAYOUTS = ("rows", "pixels", "plane")


class GreyImageProcessor(BaseImageProcessor):
    """Grey images of one size, in [0, 1], as sequences or as planes.

    Images are files, `PIL.Image`s or arrays (see `BaseImageProcessor`). They are
    converted to grey and scaled to `size`.

    Args:
        labels: Name of each class; also a dict, by index or with the index of each.
        layout: "rows": a step is a row of pixels; "pixels": a step is one pixel, row
            by row; "plane": the image as it is.
        size: Pixels on a side.
        digits_on_paper: Whether images with a light border are read as drawn digits:
            white on black, centred and scaled as in MNIST. Default: if the labels are
            the ten digits.
    """

    settings = ("labels", "layout", "size")
    hub_task = "image-classification"
    demo_panel = "drawing"

    def __init__(
        self,
        labels: Sequence[str],
        layout: str = "rows",
        size: int = 28,
        digits_on_paper: bool | None = None,
    ):
        super().__init__(labels, digits_on_paper)
        if layout not in LAYOUTS:
            raise ValueError(
                f"`layout` must be one of {', '.join(LAYOUTS)}. Received: {layout!r}"
            )
        self.layout = layout
        self.size = int(size)

    def encode(self, images: Sequence[Any]) -> dict[str, Array]:
        """The inputs of the model, as from `arranged`.

        Raises:
            ValueError: If an input is no image.
            FileNotFoundError: If a path does not exist.
        """
        return self.arranged(np.stack([self.grey(image) for image in images]))

    def batch(self, pixels: Array) -> dict[str, Array]:
        """Grey images `(batch, size, size)`, 0 to 255, as the model reads them."""
        return self.arranged(pixels / 255)

    def arranged(self, pixels: Array) -> dict[str, Array]:
        """Grey images `(batch, size, size)` in [0, 1] as the inputs of the model.

        Returns:
            `{"sequences": (batch, steps, features), "mask": (batch, steps)}`, or for
            the layout "plane" `{"images": (batch, size, size, 1)}`.
        """
        pixels = np.asarray(pixels, "float32")
        if self.layout == "plane":
            return {"images": pixels[..., None]}
        shape = (len(pixels), -1, self.size if self.layout == "rows" else 1)
        sequences = pixels.reshape(shape)
        return {"sequences": sequences, "mask": np.ones(sequences.shape[:2], bool)}

    def grey(self, image: Any) -> Array:
        """An image as float32 `(size, size)` in [0, 1]."""
        from PIL import Image

        image = self.prepared(image).convert("L")
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return np.asarray(image, "float32") / 255

    def white_on_black(self, image: Any) -> Any:
        """A drawn digit as a grey `PIL.Image` like MNIST's."""
        return as_in_mnist(image, self.size)


class ImageProcessor(NormalisingImageProcessor):
    """Images of one size, with their channels shifted and scaled.

        pixels = (resized / 255 - mean) / std,   by channel

    Images are files, `PIL.Image`s or arrays (see `BaseImageProcessor`). They are
    converted to grey for a model of one channel, and to colour for one of three.

    Args:
        labels: Name of each class; also a dict, by index or with the index of each.
        size: Height and width of the model's input, pixels; one number for both.
        mean: Mean of each channel, in [0, 1]; of 1 or 3 channels.
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.
        resize: Height and width that an image is scaled to before its centre is
            cropped to `size`; one number for both; by default `size`.
        digits_on_paper: Whether images with a light border are read as drawn digits:
            white on black, centred and scaled as in MNIST. Default: if the labels are
            the ten digits and the mean is dark.

    Raises:
        ValueError: If an argument has another value.
    """

    settings = (*NormalisingImageProcessor.settings, "size", "resize")

    def __init__(
        self,
        labels: Sequence[str],
        size: int | Sequence[int] = (224, 224),
        mean: Sequence[float] = (0.5, 0.5, 0.5),
        std: Sequence[float] = (0.5, 0.5, 0.5),
        resample: str = "bilinear",
        resize: int | Sequence[int] | None = None,
        digits_on_paper: bool | None = None,
    ):
        super().__init__(labels, mean, std, resample, digits_on_paper)
        self.size = _sides(size)
        self.resize = None if resize is None else _sides(resize)
        if any(a < b for a, b in zip(self.resize or self.size, self.size, strict=True)):
            raise ValueError(
                f"`resize` must not be smaller than `size`. Received: resize={resize}, "
                f"size={size}"
            )

    def encode(self, images: Sequence[Any]) -> Array:
        """The inputs of the model, float32 `(images, height, width, channels)`.

        Raises:
            ValueError: If an input is no image.
            FileNotFoundError: If a path does not exist.
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
        """An image, scaled and cropped, as uint8 `(height, width, channels)`."""
        pixels = self.scaled(image, *(self.resize or self.size))
        top, left = self._corner()
        return pixels[top : top + self.size[0], left : left + self.size[1]]

    def white_on_black(self, image: Any) -> Any:
        """A drawn digit as a grey `PIL.Image` like MNIST's."""
        return as_in_mnist(image, max(self.resize or self.size))

    def region(
        self, image_size: Sequence[int], crop_size: Sequence[int]
    ) -> tuple[float, float, float, float]:
        """The region of an original image that the model's input shows.

        Args:
            image_size: Width and height of the original image, as PIL has them.
            crop_size: Height and width of the shown part of `resized`, from its upper
                left corner.

        Returns:
            Left, upper, right and lower border in pixels of the original image.
        """
        height, width = self.resize or self.size
        down, across = image_size[1] / height, image_size[0] / width
        top, left = self._corner()
        return (
            left * across,
            top * down,
            (left + crop_size[1]) * across,
            (top + crop_size[0]) * down,
        )

    def _corner(self) -> tuple[int, int]:
        """Top and left of the centre crop in the scaled image."""
        height, width = self.resize or self.size
        return (height - self.size[0]) // 2, (width - self.size[1]) // 2


def _sides(size: int | Sequence[int]) -> tuple[int, int]:
    """Height and width, also from one number for both.

    Raises:
        ValueError: If they are not one or two numbers from 1 on.
    """
    sides = np.asarray(size)
    if (
        sides.dtype.kind not in "iu"
        or sides.shape not in ((), (2,))
        or (sides < 1).any()
    ):
        raise ValueError(
            "A size must be a number of pixels, or the height and the width. Received: "
            f"{size!r}."
        )
    height, width = np.broadcast_to(sides, 2).tolist()
    return height, width
