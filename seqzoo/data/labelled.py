"""Examples with classes, as arrays."""

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

    name: str
    train: LabelledArrays
    validation: LabelledArrays
    test: LabelledArrays
    labels: tuple[str, ...]


def toy_corpus(
    pictures: Array, labels: Array, names: tuple[str, ...]
) -> LabelledCorpus:
    """Half of the pictures to train, a quarter each to validate and to test."""
    both = LabelledArrays(pictures, labels)
    half, rest = len(labels) // 2, 3 * len(labels) // 4
    return LabelledCorpus("toy", both[:half], both[half:rest], both[rest:], names)


def from_tfds(name: str, validation: int, labels: tuple[str, ...]) -> LabelledCorpus:
    """Pictures of tensorflow_datasets, uint8 `(examples, height, width, channels)`.

    Args:
        name: Of a set with the splits "train" and "test", pictures and labels.
        validation: How many of the training pictures, the last, are kept to choose on.
        labels: Name of each class.
    """
    import tensorflow_datasets as tfds

    train, test = (
        LabelledArrays(pictures, classes.astype("int32"))
        for pictures, classes in (
            tfds.as_numpy(
                tfds.load(name, split=split, batch_size=-1, as_supervised=True)
            )
            for split in ("train", "test")
        )
    )
    cut = len(train) - validation
    return LabelledCorpus(name, train[:cut], train[cut:], test, labels)
