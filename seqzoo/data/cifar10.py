"""CIFAR-10: 60,000 colour images of 32 by 32 pixels (Krizhevsky 2009)."""

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
CIFAR10_DATA = (
    "CIFAR-10 (Krizhevsky 2009), in the lossy JPEG copies of tensorflow_datasets: "
    "45,000 images train the model, 5,000 choose the epoch, 10,000 test it. "
    "Its authors state no licence, and ask for a citation"
)


def cifar10(validation: int = 5000) -> LabelledCorpus:
    """Images uint8 `(examples, 32, 32, 3)`, read by tensorflow_datasets.

    Args:
        validation: How many of the 50,000 training images, the last ones, choose the
            epoch.
    """
    return from_tfds("cifar10", validation, CIFAR10_LABELS)


def toy_colours(count: int = 64, seed: int = 0) -> LabelledCorpus:
    """Noise with a bright bar whose height is the class, for tests without data."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(10, size=count).astype("int32")
    images = rng.integers(0, 60, size=(count, 32, 32, 3)).astype("uint8")
    for image, label in zip(images, labels, strict=True):
        image[3 * label : 3 * label + 3, :, label % 3] = 250
    return toy_corpus(images, labels, CIFAR10_LABELS)
