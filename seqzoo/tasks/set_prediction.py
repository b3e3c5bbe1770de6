"""The loss of a detector that answers with a set."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from seqzoo.ops.boxes import boxes_xyxy, generalized_iou, pairwise_generalized_iou
from seqzoo.ops.matching import gathered_queries, matched_queries

Tensor = Any
Outputs = Mapping[str, Tensor]


class SetPredictionLoss(keras.losses.Loss):
    """Class, place and overlap of matched predictions (Carion et al. 2020, sec. 3.1).

        cost_ij = -class_weight p_i(class_j) + box_weight |b_i - b_j|
                  - giou_weight giou(b_i, b_j)
        sigma = the assignment of objects j to queries of least total cost
        loss = class_weight (weighted mean over queries of -log p(its class))
               + mean over objects of (box_weight |b - b'| + giou_weight (1 - giou))

    A query without an object has the class "no object", whose weight is
    `no_object_weight`. What each layer of the decoder answers is matched and counted
    alike (auxiliary losses). Denoising queries (Li et al. 2022, "DN-DETR") know their
    object and are not matched: what they answer counts, divided by their groups, too.

    Called on the targets and on what a `DETR` returns in training:

        targets: {"labels": int tensor (batch, objects), -1 is padding;
                  "boxes_cxcywh": float tensor (batch, objects, 4), from 0 to 1}

    Args:
        class_weight: Of the classes.
        box_weight: Of the boxes' distance, the sum over its four numbers.
        giou_weight: Of the generalised IoU.
        no_object_weight: Of "no object" among the classes.
        **kwargs: `name`.
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
        labels = ops.cast(y_true["labels"], "int32")
        boxes = ops.cast(y_true["boxes_cxcywh"], "float32")
        layers = [_final(y_pred), *y_pred.get("auxiliary", ())]
        count = len(layers)
        # All layers as one batch: one call of the host, not one a layer.
        logits, found = _joined(layers)
        labels_of, boxes_of = _repeated(labels, count), _repeated(boxes, count)
        matched = self._matched(logits, found, labels_of, boxes_of)
        total = self._loss(
            logits, found, labels_of, boxes_of, matched, self.no_object_weight
        )
        noised = y_pred.get("denoised", ())
        if len(noised):
            # (B, G, N, ...): group g repeats the objects, each query knows its own.
            groups = noised[0]["logits"].shape[1]
            logits, found = _joined(noised)
            logits, found = _grouped(logits), _grouped(found)
            labels_of = _repeated(ops.repeat(labels, groups, axis=0), count)
            boxes_of = _repeated(ops.repeat(boxes, groups, axis=0), count)
            own = ops.broadcast_to(ops.arange(labels.shape[1]), ops.shape(labels_of))
            # Without an object such a query is padding, not "no object".
            total = total + self._loss(logits, found, labels_of, boxes_of, own, 0.0)
        return total * count  # means over the layers so far

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: the weights."""
        return {
            "name": self.name,
            "class_weight": self.class_weight,
            "box_weight": self.box_weight,
            "giou_weight": self.giou_weight,
            "no_object_weight": self.no_object_weight,
        }

    def _matched(
        self, logits: Tensor, found: Tensor, labels: Tensor, boxes: Tensor
    ) -> Tensor:
        """The query of each object, (sets, objects)."""
        probabilities = ops.softmax(logits)
        wanted = ops.expand_dims(ops.maximum(labels, 0), 1)  # (S, 1, N)
        wanted = ops.repeat(wanted, logits.shape[1], axis=1)
        likely = ops.take_along_axis(probabilities, wanted, axis=-1)  # (S, Q, N)
        away = ops.abs(ops.expand_dims(found, 2) - ops.expand_dims(boxes, 1))
        overlap = pairwise_generalized_iou(boxes_xyxy(found), boxes_xyxy(boxes))
        costs = (
            self.box_weight * ops.sum(away, axis=-1)
            - self.class_weight * likely
            - self.giou_weight * overlap
        )
        return matched_queries(costs, labels >= 0)

    def _loss(
        self,
        logits: Tensor,
        found: Tensor,
        labels: Tensor,
        boxes: Tensor,
        queries: Tensor,
        no_object_weight: float,
    ) -> Tensor:
        """Of predictions (sets, queries, ...) whose objects' queries are known."""
        is_object = ops.cast(labels >= 0, "float32")  # (S, N)
        nothing = logits.shape[-1] - 1
        # (S, N, Q): which query answers for which object.
        answers = ops.one_hot(queries, logits.shape[1]) * is_object[..., None]
        taken = ops.sum(answers, axis=1)
        named = ops.sum(answers * ops.cast(labels, "float32")[..., None], axis=1)
        classes = ops.where(taken > 0, ops.cast(named, "int32"), nothing)
        weights = ops.where(taken > 0, 1.0, no_object_weight)
        surprise = keras.losses.sparse_categorical_crossentropy(
            classes, logits, from_logits=True
        )
        # At least one: a batch may show no object at all.
        share = self.class_weight / ops.maximum(ops.sum(weights), 1.0)
        loss = share * ops.sum(weights * surprise)
        own = gathered_queries(found, queries)  # (S, N, 4)
        away = ops.sum(ops.abs(own - boxes), axis=-1)
        overlap = generalized_iou(boxes_xyxy(own), boxes_xyxy(boxes))
        places = self.box_weight * away + self.giou_weight * (1 - overlap)
        objects = ops.maximum(ops.sum(is_object), 1.0)
        return loss + ops.sum(places * is_object) / objects


def _final(outputs: Mapping[str, Any]) -> Outputs:
    return {key: outputs[key] for key in ("logits", "boxes_cxcywh")}


def _joined(layers: Any) -> tuple[Tensor, Tensor]:
    """Logits and boxes of all layers, one after another on the batch axis."""
    return tuple(
        ops.cast(ops.concatenate([layer[key] for layer in layers]), "float32")
        for key in ("logits", "boxes_cxcywh")
    )


def _repeated(x: Tensor, times: int) -> Tensor:
    return ops.concatenate([x] * times)


def _grouped(x: Tensor) -> Tensor:
    """(B, G, N, F) to (B * G, N, F)."""
    return ops.reshape(x, (-1, *x.shape[2:]))
