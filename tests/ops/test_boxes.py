import numpy as np
import pytest
from keras import ops

from seqzoo.ops.boxes import (
    boxes_cxcywh,
    boxes_xyxy,
    pairwise_generalized_iou,
    pairwise_iou,
)


def whole_boxes(count, seed):
    """Boxes whose borders are whole numbers from 0 to 11."""
    corners = np.sort(np.random.default_rng(seed).integers(12, size=(count, 2, 2)), 1)
    return corners.reshape(count, 4).astype("float32")


def pixels(box):
    """The unit squares that a box of whole numbers covers."""
    x0, y0, x1, y1 = box.astype(int)
    return {(x, y) for x in range(x0, x1) for y in range(y0, y1)}


def hull_of(a, b):
    return pixels(np.concatenate([np.minimum(a, b)[:2], np.maximum(a, b)[2:]]))


BOXES, OTHERS = whole_boxes(30, 0), whole_boxes(20, 1)


def test_the_two_forms_are_each_others_inverse():
    np.testing.assert_allclose(
        boxes_xyxy(np.array([[5.0, 4.0, 2.0, 6.0]])), [[4, 1, 6, 7]]
    )
    there_and_back = boxes_xyxy(boxes_cxcywh(ops.convert_to_tensor(BOXES)))
    np.testing.assert_allclose(ops.convert_to_numpy(there_and_back), BOXES, atol=1e-6)


def test_iou_counts_pixels():
    found = ops.convert_to_numpy(pairwise_iou(BOXES, OTHERS))
    for i, a in enumerate(BOXES):
        for j, b in enumerate(OTHERS):
            union = len(pixels(a) | pixels(b))
            expected = len(pixels(a) & pixels(b)) / union if union else 0
            assert found[i, j] == pytest.approx(expected, abs=1e-6)


def test_generalized_iou_counts_pixels():
    found = ops.convert_to_numpy(pairwise_generalized_iou(BOXES, OTHERS))
    for i, a in enumerate(BOXES):
        for j, b in enumerate(OTHERS):
            union, hull = len(pixels(a) | pixels(b)), len(hull_of(a, b))
            expected = len(pixels(a) & pixels(b)) / union if union else 0
            expected -= (hull - union) / hull if hull else 0
            assert found[i, j] == pytest.approx(expected, abs=1e-6)


def test_of_two_far_boxes_only_the_generalized_one_knows_how_far():
    box = np.array([[0.0, 0.0, 1.0, 1.0]])
    near, far = np.array([[2.0, 0.0, 3.0, 1.0]]), np.array([[9.0, 0.0, 10.0, 1.0]])
    assert float(pairwise_iou(box, near)[0, 0]) == 0
    np.testing.assert_allclose(pairwise_generalized_iou(box, near), [[-1 / 3]])
    np.testing.assert_allclose(pairwise_generalized_iou(box, far), [[-0.8]])


def test_tiny_boxes_and_batches():
    """Areas of 1e-10 are areas; what stands before the boxes is a batch."""
    small = ops.convert_to_tensor(BOXES[None, :5] * 1e-6)
    found = ops.convert_to_numpy(pairwise_iou(small, small))
    np.testing.assert_allclose(
        found[0], ops.convert_to_numpy(pairwise_iou(BOXES[:5], BOXES[:5])), atol=1e-5
    )
