"""The loss of a detector, whose predictions are a set.

Letters in comments: B batch, S sets (batch times layers), Q queries, N objects, G
groups of denoising queries.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.ops.boxes import boxes_xyxy, generalized_iou, pairwise_generalized_iou
from seqzoo.ops.matching import gathered_queries, matched_queries
from seqzoo.ops.types import Tensor

Outputs = Mapping[str, Tensor]
BEYOND = 0.01  # share of the image by which a box may reach beyond it: rounding


@keras.saving.register_keras_serializable("seqzoo")
class SetPredictionLoss(keras.losses.Loss):
    """Class, box and overlap of matched predictions (Carion et al. 2020, sec. 3.1).

        cost_ij = -class_weight p_i(class_j) + box_weight |b_i - b_j|
                  - giou_weight giou(b_i, b_j)
        sigma = the assignment of objects j to queries i of least total cost
        loss = class_weight (weighted mean over queries of -log p(its class))
               + mean over objects of (box_weight |b - b'| + giou_weight (1 - giou))

    The class of a query without an object is "no object", with the weight
    `no_object_weight`. The predictions of every decoder layer are matched, and their
    losses added (auxiliary losses). Denoising queries (Li et al. 2022, "DN-DETR") are
    not matched, because they know their object; their loss, the mean over their groups,
    is added.

    Args:
        class_weight: Weight of the class.
        box_weight: Weight of the L1 distance, summed over the box's four numbers.
        giou_weight: Weight of the generalised IoU.
        no_object_weight: Weight of "no object" among the classes.
        **kwargs: `name`.

    Call arguments:
        y_true: `{"labels": int tensor (batch, objects), -1 is padding; "boxes_cxcywh":
            float tensor (batch, objects, 4), from 0 to 1}`.
        y_pred: The outputs of a `DETR` in training.

    Raises:
        ValueError: If labels or boxes are out of range (see `check_targets`).
    """

    def __init__(
        self,
        class_weight: float = 1.0,
        box_weight: float = 5.0,
        giou_weight: float = 2.0,
        no_object_weight: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(reduction=None, **kwargs)
        self.class_weight = class_weight
        self.box_weight = box_weight
        self.giou_weight = giou_weight
        self.no_object_weight = no_object_weight

    def call(self, y_true: Outputs, y_pred: Mapping[str, Any]) -> Tensor:
        check_targets(y_true, y_pred["logits"].shape[-1] - 1)
        labels = ops.cast(y_true["labels"], "int32")  # (B, N)
        boxes = ops.cast(y_true["boxes_cxcywh"], "float32")  # (B, N, 4)
        layers = [y_pred, *y_pred.get("auxiliary", ())]
        count = len(layers)
        # All layers form one batch of S sets, so that one callback matches them all.
        logits, predicted = _joined(layers)  # (S, Q, classes + 1), (S, Q, 4)
        targets = _repeated(labels, count), _repeated(boxes, count)
        queries = self._matched(logits, predicted, *targets)
        total = self._loss(logits, predicted, *targets, queries, self.no_object_weight)
        noised = y_pred.get("denoised", ())
        if len(noised):
            # (B, G, N, ...): each of G groups has a query for each of N objects.
            groups = noised[0]["logits"].shape[1]
            logits, predicted = (_merged_groups(x) for x in _joined(noised))
            targets = (
                _repeated(ops.repeat(labels, groups, axis=0), count),
                _repeated(ops.repeat(boxes, groups, axis=0), count),
            )
            queries = ops.arange(labels.shape[1])  # query j belongs to object j
            queries = ops.broadcast_to(queries, ops.shape(targets[0]))
            # Without an object such a query is padding, not "no object".
            total = total + self._loss(logits, predicted, *targets, queries, 0.0)
        return total * count  # the sum over layers, from a mean over them

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "name": self.name,
            "class_weight": self.class_weight,
            "box_weight": self.box_weight,
            "giou_weight": self.giou_weight,
            "no_object_weight": self.no_object_weight,
        }

    def _matched(
        self, logits: Tensor, predicted: Tensor, labels: Tensor, boxes: Tensor
    ) -> Tensor:
        """The query of each object, `(sets, objects)`."""
        classes = ops.expand_dims(ops.maximum(labels, 0), 1)  # (S, 1, N)
        classes = ops.repeat(classes, logits.shape[1], axis=1)  # (S, Q, N)
        prob = ops.take_along_axis(ops.softmax(logits), classes, axis=-1)  # (S, Q, N)
        l1 = ops.abs(ops.expand_dims(predicted, 2) - ops.expand_dims(boxes, 1))
        giou = pairwise_generalized_iou(boxes_xyxy(predicted), boxes_xyxy(boxes))
        costs = (
            self.box_weight * ops.sum(l1, axis=-1)
            - self.class_weight * prob
            - self.giou_weight * giou
        )  # (S, Q, N)
        return matched_queries(costs, labels >= 0)

    def _loss(
        self,
        logits: Tensor,
        predicted: Tensor,
        labels: Tensor,
        boxes: Tensor,
        queries: Tensor,
        no_object_weight: float,
    ) -> Tensor:
        """The loss of sets of predictions whose matching is known.

        Args:
            logits: `(sets, queries, classes + 1)`.
            predicted: Boxes `(sets, queries, 4)`.
            labels: `(sets, objects)`; -1 is padding.
            boxes: `(sets, objects, 4)`.
            queries: The query of each object, `(sets, objects)`.
            no_object_weight: Weight of the queries without an object.
        """
        is_object = ops.cast(labels >= 0, "float32")  # (S, N)
        no_object = logits.shape[-1] - 1
        # 1 where query q is matched to object n.
        matches = (
            ops.one_hot(queries, logits.shape[1]) * is_object[..., None]
        )  # S, N, Q
        is_matched = ops.sum(matches, axis=1) > 0  # (S, Q)
        class_ids = ops.sum(matches * ops.cast(labels, "float32")[..., None], axis=1)
        class_ids = ops.where(is_matched, ops.cast(class_ids, "int32"), no_object)
        weights = ops.where(is_matched, 1.0, no_object_weight)
        cross_entropy = keras.losses.sparse_categorical_crossentropy(
            class_ids, logits, from_logits=True
        )  # (S, Q)
        # At least 1, because a batch may have no object and the weight 0.
        scale = self.class_weight / ops.maximum(ops.sum(weights), 1.0)
        loss = scale * ops.sum(weights * cross_entropy)
        matched = gathered_queries(predicted, queries)  # (S, N, 4)
        l1 = ops.sum(ops.abs(matched - boxes), axis=-1)  # (S, N)
        giou = generalized_iou(boxes_xyxy(matched), boxes_xyxy(boxes))
        box_losses = self.box_weight * l1 + self.giou_weight * (1 - giou)
        objects = ops.maximum(ops.sum(is_object), 1.0)
        return loss + ops.sum(box_losses * is_object) / objects


def check_targets(targets: Any, num_classes: int) -> None:
    """Checks the labels and boxes of a batch, unless a graph is being traced.

    Args:
        targets: `{"labels", "boxes_cxcywh"}`, as the loss takes them.
        num_classes: Number of classes, without "no object".

    Raises:
        ValueError: If a label is no class, or a box is not (centre x, centre y, width,
            height) as fractions of the image, from 0 to 1.
    """
    try:
        labels = ops.convert_to_numpy(targets["labels"])
        boxes = ops.convert_to_numpy(targets["boxes_cxcywh"]).astype("float32")
    except (
        Exception
    ):  # tensors of a graph have no values, each backend's in its own way
        return
    if ((labels < -1) | (labels >= num_classes)).any():
        wrong = labels[(labels < -1) | (labels >= num_classes)][0]
        raise ValueError(
            f"Labels must be from 0 to {num_classes - 1}, or -1 for padding. Received: "
            f"{wrong}. Build the model with num_classes of your data."
        )
    boxes = boxes[labels >= 0]
    centre, size = boxes[:, :2], boxes[:, 2:]
    beyond = np.maximum(size / 2 - centre, centre + size / 2 - 1).max(axis=-1)
    fits = (beyond <= BEYOND) & (size > 0).all(axis=-1)  # false for NaN, too
    if not fits.all():
        raise ValueError(
            "Boxes must be (centre x, centre y, width, height) as fractions of the "
            f"image, inside it. Received: {boxes[~fits][0].tolist()}. "
            "seqzoo.ops.boxes.boxes_cxcywh converts (x0, y0, x1, y1); divide pixels by "
            "the width and the height."
        )


def _joined(layers: Any) -> tuple[Tensor, Tensor]:
    """Logits and boxes of all layers, one after another on the batch axis."""
    return tuple(
        ops.cast(ops.concatenate([layer[key] for layer in layers]), "float32")
        for key in ("logits", "boxes_cxcywh")
    )


def _repeated(x: Tensor, times: int) -> Tensor:
    return ops.concatenate([x] * times)


def _merged_groups(x: Tensor) -> Tensor:
    return ops.reshape(x, (-1, *x.shape[2:]))  # (B, G, N, F) -> (B * G, N, F)
