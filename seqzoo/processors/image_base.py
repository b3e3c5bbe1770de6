"""The base classes of image processors."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor, class_names
from seqzoo.processors.digits import are_digits, is_on_paper
from seqzoo.processors.image_input import read_image

RESAMPLES = ("bilinear", "bicubic")
DARK = 1 / 3  # a mean below it says that the training images are light on dark


class BaseImageProcessor(Processor):
    """Base class of processors of images.

    Images are paths, bytes or open files of PNG, JPEG, WebP, GIF, BMP or TIFF,
    `PIL.Image`s, or arrays or tensors `(height, width)`, or `(height, width, channels)`
    with 1, 3 or 4 channels; uint8 from 0 to 255, or floats from 0 to 1. `read_image`
    says how they are read.

    Models of digits are trained on white digits on black. They read an image with a
    light border as a digit on paper (see `prepared`).

    Args:
        labels: Name of each class; also a dict, by index or with the index of each.
        digits_on_paper: Whether images with a light border are digits on paper.
            Default: if the labels are the ten digits.
    """

    def __init__(
        self, labels: Sequence[str], digits_on_paper: bool | None = None
    ) -> None:
        self.labels = class_names(labels)
        self.digits_on_paper = digits_on_paper

    @property
    def sample(self) -> str:
        """A digit, or a cat."""
        return "digit" if "7" in self.labels else "cat"

    def get_config(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        chosen = {"digits_on_paper": self.digits_on_paper}
        return super().get_config() | (chosen if None not in chosen.values() else {})

    def as_list(self, inputs: Any) -> tuple[list[Any], bool]:
        """The images as a list, and whether they were a single image."""
        if getattr(inputs, "ndim", None) == 4:
            return list(inputs), False
        return super().as_list(inputs)

    @property
    def reads_digits(self) -> bool:
        """Whether images with a light border are digits on paper."""
        if self.digits_on_paper is None:
            return are_digits(self.labels)
        return self.digits_on_paper

    def prepared(self, image: Any) -> Any:
        """An image as upright `PIL.Image`, before it is scaled for the model.

        If the model reads digits and the border is light, it is turned into white on
        black.

        Raises:
            ValueError: If it is no image, or blank paper.
            FileNotFoundError: If a path does not exist.
        """
        image = read_image(image)
        is_digit = self.reads_digits and is_on_paper(image)
        return self.white_on_black(image) if is_digit else image

    def white_on_black(self, image: Any) -> Any:
        """A `PIL.Image` of digits on paper in the form of the training images."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define white_on_black()."
        )


class NormalisingImageProcessor(BaseImageProcessor):
    """Base class of image processors that shift and scale the channels.

        pixels = (resized / 255 - mean) / std,   by channel

    Args:
        labels: As for `BaseImageProcessor`.
        mean: Mean of each channel, in [0, 1]; of 1 or 3 channels.
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.
        digits_on_paper: As for `BaseImageProcessor`. Default: if the labels are the ten
            digits and the mean is dark.

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
        digits_on_paper: bool | None = None,
    ):
        super().__init__(labels, digits_on_paper)
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
        self.mean = [float(value) for value in mean]
        self.std = [float(value) for value in std]
        self.resample = resample

    @property
    def reads_digits(self) -> bool:
        """Whether images with a light border are digits on paper."""
        is_dark = sum(self.mean) / len(self.mean) < DARK
        return super().reads_digits and (is_dark or self.digits_on_paper is not None)

    def read(self, image: Any) -> Any:
        """The `prepared` image with the model's channels, in its size before scaling.

        Raises:
            ValueError: If it is no image.
            FileNotFoundError: If a path does not exist.
        """
        return self.prepared(image).convert("L" if len(self.mean) == 1 else "RGB")

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
