"""Examples with classes, as arrays."""

from dataclasses import dataclass
from typing import Any

from seqzoo.data import prepared
from seqzoo.ops.types import Array


@dataclass(frozen=True)
class LabelledArrays:
    """Examples and their classes.

    Attributes:
        examples: Array `(examples, ...)`, or an object array with one array for each.
        labels: Int array `(examples,)`: the class of each.
        name: Data set and part, such as "mnist, test".
    """

    examples: Array
    labels: Array
    name: str

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: Any) -> "LabelledArrays":
        return LabelledArrays(self.examples[rows], self.labels[rows], self.name)


@dataclass(frozen=True)
class LabelledCorpus:
    """A data set in three parts, and the names of its classes."""

    train: LabelledArrays
    validation: LabelledArrays
    test: LabelledArrays
    labels: tuple[str, ...]


def toy_corpus(images: Array, labels: Array, names: tuple[str, ...]) -> LabelledCorpus:
    """Half of the images to train, a quarter each to validate and to test."""
    half, rest = len(labels) // 2, 3 * len(labels) // 4
    return LabelledCorpus(
        LabelledArrays(images[:half], labels[:half], "toy, train"),
        LabelledArrays(images[half:rest], labels[half:rest], "toy, validation"),
        LabelledArrays(images[rest:], labels[rest:], "toy, test"),
        names,
    )


def from_tfds(name: str, validation: int, labels: tuple[str, ...]) -> LabelledCorpus:
    """Images of tensorflow_datasets, uint8 `(examples, height, width, channels)`.

    Args:
        name: A data set with the splits "train" and "test", images and labels.
        validation: How many of the training images, the last ones, choose the epoch.
        labels: Name of each class.
    """
    train, test = (
        prepared.from_tfds(name, split=split, batch_size=-1, as_supervised=True)
        for split in ("train", "test")
    )
    cut = len(train[1]) - validation

    def part(arrays: Any, rows: slice, split: str) -> LabelledArrays:
        images, classes = arrays
        classes = classes[rows].astype("int32")
        return LabelledArrays(images[rows], classes, f"{name}, {split}")

    return LabelledCorpus(
        part(train, slice(cut), "train"),
        part(train, slice(cut, None), "validation"),
        part(test, slice(None), "test"),
        labels,
    )
