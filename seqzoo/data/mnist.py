"""MNIST: 70,000 grey pictures of handwritten digits (LeCun et al. 1998)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LabelledArrays:
    """Examples and their classes."""

    examples: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Any) -> "LabelledArrays":
        return LabelledArrays(self.examples[rows], self.labels[rows])


@dataclass(frozen=True)
class LabelledCorpus:
    """A data set in three parts, and the names of its classes."""

    train: LabelledArrays
    validation: LabelledArrays
    test: LabelledArrays
    labels: tuple[str, ...]


def mnist(validation: int = 5000) -> LabelledCorpus:
    """Pictures uint8 `(examples, 28, 28)`, read by tensorflow_datasets.

    Args:
        validation: How many of the 60,000 training pictures, the last, are kept to
            choose on.
    """
    import tensorflow_datasets as tfds

    parts = []
    for split in ("train", "test"):
        pictures, labels = tfds.as_numpy(
            tfds.load("mnist", split=split, batch_size=-1, as_supervised=True)
        )
        parts.append(LabelledArrays(pictures[..., 0], labels.astype("int32")))
    train, test = parts
    cut = len(train) - validation
    digits = tuple("0123456789")
    return LabelledCorpus(train[:cut], train[cut:], test, digits)


def toy_digits(count: int = 64, seed: int = 0) -> LabelledCorpus:
    """Noise with a bright bar whose height is the class, for tests without data."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype("int32")
    pictures = rng.integers(0, 60, size=(count, 28, 28)).astype("uint8")
    for picture, label in zip(pictures, labels, strict=True):
        picture[2 * label + 4 : 2 * label + 7] = 250
    both = LabelledArrays(pictures, labels)
    half, rest = count // 2, 3 * count // 4
    digits = tuple("0123456789")
    return LabelledCorpus(both[:half], both[half:rest], both[rest:], digits)
