"""Classification: the verb `classify`, for sequences and for images."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from keras import ops, tree

from seqzoo.tasks.labelled import LabelledTask

Tensor = Any


@dataclass(frozen=True)
class Prediction:
    """A label and how probable the model finds it."""

    label: str
    probability: float


def example_sequences(features: int) -> dict[str, np.ndarray[Any, Any]]:
    """Two short sequences, one of them padded, that build a classifier of such."""
    sequences = np.random.default_rng(0).normal(size=(2, 4, features))
    mask = np.array([[True] * 4, [True, True, False, False]])
    return {"sequences": sequences.astype("float32"), "mask": mask}


class Classifier(LabelledTask):
    """Base class of models that name what they are shown.

    A subclass is called on what its processor's `encode` gives for a list of inputs,
    a tree of arrays `(batch, ...)`, and returns logits `(batch, classes)`.
    """

    verb = "classify"
    usage = """\
for prediction in model.classify("{image}", top=3):
    print(f"{{prediction.label}}: {{prediction.probability:.3f}}")"""
    batch_size = 64  # inputs read together

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
            top: How many labels to return, the most probable first.

        Returns:
            For one input a `Prediction`, or with `top` above 1 a list of them; for a
            list, a list of that. Probabilities of all classes sum to 1.

        Raises:
            ValueError: If an input is not of that kind, or `top` is not from 1 to the
                number of classes.
        """
        several, is_one = self.listed(inputs)
        labels = self.processor.labels
        if not isinstance(top, int) or not 1 <= top <= len(labels):
            raise ValueError(
                f"`top` must be an integer from 1 to {len(labels)}, the number of "
                f"classes. Received: top={top!r}"
            )
        answers: list[Any] = []
        for probabilities in self.probabilities(several):
            best = np.argsort(-probabilities, kind="stable")[:top]
            found = [Prediction(labels[k], float(probabilities[k])) for k in best]
            answers.append(found if top > 1 else found[0])
        return answers[0] if is_one else answers

    def probabilities(self, inputs: Sequence[Any]) -> np.ndarray[Any, Any]:
        """The probability of every class, float32 `(inputs, classes)`."""
        found = self._in_batches(self._softmax, inputs)
        if not found:
            return np.zeros((0, len(self.processor.labels)), "float32")
        return np.concatenate(found)

    def _softmax(self, arrays: Any) -> Tensor:
        return ops.softmax(self(arrays, training=False))

    def _in_batches(
        self, method: Callable[[Any], Tensor], inputs: Sequence[Any]
    ) -> list[np.ndarray]:
        """The results of a method, compiled, on the inputs batch by batch."""
        run = self.compiled_function(method)
        found = []
        for start in range(0, len(inputs), self.batch_size):
            part = list(inputs[start : start + self.batch_size])
            # A power of two, so that few shapes are ever compiled.
            rows = 1 << (len(part) - 1).bit_length()
            arrays = self.processor.encode(part + part[-1:] * (rows - len(part)))
            arrays = tree.map_structure(np.asarray, arrays)
            found.append(ops.convert_to_numpy(run(arrays))[: len(part)])
        return found


class SequenceClassifier(Classifier):
    """Base class of classifiers of sequences, and of images read as such."""

    task = "sequence-classification"


class ImageSize:
    """What the Configs of image classifiers share."""

    image_size: int | tuple[int, int]  # pixels: of a side, or (height, width)

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the images, pixels."""
        size = self.image_size
        return (size, size) if isinstance(size, int) else (size[0], size[1])


class ImageClassifier(Classifier):
    """Base class of classifiers of images.

    A subclass is called on pixels `(batch, height, width, channels)` as its processor
    gives them, and has `pooled`, the vector that its logits are computed from. Its
    Config is an `ImageSize` with `channels`, its last layer `logits`.
    """

    task = "image-classification"
    hub_task = "image-classification"
    figure = "attention"
    demo_panel = "image"

    def example_inputs(self) -> np.ndarray[Any, Any]:
        shape = (2, *self.config.sides, self.config.channels)
        return np.random.default_rng(0).normal(size=shape).astype("float32")

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        return self.logits(self.pooled(images, training))

    def pooled(self, images: Tensor, training: bool = False) -> Tensor:
        """What the last layer classifies, `(batch, features)`."""
        raise ValueError(f"{type(self).__name__} does not define pooled().")

    def adapt_processor(self, saved: Any) -> None:
        """Another image size is what pictures are scaled to from then on."""
        super().adapt_processor(saved)
        if saved.sides != self.config.sides:
            settings = self.processor.get_config()
            settings |= {"size": self.config.sides, "resize": None}
            self.processor = type(self.processor)(**settings)

    def features(self, images: Any) -> np.ndarray[Any, Any]:
        """A vector for an image, or for each of several: what the logits are made of.

        Args:
            images: One image, as a path, a `PIL.Image` or an array, or a list of them.

        Returns:
            Float array `(features,)`, for a list `(images, features)`.
        """
        several, is_one = self.listed(images)
        if not several:
            self.ensure_built()
            return np.zeros((0, self.logits.kernel.shape[0]), "float32")
        found = np.concatenate(self._in_batches(self._features, several))
        return found[0] if is_one else found

    def _features(self, images: Tensor) -> Tensor:
        return self.pooled(images, training=False)
