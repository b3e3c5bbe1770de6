"""MNIST: 70,000 grey pictures of handwritten digits (LeCun et al. 1998)."""

import numpy as np

from seqzoo.data.labelled import (
    LabelledArrays,
    LabelledCorpus,
    from_tfds,
    toy_corpus,
)

MNIST_LABELS = tuple("0123456789")


def mnist(validation: int = 5000) -> LabelledCorpus:
    """Pictures uint8 `(examples, 28, 28)`, read by tensorflow_datasets.

    Args:
        validation: How many of the 60,000 training pictures, the last, are kept to
            choose on.
    """
    found = from_tfds("mnist", validation, MNIST_LABELS)
    train, chosen, test = (
        LabelledArrays(part.examples[..., 0], part.labels)
        for part in (found.train, found.validation, found.test)
    )
    return LabelledCorpus("mnist", train, chosen, test, MNIST_LABELS)


def toy_digits(count: int = 64, seed: int = 0) -> LabelledCorpus:
    """Noise with a bright bar whose height is the class, for tests without data."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype("int32")
    pictures = rng.integers(0, 60, size=(count, 28, 28)).astype("uint8")
    for picture, label in zip(pictures, labels, strict=True):
        picture[2 * label + 4 : 2 * label + 7] = 250
    return toy_corpus(pictures, labels, MNIST_LABELS)
