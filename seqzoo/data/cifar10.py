"""CIFAR-10: 60,000 colour pictures of 32 by 32 pixels (Krizhevsky 2009)."""

import numpy as np

from seqzoo.data.labelled import LabelledCorpus, from_tfds, toy_corpus

CIFAR10_LABELS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def cifar10(validation: int = 5000) -> LabelledCorpus:
    """Pictures uint8 `(examples, 32, 32, 3)`, read by tensorflow_datasets.

    Args:
        validation: How many of the 50,000 training pictures, the last, are kept to
            choose on.
    """
    return from_tfds("cifar10", validation, CIFAR10_LABELS)


def toy_colours(count: int = 64, seed: int = 0) -> LabelledCorpus:
    """Noise with a bright bar whose height is the class, for tests without data."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype("int32")
    pictures = rng.integers(0, 60, size=(count, 32, 32, 3)).astype("uint8")
    for picture, label in zip(pictures, labels, strict=True):
        picture[3 * label : 3 * label + 3, :, label % 3] = 250
    return toy_corpus(pictures, labels, CIFAR10_LABELS)
