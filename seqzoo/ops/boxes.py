"""Boxes: their two forms, and their overlap.

A box is four numbers on the last axis: (centre x, centre y, width, height), or (x0, y0,
x1, y1), its left, upper, right and lower border; y points down.
"""

from keras import ops

from seqzoo.ops.types import Tensor


def boxes_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    """Borders of boxes given by centre and size.

        x0, x1 = cx - w / 2, cx + w / 2;   y0, y1 = cy - h / 2, cy + h / 2

    Args:
        boxes_cxcywh: Float tensor `(..., 4)`.

    Returns:
        Float tensor `(..., 4)`.
    """
    centre, size = boxes_cxcywh[..., :2], boxes_cxcywh[..., 2:]
    return ops.concatenate([centre - size / 2, centre + size / 2], axis=-1)


def boxes_cxcywh(boxes_xyxy: Tensor) -> Tensor:
    """Centre and size of boxes given by their borders.

        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2;   w, h = x1 - x0, y1 - y0

    Args:
        boxes_xyxy: Float tensor `(..., 4)`.

    Returns:
        Float tensor `(..., 4)`.
    """
    low, high = boxes_xyxy[..., :2], boxes_xyxy[..., 2:]
    return ops.concatenate([(low + high) / 2, high - low], axis=-1)


def pairwise_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of each box with each other one.

        iou(a, b) = |a and b| / |a or b|

    Args:
        boxes: Float tensor `(..., n, 4)`, as (x0, y0, x1, y1) with x0 <= x1, y0 <= y1.
        others: Float tensor `(..., m, 4)`, likewise.

    Returns:
        Float tensor `(..., n, m)` in [0, 1]; two boxes without area have 0.
    """
    return _overlaps(ops.expand_dims(boxes, -2), ops.expand_dims(others, -3))[0]


def pairwise_generalized_iou(boxes: Tensor, others: Tensor) -> Tensor:
    """Generalised IoU of each box with each other one; see `generalized_iou`.

    Args:
        boxes: Float tensor `(..., n, 4)`, as (x0, y0, x1, y1) with x0 <= x1, y0 <= y1.
        others: Float tensor `(..., m, 4)`, likewise.

    Returns:
        Float tensor `(..., n, m)` in [-1, 1].
    """
    return generalized_iou(ops.expand_dims(boxes, -2), ops.expand_dims(others, -3))


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU of two boxes (Rezatofighi et al. 2019, algorithm 1).

        giou(a, b) = iou(a, b) - (|c| - |a or b|) / |c|

    where c is the smallest box that contains both. For boxes that do not touch it is
    below 0 and falls with their distance, so it has a gradient where IoU has none.

    Args:
        a: Float tensor `(..., 4)`, as (x0, y0, x1, y1) with x0 <= x1, y0 <= y1.
        b: Float tensor that broadcasts with `a`, likewise.

    Returns:
        Float tensor `(...)` in [-1, 1]; where c has no area it is the IoU, 0.
    """
    iou, union = _overlaps(a, b)
    hull = ops.maximum(a[..., 2:], b[..., 2:]) - ops.minimum(a[..., :2], b[..., :2])
    hull = hull[..., 0] * hull[..., 1]
    return iou - (hull - union) / _divisor(hull)


def _overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and area of the union."""
    shared = ops.minimum(a[..., 2:], b[..., 2:]) - ops.maximum(a[..., :2], b[..., :2])
    shared = ops.maximum(shared, 0)
    shared = shared[..., 0] * shared[..., 1]
    union = _area(a) + _area(b) - shared
    return shared / _divisor(union), union


def _area(boxes: Tensor) -> Tensor:
    size = boxes[..., 2:] - boxes[..., :2]
    return size[..., 0] * size[..., 1]


def _divisor(area: Tensor) -> Tensor:
    # No epsilon is added: in an image of side 1 the areas themselves are tiny.
    return ops.where(area > 0, area, ops.ones_like(area))
