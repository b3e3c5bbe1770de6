"""The processor of detectors: images of any size in one padded batch."""

from collections.abc import Sequence
from typing import Any

from seqzoo.ops.types import Array
from seqzoo.processors.base import padded
from seqzoo.processors.image_base import NormalisingImageProcessor


class DetectionProcessor(NormalisingImageProcessor):
    """Images that keep their aspect ratio, with their channels shifted and scaled.

        pixels = (resized / 255 - mean) / std,   by channel;   padding is 0

    The shorter side becomes `shortest_edge`, or less where the longer one would exceed
    `longest_edge` (Carion et al. 2020, section 4). Images are files, `PIL.Image`s or
    arrays (see `BaseImageProcessor`).

    Args:
        labels: Name of each class, without "no object"; also a dict, by index or with
            the index of each.
        shortest_edge: Pixels of the shorter side.
        longest_edge: The most pixels of the longer side.
        mean: Mean of each channel, in [0, 1]; of 1 or 3 channels.
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.
        digits_on_paper: Whether the brightness of images with a light border is
            inverted. Default: if the labels are the ten digits and the mean is dark.

    Raises:
        ValueError: If an argument has another value.
    """

    settings = (*NormalisingImageProcessor.settings, "shortest_edge", "longest_edge")

    def __init__(
        self,
        labels: Sequence[str],
        shortest_edge: int = 800,
        longest_edge: int = 1333,
        mean: Sequence[float] = (0.485, 0.456, 0.406),
        std: Sequence[float] = (0.229, 0.224, 0.225),
        resample: str = "bilinear",
        digits_on_paper: bool | None = None,
    ):
        super().__init__(labels, mean, std, resample, digits_on_paper)
        if not 1 <= shortest_edge <= longest_edge:
            raise ValueError(
                "`shortest_edge` must be from 1 to `longest_edge`. Received: "
                f"shortest_edge={shortest_edge}, longest_edge={longest_edge}"
            )
        self.shortest_edge = int(shortest_edge)
        self.longest_edge = int(longest_edge)

    @property
    def sample(self) -> str:
        """A scene of digits, or cells of blood."""
        return "scene" if "7" in self.labels else "cells"

    def encode(self, images: Sequence[Any]) -> dict[str, Array]:
        """The inputs of the model.

        Args:
            images: At least one image.

        Returns:
            `{"images": float32 (images, height, width, channels), "mask": boolean
            (images, height, width)}`, with the largest height and the largest width,
            padded below and to the right; True is real.

        Raises:
            ValueError: If an input is no image.
            FileNotFoundError: If a path does not exist.
        """
        pixels, mask = padded([self.normalised(self.resized(x)) for x in images])
        return {"images": pixels, "mask": mask}

    def resized(self, image: Any) -> Array:
        """A scaled image as uint8 `(height, width, channels)`."""
        image = self.read(image)
        return self.scaled(image, *self.resized_size(image.height, image.width))

    def resized_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an image of that size after scaling.

        scale = min(shortest_edge / shorter, longest_edge / longer)
        shorter, longer = round(scale shorter), floor(scale longer)

        No side is less than 1. An image whose shorter side keeps its size is not
        scaled, so that its longer side may exceed `longest_edge`, by less than a half.
        """
        shorter, longer = min(height, width), max(height, width)
        target: float = self.shortest_edge
        if longer / shorter * target > self.longest_edge:
            target = self.longest_edge * shorter / longer
        # The original rounds one side and cuts off the other, and the trained weights
        # expect its sizes. A thin image keeps at least a pixel.
        small = max(1, round(target))
        if shorter == small and longer <= max(self.longest_edge, 1000 * shorter):
            return height, width
        large = max(1, min(int(target * longer / shorter), self.longest_edge))
        return (small, large) if height <= width else (large, small)

    def white_on_black(self, image: Any) -> Any:
        """A `PIL.Image` of digits on paper with its brightness inverted."""
        from PIL import ImageOps

        return ImageOps.invert(image.convert("RGB"))
