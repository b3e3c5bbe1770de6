"""Classification: the verb `classify`, for sequences and for images."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.compilation import batch_parts
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.labelled import LabelledTask


@dataclass(frozen=True)
class Prediction:
    """A label and the probability that the model gives it."""

    label: str
    probability: float


def example_sequences(features: int) -> dict[str, Array]:
    """Example inputs of a sequence classifier: two sequences, one of them padded."""
    sequences = np.random.default_rng(0).normal(size=(2, 4, features))
    mask = np.array([[True] * 4, [True, True, False, False]])
    return {"sequences": sequences.astype("float32"), "mask": mask}


class Classifier(LabelledTask):
    """Base class of models that give each input a class.

    The processor's `encode` turns a list of inputs into the inputs of the model, a tree
    of arrays `(batch, ...)`. The model returns logits `(batch, classes)`.
    """

    verb = "classify"
    usage = """\
for prediction in model.classify("{image}", top=3):
    print(f"{{prediction.label}}: {{prediction.probability:.3f}}")"""
    batch_size = 64  # inputs in one batch

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """The labels of an input and their probabilities, on one line."""
        predictions = answer if isinstance(answer, list) else [answer]
        yield "  ".join(f"{p.label} {p.probability:.4f}" for p in predictions)

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """The labels of an input and their probabilities."""
        predictions = answer if isinstance(answer, list) else [answer]
        return {
            "input": given,
            "predictions": [asdict(each) for each in predictions],
        }

    def classify(self, inputs: Any, top: int = 1) -> Any:
        """The most probable labels of an input, or of each of several.

        Args:
            inputs: One input of the processor's kind, or a list of them.
            top: Number of labels, the most probable first.

        Returns:
            For one input a `Prediction`, or with `top` above 1 a list of them; for a
            list of inputs, a list of those. Probabilities of all classes sum to 1,
            unless the Config has `multi_label`.

        Raises:
            ValueError: If an input is not of that kind, or `top` is not from 1 to the
                number of classes.
        """
        inputs, is_one = self.require_processor().as_list(inputs)
        labels = self.processor.labels
        if not isinstance(top, Integral) or not 1 <= top <= len(labels):
            raise ValueError(
                f"`top` must be an integer from 1 to {len(labels)}, the number of "
                f"classes. Received: top={top!r}"
            )
        predictions: list[Any] = []
        for probabilities in self.probabilities(inputs):
            best = np.argsort(-probabilities, kind="stable")[:top]
            ranked = [Prediction(labels[k], float(probabilities[k])) for k in best]
            predictions.append(ranked if top > 1 else ranked[0])
        return predictions[0] if is_one else predictions

    def probabilities(self, inputs: Sequence[Any]) -> Array:
        """The probability of every class, float32 `(inputs, classes)`."""
        classes = len(self.require_processor().labels)
        return self._in_batches(self._probabilities, inputs, classes)

    def _probabilities(self, arrays: Any) -> Tensor:
        logits = ops.cast(self(arrays, training=False), "float32")
        if getattr(self.config, "multi_label", False):
            return ops.sigmoid(logits)
        return ops.softmax(logits)

    def _in_batches(
        self, method: Callable[[Any], Tensor], inputs: Sequence[Any], columns: int
    ) -> Array:
        """The rows `(inputs, columns)` of a method, batch by batch.

        It is compiled for few numbers of rows, or once for sequences of any length.
        """
        results, start = [], 0
        for rows in batch_parts(len(inputs), self.batch_size):
            part = list(inputs[start : start + rows])
            start += rows
            arrays = self.processor.encode(part + part[-1:] * (rows - len(part)))
            # Inputs with a mask are sequences of any length.
            any_size = isinstance(arrays, dict) and "mask" in arrays
            run = self.compiled_function(method, any_size=any_size)
            results.append(ops.convert_to_numpy(run(arrays))[: len(part)])
        if not results:
            return np.zeros((0, columns), "float32")
        return np.concatenate(results)


class SequenceClassifier(Classifier):
    """Base class of classifiers of sequences, and of images read as such."""

    task = "sequence-classification"


class ImageSize:
    """The part that the Configs of image classifiers share."""

    image_size: int | tuple[int, int]  # pixels: of a side, or (height, width)

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the images, pixels."""
        size = self.image_size
        if isinstance(size, int | Integral):
            return int(size), int(size)
        return int(size[0]), int(size[1])


class ImageClassifier(Classifier):
    """Base class of classifiers of images.

    The model is called on pixels `(batch, height, width, channels)` from its processor.
    Its Config is an `ImageSize` with `channels`. It has `pooled` and a last layer
    `logits`.
    """

    task = "image-classification"
    hub_task = "image-classification"
    figure = "attention"
    demo_panel = "image"

    def example_inputs(self) -> Array:
        shape = (2, *self.config.sides, self.config.channels)
        return np.random.default_rng(0).normal(size=shape).astype("float32")

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        return self.logits(self.pooled(images, training))

    def pooled(self, images: Tensor, training: bool = False) -> Tensor:
        """The features that the last layer classifies, `(batch, features)`."""
        raise NotImplementedError(f"{type(self).__name__} does not define pooled().")

    def adapt_processor(self, saved: Any) -> None:
        """The processor scales images to this model's size."""
        super().adapt_processor(saved)
        if saved.sides != self.config.sides:
            settings = self.processor.get_config()
            settings |= {"size": self.config.sides, "resize": None}
            self.processor = type(self.processor)(**settings)

    def features(self, images: Any) -> Array:
        """The features of an image, or of each of several: the inputs of the logits.

        Args:
            images: An image, as a path, a `PIL.Image` or an array, or a list of them.

        Returns:
            Float array `(features,)`, for a list `(images, features)`.
        """
        self.ensure_built()
        images, is_one = self.require_processor().as_list(images)
        columns = self.logits.kernel.shape[0]
        features = self._in_batches(self._features, images, columns)
        return features[0] if is_one else features

    def _features(self, images: Tensor) -> Tensor:
        return ops.cast(self.pooled(images, training=False), "float32")
