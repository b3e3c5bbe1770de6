"""Blood cells under the microscope: 364 pictures with boxes."""

from typing import Any

import numpy as np

from seqzoo.data.annotated import AnnotatedPicture, DetectionCorpus

BCCD_LABELS = ("red blood cell", "white blood cell", "platelet")


def bccd() -> DetectionCorpus:
    """BCCD (Shenggan, github.com/Shenggan/BCCD_Dataset, MIT licence).

    Pictures of 640 by 480 pixels, 205 to train, 87 to choose on, 72 to test, as
    tensorflow_datasets splits them. Every epoch has all training pictures.
    """
    import tensorflow_datasets as tfds

    train, validation, test = (
        [_annotated(each) for each in tfds.as_numpy(tfds.load("bccd", split=split))]
        for split in ("train", "validation", "test")
    )
    return DetectionCorpus("bccd", lambda epoch: train, validation, test, BCCD_LABELS)


def _annotated(example: dict[str, Any]) -> AnnotatedPicture:
    picture = example["image"]
    height, width = picture.shape[:2]
    # (y0, x0, y1, x1) as fractions.
    boxes = example["objects"]["bbox"][:, [1, 0, 3, 2]]
    boxes = np.clip(boxes, 0, 1) * np.array([width, height] * 2)
    labels = example["objects"]["label"].astype("int32")
    solid = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return AnnotatedPicture(picture, boxes[solid].astype("float32"), labels[solid])
