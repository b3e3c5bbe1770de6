"""Detection: what is in a picture, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.boxes import boxes_xyxy
from seqzoo.ops.numpy_callback import callback_compiles
from seqzoo.tasks.labelled import LabelledTask
from seqzoo.tasks.set_prediction import SetPredictionLoss

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects found in one picture, the most probable first.

    Attributes:
        boxes_xyxy: Float32 array `(objects, 4)`: left, upper, right and lower border
            in pixels of the picture that was given. A box may reach beyond it.
        labels: Name of each object's class.
        scores: Float32 array `(objects,)`: the probability of that class.
    """

    boxes_xyxy: Array
    labels: list[str]
    scores: Array

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[tuple[str, float, tuple[float, ...]]]:
        """The label, score and box of each object."""
        for label, score, box in zip(
            self.labels, self.scores, self.boxes_xyxy, strict=True
        ):
            yield label, float(score), tuple(map(float, box))


class ObjectDetector(LabelledTask):
    """Base class of models that find objects in pictures.

    A subclass is called on what its processor's `encode` gives for a list of pictures,
    `{"images": (batch, height, width, channels), "mask": (batch, height, width)}`, and
    returns `{"logits": (batch, queries, classes + 1), "boxes_cxcywh": (batch, queries,
    4)}`. The last class is "no object"; boxes are centre and size as fractions of the
    real part of the picture. Targets of its training are those of `SetPredictionLoss`.
    """

    task = "object-detection"
    verb = "detect"
    usage = """\
for label, score, box in model.detect("{image}", threshold={threshold}):
    print(label, f"{{score:.2f}}", [round(side) for side in box])"""
    hub_task = "object-detection"
    headline_metrics = ("map", "map_50")
    headline_format = "mAP {:.1f} %, at IoU 0.5 {:.1f} %"
    figure = "detections"
    demo_panel = "detection"
    batch_size = 8  # pictures of one size that are read together

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """Each object's label, score, x0, y0, x1, y1 and file, with tabs between."""
        for label, score, box in answer:
            sides = "\t".join(f"{side:.1f}" for side in box)
            yield f"{label}\t{score:.4f}\t{sides}\t{given}"

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """The label, score and box of each object."""
        objects = [
            {"label": label, "score": score, "box_xyxy": list(box)}
            for label, score, box in answer
        ]
        return {"input": given, "objects": objects}

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: SetPredictionLoss | None = None,
        jit_compile: bool | str = "auto",
        **settings: Any,
    ) -> None:
        """As in Keras; the loss is a set's, by default with its own weights.

        A step on TensorFlow is not compiled by XLA, which cannot wait for the matching.
        """
        # Not Keras's own: that takes each output apart and gives it a loss of its own.
        if loss is not None and not callable(loss):
            raise ValueError(
                "A detector has one loss of all its outputs, such as "
                f"SetPredictionLoss(). Received: loss={loss!r}"
            )
        self.set_loss = SetPredictionLoss() if loss is None else loss
        if not callback_compiles():
            jit_compile = False
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **settings)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The loss of a batch; weights of examples are not for sets."""
        del x, training
        if sample_weight is not None:
            raise ValueError(
                "A detector's loss takes no sample weights. Leave them out."
            )
        return self.set_loss(y, y_pred)

    def check_pixels(self, images: Any, mask: Any | None) -> None:
        """Refuses pixels of another shape than the Config's channels want, or a mask.

        Raises:
            ValueError: It names the shapes.
        """
        if len(images.shape) != 4 or images.shape[-1] != self.config.channels:
            raise ValueError(
                "Images must have shape (batch, height, width, "
                f"{self.config.channels}). Received: {tuple(images.shape)}."
            )
        if mask is not None and tuple(mask.shape) != tuple(images.shape[:3]):
            raise ValueError(
                "The mask must have a place for each pixel, (batch, height, width). "
                f"Received: mask {tuple(mask.shape)}, images {tuple(images.shape)}."
            )

    def detect(self, images: Any, threshold: float = 0.5) -> Any:
        """The objects in a picture, or in each of several.

        Every query gives at most one object: its most probable class, where that is
        more probable than the threshold. Nothing is suppressed afterwards. What is
        found in a picture does not depend on the others of a list.

        Args:
            images: One picture, as a path, a `PIL.Image` or an array, or a list.
            threshold: Lowest probability that is reported, from 0 to 1.

        Returns:
            For one picture its `Detections`; for a list, a list of them.

        Raises:
            ValueError: If one of them is no picture, or `threshold` is out of range.
        """
        if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
            raise ValueError(
                f"`threshold` must be a number from 0 to 1. Received: {threshold!r}"
            )
        several, is_one = self.listed(images)
        found = self._detected(several, float(threshold))
        return found[0] if is_one else found

    def _detected(self, images: Sequence[Any], threshold: float) -> list[Detections]:
        """Pictures of one size together: padding would change them a little."""
        by_size: dict[tuple[int, int], list[int]] = {}
        pictures = [self.processor.read(image) for image in images]
        for i, picture in enumerate(pictures):
            size = self.processor.resized_size(picture.height, picture.width)
            by_size.setdefault(size, []).append(i)
        found: list[Any] = [None] * len(pictures)
        for alike in by_size.values():
            for start in range(0, len(alike), self.batch_size):
                part = alike[start : start + self.batch_size]
                outputs = self._outputs([pictures[i] for i in part])
                probabilities = ops.convert_to_numpy(ops.softmax(outputs["logits"]))
                boxes = ops.convert_to_numpy(boxes_xyxy(outputs["boxes_cxcywh"]))
                for i, classes, places in zip(part, probabilities, boxes, strict=True):
                    size = pictures[i].size
                    found[i] = self._chosen(classes, places, size, threshold)
        return found

    def _outputs(self, pictures: Sequence[Any]) -> Any:
        """What the model answers to pictures of one size.

        XLA would compile each size anew, which takes longer than many pictures.
        """
        inputs = self.processor.encode(pictures)
        return self.compiled_function(self._answered, any_size=True)(inputs)

    def _answered(self, inputs: Any) -> Any:
        return self(inputs, training=False)

    def _chosen(
        self, probabilities: Array, boxes: Array, size: Sequence[int], threshold: float
    ) -> Detections:
        """What is reported of one picture of `size`, width and height."""
        objects = probabilities[:, :-1]  # the last is "no object"
        classes, scores = objects.argmax(axis=-1), objects.max(axis=-1)
        best = np.argsort(-scores, kind="stable")
        best = best[scores[best] > threshold]
        return Detections(
            boxes[best] * np.array([*size, *size], "float32"),
            [self.processor.labels[k] for k in classes[best]],
            scores[best],
        )
