"""Average precision as COCO measures it, by pycocotools."""

import contextlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from seqzoo.ops.extras import imported
from seqzoo.ops.types import Array
from seqzoo.tasks.detection import Detections, ObjectDetector
from seqzoo.tasks.metrics.metric import Metric


def _libraries() -> list[Any]:
    """The modules `pycocotools.coco` and `pycocotools.cocoeval`."""
    names = "pycocotools.coco", "pycocotools.cocoeval"
    return imported("Average precision", "metrics", *names)


@dataclass(frozen=True, eq=False)
class AveragePrecision:
    """COCO's average precision, in per cent: "map", "map_50", "map_75".

    Args:
        images: Each has `image`, `boxes_xyxy` and `labels`, as `AnnotatedImage` has.
        split: Name of the data and part.
    """

    images: Sequence[Any]
    split: str

    def __post_init__(self) -> None:
        _libraries()  # an error at once, not after the first epoch

    def __call__(self, model: ObjectDetector) -> dict[str, Metric]:
        images = list(self.images)
        precision = average_precision(
            model.detect([each.image for each in images], threshold=0.0),
            [each.boxes_xyxy for each in images],
            [each.labels for each in images],
            model.processor.labels,
        )

        def metric(value: float, **extra: Any) -> Metric:
            return Metric(100 * value, "%", self.split, len(images), extra=extra)

        return {
            "map": metric(precision.mean, by_class=_percent(precision, 0)),
            "map_50": metric(precision.at_50, by_class=_percent(precision, 1)),
            "map_75": metric(precision.at_75),
        }


def _percent(precision: "Precision", index: int) -> dict[str, float | None]:
    """By class; None where a class has no object, since JSON has no NaN."""
    return {
        name: None if math.isnan(scores[index]) else round(100 * scores[index], 2)
        for name, scores in precision.by_class.items()
    }


class Precision(NamedTuple):
    """Scores from 0 to 1; NaN where the images have no object."""

    mean: float  # over classes and IoU thresholds 0.50, 0.55, ..., 0.95: COCO's mAP
    at_50: float  # over classes, at IoU 0.50
    at_75: float  # over classes, at IoU 0.75
    by_class: dict[str, tuple[float, float]]  # (mean over thresholds, at IoU 0.50)


def average_precision(
    detections: Sequence[Detections],
    boxes_xyxy: Sequence[Array],
    labels: Sequence[Array],
    names: Sequence[str],
) -> Precision:
    """COCO's average precision of boxes (Lin et al. 2014; pycocotools, "bbox").

    At most 100 objects of an image count, those with the highest scores, so the
    detections should be given without a threshold.

    Args:
        detections: The detections in each image.
        boxes_xyxy: The true boxes in each, arrays `(objects, 4)`.
        labels: Their classes, int arrays `(objects,)`.
        names: Name of each class.

    Raises:
        ValueError: If the lists differ in length.
    """
    if not len(detections) == len(boxes_xyxy) == len(labels):
        raise ValueError(
            "Each image has detections, boxes and labels. Received: "
            f"{len(detections)}, {len(boxes_xyxy)} and {len(labels)} of them."
        )
    number = {name: k for k, name in enumerate(names)}
    truths = [
        _annotation(i, int(label), box)
        for i, (boxes, classes) in enumerate(zip(boxes_xyxy, labels, strict=True))
        for box, label in zip(boxes, classes, strict=True)
    ]
    predictions = [
        {**_annotation(i, number[label], box), "score": float(score)}
        for i, each in enumerate(detections)
        for box, label, score in zip(
            each.boxes_xyxy, each.labels, each.scores, strict=True
        )
    ]
    precision = _precision(len(detections), len(names), truths, predictions)

    def mean(part: Array) -> float:
        part = part[part > -1]  # -1: the class has no object
        return float(part.mean()) if part.size else float("nan")

    return Precision(
        mean(precision),
        mean(precision[0]),
        mean(precision[5]),
        {
            name: (mean(precision[:, :, k]), mean(precision[0, :, k]))
            for k, name in enumerate(names)
        },
    )


def _annotation(image: int, label: int, box: Array) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(value) for value in box)
    return {
        "image_id": image,
        "category_id": label,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "iscrowd": 0,
    }


def _precision(
    images: int,
    classes: int,
    truths: list[dict[str, Any]],
    predictions: list[dict[str, Any]],
) -> Array:
    """Precision by IoU threshold (10), recall (101) and class; -1 without objects."""
    coco, cocoeval = _libraries()
    with contextlib.redirect_stdout(io.StringIO()):  # it reports every step
        sides = []
        for annotations in (truths, predictions):
            side = coco.COCO()
            side.dataset = {
                "images": [{"id": i} for i in range(images)],
                "categories": [{"id": k} for k in range(classes)],
                # Numbered from 1: pycocotools takes a match with 0 for none.
                "annotations": [
                    {**each, "id": i} for i, each in enumerate(annotations, start=1)
                ],
            }
            side.createIndex()
            sides.append(side)
        evaluation = cocoeval.COCOeval(*sides, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    # All sizes of objects, at most 100 an image.
    return np.asarray(evaluation.eval["precision"])[:, :, :, 0, 2]
