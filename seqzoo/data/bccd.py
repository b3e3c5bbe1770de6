"""Blood cells under the microscope: 364 images with boxes."""

import functools
from typing import Any

import numpy as np

from seqzoo.data.annotated import AnnotatedImage, DetectionCorpus
from seqzoo.data.prepared import from_tfds

BCCD_LABELS = ("red blood cell", "white blood cell", "platelet")


def bccd() -> DetectionCorpus:
    """BCCD (Shenggan, github.com/Shenggan/BCCD_Dataset, MIT licence).

    Images of 640 by 480 pixels: 205 to train, 87 to choose the epoch, 72 to test, as
    tensorflow_datasets splits them. Every epoch has all training images.
    """
    train, validation, test = (
        [_annotated(each) for each in from_tfds("bccd", split=split)]
        for split in ("train", "validation", "test")
    )
    same = functools.partial(_same_images, train)
    return DetectionCorpus("bccd", same, validation, test, BCCD_LABELS)


def _same_images(images: list[AnnotatedImage], epoch: int) -> list[AnnotatedImage]:
    return images


def _annotated(example: dict[str, Any]) -> AnnotatedImage:
    image = example["image"]
    height, width = image.shape[:2]
    # (y0, x0, y1, x1) as shares of the image.
    boxes = example["objects"]["bbox"][:, [1, 0, 3, 2]]
    boxes = np.clip(boxes, 0, 1) * np.array([width, height] * 2)
    labels = example["objects"]["label"].astype("int32")
    has_area = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return AnnotatedImage(image, boxes[has_area].astype("float32"), labels[has_area])
