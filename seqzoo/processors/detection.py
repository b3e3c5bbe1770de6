"""Pictures of any size to one batch, padded, with a mask of what is real."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.processors.base import NormalisingProcessor

Array = np.ndarray[Any, Any]


class DetectionProcessor(NormalisingProcessor):
    """Pictures that keep their shape, their channels shifted and scaled.

        pixels = (resized / 255 - mean) / std,   by channel;   padding is 0

    The shorter side becomes `shortest_edge`, or less where the longer one would exceed
    `longest_edge` (Carion et al. 2020, section 4). Pictures are paths, `PIL.Image`s
    or arrays `(height, width)`, `(height, width, 1)` or `(height, width, 3)`; uint8
    from 0 to 255, or floats from 0 to 1.

    Args:
        labels: Name of each class, without "no object".
        shortest_edge: Pixels of the shorter side.
        longest_edge: The most pixels of the longer side.
        mean: Mean of each channel, whose number they are, 1 or 3; in [0, 1].
        std: Standard deviation of each.
        resample: "bilinear" or "bicubic", with antialiasing, as Pillow does it.

    Raises:
        ValueError: If an argument is none of these.
    """

    def __init__(
        self,
        labels: Sequence[str],
        shortest_edge: int = 800,
        longest_edge: int = 1333,
        mean: Sequence[float] = (0.485, 0.456, 0.406),
        std: Sequence[float] = (0.229, 0.224, 0.225),
        resample: str = "bilinear",
    ):
        super().__init__(labels, mean, std, resample)
        if not 1 <= shortest_edge <= longest_edge:
            raise ValueError(
                "`shortest_edge` must be from 1 to `longest_edge`. Received: "
                f"shortest_edge={shortest_edge}, longest_edge={longest_edge}"
            )
        self.shortest_edge = int(shortest_edge)
        self.longest_edge = int(longest_edge)

    def encode(self, images: Sequence[Any]) -> dict[str, Array]:
        """What the model is called on.

        Args:
            images: At least one picture.

        Returns:
            `{"images": float32 (pictures, height, width, channels), "mask": boolean
            (pictures, height, width)}`, as large as the highest and the widest of them,
            padded below and to the right; True is real.

        Raises:
            ValueError: If one of them is no picture.
            FileNotFoundError: If a path leads nowhere.
        """
        pictures = [self.normalised(self.resized(image)) for image in images]
        height, width = (max(each.shape[axis] for each in pictures) for axis in (0, 1))
        shape = (len(pictures), height, width, len(self.mean))
        pixels, mask = np.zeros(shape, "float32"), np.zeros(shape[:3], bool)
        for i, each in enumerate(pictures):
            pixels[i, : each.shape[0], : each.shape[1]] = each
            mask[i, : each.shape[0], : each.shape[1]] = True
        return {"images": pixels, "mask": mask}

    def resized(self, image: Any) -> Array:
        """One picture as uint8 `(height, width, channels)`."""
        picture = self.read(image)
        size = self.resized_size(picture.height, picture.width)
        return self.scaled(picture, *size)

    def resized_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that the model sees of a picture of that size.

        scale = min(shortest_edge / shorter, longest_edge / longer)
        shorter, longer = round(scale shorter), floor(scale longer)
        """
        shorter, longer = min(height, width), max(height, width)
        target: float = self.shortest_edge
        if longer / shorter * target > self.longest_edge:
            target = self.longest_edge * shorter / longer
        # Rounded the one way and cut off the other: the original does, and a pixel
        # more or less is another picture. A sliver keeps a pixel of breadth.
        small = max(1, round(target))
        if shorter == small:
            return height, width
        large = int(target * longer / shorter)
        return (small, large) if height <= width else (large, small)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything."""
        return {
            **super().get_config(),
            "shortest_edge": self.shortest_edge,
            "longest_edge": self.longest_edge,
        }
