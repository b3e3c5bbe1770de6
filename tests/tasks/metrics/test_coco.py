"""Average precision where it can be counted by hand."""

import math

import numpy as np
import pytest

from seqzoo.tasks.detection import Detections

coco = pytest.importorskip("seqzoo.tasks.metrics.coco", exc_type=ImportError)
NAMES = ("cat", "dog", "cow")
BOX, OTHER = [10.0, 10.0, 30.0, 50.0], [60.0, 10.0, 90.0, 40.0]


def detections(*found):
    boxes, labels, scores = zip(*found, strict=True) if found else ((), (), ())
    return Detections(
        np.array(boxes, "float32").reshape(-1, 4), list(labels), np.array(scores)
    )


def scored(found, boxes, labels):
    return coco.average_precision(
        found, [np.array(each).reshape(-1, 4) for each in boxes], labels, NAMES
    )


def test_what_is_exact_scores_one_and_what_is_not_asked_for_is_nan():
    found = [detections((BOX, "cat", 0.9), (OTHER, "dog", 0.8)), detections()]
    scores = scored(found, [[BOX, OTHER], []], [[0, 1], []])
    assert (scores.mean, scores.at_50, scores.at_75) == pytest.approx((1, 1, 1))
    assert scores.by_class["dog"] == pytest.approx((1, 1))
    assert math.isnan(scores.by_class["cow"][0])


def test_a_shifted_box_counts_up_to_its_overlap():
    """A third of the width away: IoU 2/4 = 0.5 and no threshold above it."""
    moved = [10.0 + 20 / 3, 10.0, 30.0 + 20 / 3, 50.0]
    scores = scored([detections((moved, "cat", 0.9))], [[BOX]], [[0]])
    assert (scores.mean, scores.at_50, scores.at_75) == pytest.approx((0.1, 1, 0))


def test_a_second_detection_of_an_object_is_wrong():
    """Precision 1/2 at all recalls if the wrong one has the higher score."""
    found = [detections((OTHER, "cat", 0.9), (BOX, "cat", 0.8))]
    assert scored(found, [[BOX]], [[0]]).at_50 == pytest.approx(0.5)


def test_the_wrong_class_finds_nothing():
    assert scored([detections((BOX, "dog", 0.9))], [[BOX]], [[0]]).mean == 0


def test_an_image_without_detections_must_be_said():
    with pytest.raises(ValueError, match="1, 2 and 2"):
        scored([detections()], [[BOX], []], [[0], []])
