"""Pictures with boxes, as a detector learns from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Generator = np.random.Generator


@dataclass(frozen=True, eq=False)
class AnnotatedPicture:
    """A picture and what is in it.

    Attributes:
        picture: uint8 array `(height, width, 3)`.
        boxes_xyxy: Float32 array `(objects, 4)`: borders in pixels of the picture.
        labels: Int array `(objects,)`: the number of each object's class.
    """

    picture: Array
    boxes_xyxy: Array
    labels: Array


@dataclass(frozen=True)
class DetectionCorpus:
    """Annotated pictures in three parts.

    Attributes:
        name: Of the data set.
        train: From the index of an epoch to its pictures: generated ones are new in
            every epoch, equal in the same.
        validation: Pictures to choose on.
        test: Pictures to score on, once.
        labels: Name of each class.
    """

    name: str
    train: Callable[[int], Sequence[AnnotatedPicture]]
    validation: Sequence[AnnotatedPicture]
    test: Sequence[AnnotatedPicture]
    labels: tuple[str, ...]


def mirrored(each: AnnotatedPicture, rng: Generator) -> AnnotatedPicture:
    """The picture, with probability 1/2 each, as in a mirror and upside down."""
    picture, boxes = each.picture, each.boxes_xyxy
    for axis, turned in ((1, rng.random() < 0.5), (0, rng.random() < 0.5)):
        if turned:
            side = picture.shape[axis]
            picture = np.flip(picture, axis)
            boxes = boxes.copy()
            low, high = (0, 2) if axis == 1 else (1, 3)
            boxes[:, [low, high]] = side - boxes[:, [high, low]]
    return AnnotatedPicture(picture, boxes, each.labels)


def cropped(
    each: AnnotatedPicture,
    rng: Generator,
    smallest: float,
    size: tuple[int, int],
    visible: float = 0.4,
) -> AnnotatedPicture:
    """A part of the picture, of its shape and anywhere in it, at another size.

    Args:
        each: The picture.
        rng: Generator of the part.
        smallest: The part's sides are drawn between this share of the picture's and
            all of them.
        size: Height and width of the result, pixels; bilinear, antialiased.
        visible: An object of which less than this share of its box is left is no
            object of the part; the others' boxes are cut at its border.
    """
    from PIL import Image

    height, width = each.picture.shape[:2]
    share = rng.uniform(smallest, 1)
    part = np.array([width, height]) * share
    corner = rng.uniform(0, 1, 2) * (np.array([width, height]) - part)
    region = (*corner, *(corner + part))
    picture = Image.fromarray(np.ascontiguousarray(each.picture)).resize(
        size[::-1], Image.Resampling.BILINEAR, box=region
    )
    boxes = each.boxes_xyxy
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    cut = np.clip(boxes, [*corner, *corner], [*(corner + part)] * 2)
    left = (cut[:, 2:] - cut[:, :2]).prod(axis=1) >= visible * area
    cut = (cut - np.tile(corner, 2)) * np.tile(np.array(size[::-1]) / part, 2)
    return AnnotatedPicture(
        np.asarray(picture), cut[left].astype("float32"), each.labels[left]
    )


def padded_targets(
    pictures: Sequence[AnnotatedPicture], objects: int
) -> dict[str, Array]:
    """What `SetPredictionLoss` is called on.

    Args:
        pictures: Of a batch; a picture with more than `objects` is refused.
        objects: Length of every picture's list.

    Returns:
        `{"labels": int32 (pictures, objects), -1 for padding; "boxes_cxcywh": float32
        (pictures, objects, 4)}`, boxes as fractions of the picture; padding is a box in
        the middle.

    Raises:
        ValueError: If a picture has more objects.
    """
    labels = np.full((len(pictures), objects), -1, "int32")
    boxes = np.full((len(pictures), objects, 4), 0.5, "float32")
    for i, each in enumerate(pictures):
        count = len(each.labels)
        if count > objects:
            raise ValueError(
                f"A picture has {count} objects; the batch was to hold {objects} each."
            )
        height, width = each.picture.shape[:2]
        low, high = each.boxes_xyxy[:, :2], each.boxes_xyxy[:, 2:]
        boxes[i, :count] = np.concatenate([(low + high) / 2, high - low], axis=1)
        boxes[i, :count] /= np.array([width, height] * 2)
        labels[i, :count] = each.labels
    return {"labels": labels, "boxes_cxcywh": boxes}


def noised_targets(
    targets: dict[str, Array],
    rng: Generator,
    groups: int,
    classes: int,
    flipped: float = 0.2,
    moved: float = 0.4,
    scaled: float = 0.4,
) -> dict[str, Array]:
    """Denoising queries: the targets, nearly (Li et al. 2022, "DN-DETR", section 3.3).

        centre' = centre + moved * size / 2 * u;   size' = size (1 + scaled * u)

    with every u uniform from -1 to 1; a label is another with probability `flipped`.

    Args:
        targets: Of `padded_targets`.
        rng: Generator of the noise.
        groups: Nearly right copies of each picture's targets.
        classes: Number of classes.
        flipped: Share of labels that are drawn anew.
        moved: Largest shift of a centre, in halves of the box.
        scaled: Largest growth or shrinkage of a side, as a share of it.

    Returns:
        `{"noised_labels": int32 (pictures, groups, objects), "noised_boxes": float32
        (pictures, groups, objects, 4)}`.
    """
    labels = np.repeat(targets["labels"][:, None], groups, axis=1)
    boxes = np.repeat(targets["boxes_cxcywh"][:, None], groups, axis=1)
    drawn = rng.integers(classes, size=labels.shape).astype("int32")
    changed = (rng.random(labels.shape) < flipped) & (labels >= 0)
    noise = rng.uniform(-1, 1, size=boxes.shape).astype("float32")
    size = boxes[..., 2:]
    centre = boxes[..., :2] + moved * size / 2 * noise[..., :2]
    size = size * (1 + scaled * noise[..., 2:])
    return {
        "noised_labels": np.where(changed, drawn, labels),
        "noised_boxes": np.clip(np.concatenate([centre, size], axis=-1), 0, 1),
    }
