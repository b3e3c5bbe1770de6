"""Images with boxes, and random changes of them that take the boxes along."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.ops.types import Array

Generator = np.random.Generator


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """An image and the objects in it.

    Attributes:
        image: uint8 array `(height, width, 3)`.
        boxes_xyxy: Float32 array `(objects, 4)`: borders in pixels of the image.
        labels: Int array `(objects,)`: the class of each object.

    Raises:
        ValueError: If a box is not two corners inside the image.
    """

    image: Array
    boxes_xyxy: Array
    labels: Array

    def __post_init__(self) -> None:
        height, width = self.image.shape[:2]
        boxes = np.asarray(self.boxes_xyxy).reshape(-1, 4)
        rounding = 1.0  # pixels
        low, high = boxes[:, :2], boxes[:, 2:]
        fits = (low >= -rounding) & (high <= np.array([width, height]) + rounding)
        fits &= low < high  # false for NaN, too
        if not fits.all():
            wrong = boxes[~fits.all(axis=1)][0].tolist()
            raise ValueError(
                "`boxes_xyxy` must be x0, y0, x1, y1 in pixels, with x0 < x1 and "
                f"y0 < y1, inside the image of {width} x {height}. Received: {wrong}. "
                "From x, y, width, height: x, y, x + width, y + height."
            )


@dataclass(frozen=True)
class DetectionCorpus:
    """Annotated images in three parts.

    Attributes:
        name: Name of the data set.
        train: From the index of an epoch to its images: generated ones are new in
            every epoch, equal in the same. Picklable.
        validation: Images that choose the epoch.
        test: Images to score once.
        labels: Name of each class.
    """

    name: str
    train: Callable[[int], Sequence[AnnotatedImage]]
    validation: Sequence[AnnotatedImage]
    test: Sequence[AnnotatedImage]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class RandomFlips:
    """Mirrors an image along each axis with probability 1/2."""

    def __call__(self, annotated: AnnotatedImage, rng: Generator) -> AnnotatedImage:
        image, boxes = annotated.image, annotated.boxes_xyxy
        for axis, chosen in ((1, rng.random() < 0.5), (0, rng.random() < 0.5)):
            if chosen:
                side = image.shape[axis]
                image = np.flip(image, axis)
                boxes = boxes.copy()
                low, high = (0, 2) if axis == 1 else (1, 3)
                boxes[:, [low, high]] = side - boxes[:, [high, low]]
        return AnnotatedImage(image, boxes, annotated.labels)

    def __str__(self) -> str:
        return (
            "mirrored left to right and top to bottom, each with probability 1/2 and "
            "independently"
        )


@dataclass(frozen=True)
class RandomResizedCrop:
    """Cuts a random part of the image's proportions and scales it to one size.

    Args:
        smallest: The part's sides are at least this share of the image's.
        size: Height and width of the result, pixels; bilinear, antialiased.
        visible: An object stays if at least this share of its box lies in the part;
            its box is cut at the border.
    """

    smallest: float
    size: tuple[int, int]
    visible: float

    def __call__(self, annotated: AnnotatedImage, rng: Generator) -> AnnotatedImage:
        from PIL import Image

        height, width = annotated.image.shape[:2]
        part = np.array([width, height]) * rng.uniform(self.smallest, 1)
        corner = rng.uniform(0, 1, 2) * (np.array([width, height]) - part)
        region = (*corner, *(corner + part))
        image = Image.fromarray(np.ascontiguousarray(annotated.image)).resize(
            self.size[::-1], Image.Resampling.BILINEAR, box=region
        )
        boxes = annotated.boxes_xyxy
        area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        cut = np.clip(boxes, [*corner, *corner], [*(corner + part)] * 2)
        stays = (cut[:, 2:] - cut[:, :2]).prod(axis=1) >= self.visible * area
        scale = np.array(self.size[::-1]) / part
        cut = (cut - np.tile(corner, 2)) * np.tile(scale, 2)
        return AnnotatedImage(
            np.asarray(image), cut[stays].astype("float32"), annotated.labels[stays]
        )

    def __str__(self) -> str:
        return f"cropped to {100 * self.smallest:g} to 100 % of their sides"
