"""MNIST: 70,000 grey images of handwritten digits (LeCun et al. 1998)."""

import dataclasses

import numpy as np

from seqzoo.data.labelled import LabelledCorpus, from_tfds, toy_corpus

MNIST_LABELS = tuple("0123456789")
MNIST_DATA = (
    "MNIST (LeCun et al. 1998): 55,000 images train the model, 5,000 choose the epoch, "
    "10,000 test it. Its authors state no licence; Keras's documentation says CC BY-SA "
    "3.0"
)


def mnist(validation: int = 5000) -> LabelledCorpus:
    """Images uint8 `(examples, 28, 28)`, read by tensorflow_datasets.

    Args:
        validation: How many of the 60,000 training images, the last ones, choose the
            epoch.
    """
    corpus = from_tfds("mnist", validation, MNIST_LABELS)
    train, chosen, test = (
        dataclasses.replace(part, examples=part.examples[..., 0])
        for part in (corpus.train, corpus.validation, corpus.test)
    )
    return LabelledCorpus(train, chosen, test, MNIST_LABELS)


def toy_digits(count: int = 64, seed: int = 0) -> LabelledCorpus:
    """Noise with a bright bar whose height is the class, for tests without data."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype("int32")
    images = rng.integers(0, 60, size=(count, 28, 28)).astype("uint8")
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 7] = 250
    return toy_corpus(images, labels, MNIST_LABELS)
