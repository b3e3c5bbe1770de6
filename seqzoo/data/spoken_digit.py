"""Free Spoken Digit Dataset: 3,000 recordings of 6 speakers (Jackson et al. 2018)."""

from dataclasses import dataclass

import numpy as np

SAMPLE_RATE = 8000
DIGITS = tuple("zero one two three four five six seven eight nine".split())


@dataclass(frozen=True)
class Recording:
    """One spoken digit.

    Attributes:
        samples: int16 array `(samples,)`, 8,000 a second.
        label: The digit, from 0 to 9.
        speaker: Who speaks.
        take: Which repetition it is, from 0 to 49.
    """

    samples: np.ndarray
    label: int
    speaker: str
    take: int


def spoken_digits() -> list[Recording]:
    """Every recording, in the order of their file names, by tensorflow_datasets.

    The data set's own split: takes 0 to 4 are the test, the others train.
    """
    import tensorflow_datasets as tfds

    found = []
    for example in tfds.as_numpy(tfds.load("spoken_digit", split="train")):
        name = example["audio/filename"].decode("utf-8")
        digit, speaker, take = name.removesuffix(".wav").split("_")
        samples = example["audio"].astype("int16")
        found.append((name, Recording(samples, int(digit), speaker, int(take))))
    return [recording for _, recording in sorted(found, key=lambda pair: pair[0])]


def toy_recordings(count: int = 60, seed: int = 0) -> list[Recording]:
    """Tones whose pitch is the class, by two speakers, for tests without data."""
    rng = np.random.default_rng(seed)
    found = []
    for index in range(count):
        label, speaker = index % 10, ("low", "high")[index // 10 % 2]
        seconds = np.arange(rng.integers(1500, 3000)) / SAMPLE_RATE
        pitch = 300 * (1 + label) * (1.1 if speaker == "high" else 1.0)
        tone = 8000 * np.sin(2 * np.pi * pitch * seconds)
        samples = (tone + rng.normal(0, 200, len(tone))).astype("int16")
        found.append(Recording(samples, label, speaker, index // 20))
    return found
