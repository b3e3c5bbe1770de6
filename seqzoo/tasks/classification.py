"""Classification: the verb `classify`, for sequences and for images read as such."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops, tree

from seqzoo.ops.compiled import compiled
from seqzoo.tasks.base import Task

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


class SequenceClassifier(Task):
    """Base class of models that name what they are shown.

    A subclass is called on what its processor's `encode` gives for a list of inputs,
    a tree of arrays `(batch, ...)`, and returns logits `(batch, classes)`. The
    processor also has `labels`, and `listed`, which tells one input from several.
    """

    task = "sequence-classification"
    batch_size = 64  # inputs read together

    def classify(self, sequences: Any, top: int = 1) -> Any:
        """The most probable labels of an input, or of each of several.

        Args:
            sequences: One input of the processor's kind, or a list of them.
            top: How many labels to return, the most probable first.

        Returns:
            For one input a `Prediction`, or with `top` above 1 a list of them; for a
            list, a list of that. Probabilities of all classes sum to 1.

        Raises:
            ValueError: If an input is not of that kind, or `top` is not from 1 to the
                number of classes.
        """
        if self.processor is None:
            raise ValueError(
                "This model has no processor, so it cannot read inputs. Load a trained "
                "model with seqzoo.load, or set model.processor."
            )
        labels = self.processor.labels
        if not isinstance(top, int) or not 1 <= top <= len(labels):
            raise ValueError(
                f"`top` must be an integer from 1 to {len(labels)}, the number of "
                f"classes. Received: top={top!r}"
            )
        inputs, is_one = self.processor.listed(sequences)
        answers: list[Any] = []
        for probabilities in self.probabilities(inputs):
            best = np.argsort(-probabilities, kind="stable")[:top]
            found = [Prediction(labels[k], float(probabilities[k])) for k in best]
            answers.append(found if top > 1 else found[0])
        return answers[0] if is_one else answers

    def probabilities(self, inputs: Sequence[Any]) -> np.ndarray[Any, Any]:
        """The probability of every class, float32 `(inputs, classes)`."""
        if not self.built:
            self(self.example_inputs())
        run = self.__dict__.setdefault(
            "_compiled_softmax",
            compiled(self, lambda arrays: ops.softmax(self(arrays, training=False))),
        )
        found = [np.zeros((0, len(self.processor.labels)), "float32")]
        for start in range(0, len(inputs), self.batch_size):
            part = list(inputs[start : start + self.batch_size])
            # A power of two, so that few shapes are ever compiled.
            rows = 1 << (len(part) - 1).bit_length()
            arrays = self.processor.encode(part + part[-1:] * (rows - len(part)))
            arrays = tree.map_structure(np.asarray, arrays)
            found.append(ops.convert_to_numpy(run(arrays))[: len(part)])
        return np.concatenate(found)
