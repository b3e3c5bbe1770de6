"""Average precision as COCO measures it, by pycocotools."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqzoo.tasks.detection import Detections

try:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError as error:  # said at once, not after the first epoch
    raise ImportError(
        'Average precision wants pycocotools: pip install "seqzoo[metrics]"'
    ) from error

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class AveragePrecision:
    """Scores from 0 to 1; NaN where no object was to be found.

    Attributes:
        mean: Over classes and over IoU thresholds 0.50, 0.55, ..., 0.95: COCO's mAP.
        at_50: Over classes, at IoU 0.50.
        at_75: Over classes, at IoU 0.75.
        by_class: From a class's name to `(mean over thresholds, at IoU 0.50)`.
    """

    mean: float
    at_50: float
    at_75: float
    by_class: dict[str, tuple[float, float]]


def average_precision(
    found: Sequence[Detections],
    boxes_xyxy: Sequence[Array],
    labels: Sequence[Array],
    names: Sequence[str],
) -> AveragePrecision:
    """COCO's average precision of boxes (Lin et al. 2014; pycocotools, "bbox").

    At most 100 objects of a picture count, those with the highest scores, so the
    detections should be given without a threshold.

    Args:
        found: What was detected in each picture.
        boxes_xyxy: The true boxes of each, arrays `(objects, 4)`.
        labels: Their classes, int arrays `(objects,)`.
        names: Name of each class.

    Raises:
        ValueError: If the lists differ in length.
    """
    if not len(found) == len(boxes_xyxy) == len(labels):
        raise ValueError(
            "Each picture has detections, boxes and labels. Received: "
            f"{len(found)}, {len(boxes_xyxy)} and {len(labels)} of them."
        )
    number = {name: k for k, name in enumerate(names)}
    truths = [
        _annotation(i, int(label), box)
        for i, (boxes, classes) in enumerate(zip(boxes_xyxy, labels, strict=True))
        for box, label in zip(boxes, classes, strict=True)
    ]
    guesses = [
        {**_annotation(i, number[label], box), "score": float(score)}
        for i, each in enumerate(found)
        for box, label, score in zip(
            each.boxes_xyxy, each.labels, each.scores, strict=True
        )
    ]
    precision = _precision(len(found), len(names), truths, guesses)

    def mean(part: Array) -> float:
        part = part[part > -1]  # -1: the class has no object
        return float(part.mean()) if part.size else float("nan")

    return AveragePrecision(
        mean(precision),
        mean(precision[0]),
        mean(precision[5]),
        {
            name: (mean(precision[:, :, k]), mean(precision[0, :, k]))
            for k, name in enumerate(names)
        },
    )


def _annotation(picture: int, label: int, box: Array) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(value) for value in box)
    return {
        "image_id": picture,
        "category_id": label,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "iscrowd": 0,
    }


def _precision(
    pictures: int,
    classes: int,
    truths: list[dict[str, Any]],
    guesses: list[dict[str, Any]],
) -> Array:
    """Precision by IoU threshold (10), recall (101) and class; -1 without objects."""
    with contextlib.redirect_stdout(io.StringIO()):  # it reports every step
        sides = []
        for annotations in (truths, guesses):
            side = COCO()
            side.dataset = {
                "images": [{"id": i} for i in range(pictures)],
                "categories": [{"id": k} for k in range(classes)],
                # Numbered from 1: pycocotools takes a match with 0 for none.
                "annotations": [
                    {**each, "id": i} for i, each in enumerate(annotations, start=1)
                ],
            }
            side.createIndex()
            sides.append(side)
        evaluation = COCOeval(*sides, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    # All sizes of objects, at most 100 a picture.
    return np.asarray(evaluation.eval["precision"])[:, :, :, 0, 2]
