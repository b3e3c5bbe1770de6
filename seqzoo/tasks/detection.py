"""Object detection: the verb `detect`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.ops.boxes import boxes_xyxy
from seqzoo.ops.numpy_callback import callback_compiles
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.labelled import LabelledTask, check_images
from seqzoo.tasks.set_prediction import SetPredictionLoss, check_targets


@dataclass(frozen=True, eq=False)
class Detections:
    """The objects in one image, the most probable first.

    Attributes:
        boxes_xyxy: Float32 array `(objects, 4)`: left, upper, right and lower border
            in pixels of the original image. A box may reach beyond it.
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
    """Base class of models that find objects in images.

    The processor's `encode` turns a list of images into the inputs of the model,
    `{"images": (batch, height, width, channels), "mask": (batch, height, width)}`. The
    model returns `{"logits": (batch, queries, classes + 1), "boxes_cxcywh": (batch,
    queries, 4)}`. The last class is "no object"; boxes are centre and size as fractions
    of the image without its padding. `SetPredictionLoss` describes the targets.
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
    batch_size = 8  # images of one size in one batch

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
        """As in Keras, with one loss of all outputs, by default SetPredictionLoss().

        XLA does not compile a training step on TensorFlow: the matching runs in Python.
        """
        # Keras is not given the loss: it would apply a loss to each output.
        if loss is not None and not callable(loss):
            raise ValueError(
                "A detector has one loss of all its outputs, such as "
                f"SetPredictionLoss(). Received: loss={loss!r}"
            )
        self.set_loss = SetPredictionLoss() if loss is None else loss
        if not callback_compiles():
            jit_compile = False
        super().compile(optimizer=optimizer, jit_compile=jit_compile, **settings)

    def get_compile_config(self) -> dict[str, Any]:
        """Keras's, with the loss that it was not given; empty before `compile`."""
        if not self.compiled:
            return super().get_compile_config()
        loss = keras.saving.serialize_keras_object(self.set_loss)
        return {**super().get_compile_config(), "set_loss": loss}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles the model with the settings of `get_compile_config`."""
        settings = keras.saving.deserialize_keras_object(
            {key: value for key, value in config.items() if value is not None}
        )
        loss = settings.pop("set_loss")
        self.compile(**{**settings, "loss": loss})
        if self.built and getattr(self, "optimizer", None):
            self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The loss of a batch; it takes no sample weights."""
        del x, training
        if sample_weight is not None:
            raise ValueError(
                "A detector's loss takes no sample weights. Leave them out."
            )
        return self.set_loss(y, y_pred)

    def fit(self, x: Any = None, y: Any = None, **settings: Any) -> Any:
        """As in Keras, after a check of the boxes and labels (see `check_targets`)."""
        targets = y
        if y is None and isinstance(x, keras.utils.PyDataset) and x.num_batches:
            targets = x[0][1]
        check_targets(targets, self.config.num_classes)
        return super().fit(x, y, **settings)

    def train_on_batch(self, x: Any, y: Any = None, **settings: Any) -> Any:
        """As in Keras, after a check of the boxes and labels."""
        check_targets(y, self.config.num_classes)
        return super().train_on_batch(x, y, **settings)

    def check_pixels(self, images: Any, mask: Any | None) -> None:
        """Checks the shapes of images and of their mask, if there is one.

        Raises:
            ValueError: If one does not fit; it names the shapes.
        """
        check_images(images, self.config.channels)
        if mask is not None and tuple(mask.shape) != tuple(images.shape[:3]):
            raise ValueError(
                "The mask must have a value for each pixel, (batch, height, width). "
                f"Received: mask {tuple(mask.shape)}, images {tuple(images.shape)}."
            )

    def detect(self, images: Any, threshold: float = 0.5) -> Any:
        """Finds the objects in an image, or in each of several.

        Every query gives at most one object: its most probable class, if that is more
        probable than the threshold. Boxes end at the edges of the image. Overlapping
        boxes are not suppressed, so two queries may find one object. The result for an
        image does not depend on the other images of a list.

        Args:
            images: An image, as a path, a `PIL.Image` or an array, or a list.
            threshold: Lowest score of a reported object, from 0 to 1.

        Returns:
            For one image its `Detections`; for a list, a list of them.

        Raises:
            ValueError: If an image is no image, or `threshold` is out of range.
        """
        if not isinstance(threshold, Real) or not 0 <= threshold <= 1:
            raise ValueError(
                f"`threshold` must be a number from 0 to 1. Received: {threshold!r}"
            )
        images, is_one = self.require_processor().as_list(images)
        detections = self._detect_all(images, float(threshold))
        return detections[0] if is_one else detections

    def _detect_all(self, images: Sequence[Any], threshold: float) -> list[Detections]:
        images = [self.processor.read(image) for image in images]
        # Batches of one size: padding would change the results a little.
        by_size: dict[tuple[int, int], list[int]] = {}
        for i, image in enumerate(images):
            size = self.processor.resized_size(image.height, image.width)
            by_size.setdefault(size, []).append(i)
        detections: list[Any] = [None] * len(images)
        run = self.compiled_function(self._predictions, eager_first=True)
        for indices in by_size.values():
            for start in range(0, len(indices), self.batch_size):
                part = indices[start : start + self.batch_size]
                outputs = run(self.processor.encode([images[i] for i in part]))
                probabilities, boxes = map(ops.convert_to_numpy, outputs)
                for k, i in enumerate(part):
                    detections[i] = self._detections(
                        probabilities[k], boxes[k], images[i].size, threshold
                    )
        return detections

    def _predictions(self, inputs: Any) -> tuple[Tensor, Tensor]:
        """The probability of each class and the box of each query, float32."""
        outputs = self(inputs, training=False)
        logits = ops.cast(outputs["logits"], "float32")
        boxes = ops.cast(outputs["boxes_cxcywh"], "float32")
        return ops.softmax(logits), boxes_xyxy(boxes)

    def _detections(
        self, probabilities: Array, boxes: Array, size: Sequence[int], threshold: float
    ) -> Detections:
        """The detections of one image.

        Args:
            probabilities: `(queries, classes + 1)`; the last class is "no object".
            boxes: `(queries, 4)`, x0, y0, x1, y1 as fractions of the image.
            size: Width and height of the image, pixels.
            threshold: Lowest score that is reported.
        """
        objects = probabilities[:, :-1]
        classes, scores = objects.argmax(axis=-1), objects.max(axis=-1)
        best = np.argsort(-scores, kind="stable")
        best = best[scores[best] > threshold]
        return Detections(
            boxes[best].clip(0, 1) * np.array([*size, *size], "float32"),
            [self.processor.labels[k] for k in classes[best]],
            scores[best],
        )
