"""Pictures to arrays, for models that read a picture as a sequence or as a plane."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LAYOUTS = ("rows", "pixels", "plane")


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
        if isinstance(images, list | tuple):
            return list(images), False
        if isinstance(images, np.ndarray) and images.ndim == 4:
            return list(images), False
        return [images], True

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
        from PIL import Image, UnidentifiedImageError

        if isinstance(image, str | Path):
            try:
                image = Image.open(image)
                image.load()
            except UnidentifiedImageError as error:
                raise ValueError(
                    f"Wanted a picture. Received: {error}. Give a PNG or JPEG file."
                ) from error
        if not isinstance(image, Image.Image):
            image = Image.fromarray(_bytes(image))
        image = image.convert("L")
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
