"""Free Spoken Digit Dataset: 3,000 recordings of 6 speakers (Jackson et al. 2018)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.data.labelled import LabelledArrays, LabelledCorpus
from seqzoo.data.prepared import from_tfds

SAMPLE_RATE = 8000
VALIDATION_TAKES = range(5, 10)  # these choose the epoch
TEST_TAKES = range(5)  # the data set's own split
DIGITS = tuple("zero one two three four five six seven eight nine".split())


@dataclass(frozen=True)
class Recording:
    """One spoken digit.

    Attributes:
        samples: int16 array `(samples,)`, 8,000 a second.
        label: The digit, from 0 to 9.
        speaker: Name of the speaker.
        take: Number of the repetition, from 0 to 49.
    """

    samples: np.ndarray
    label: int
    speaker: str
    take: int


def spoken_digits() -> LabelledCorpus:
    """All recordings, in parts by take: 10 to 49 train, 5 to 9 choose, 0 to 4 test."""
    return recording_corpus(
        spoken_recordings(), part_by_take, "spoken_digit, takes 0-4"
    )


def spoken_recordings() -> list[Recording]:
    """Every recording, in the order of the file names, by tensorflow_datasets."""
    recordings = {}
    for example in from_tfds("spoken_digit", split="train"):
        name = example["audio/filename"].decode("utf-8")
        digit, speaker, take = name.removesuffix(".wav").split("_")
        samples = example["audio"].astype("int16")
        recordings[name] = Recording(samples, int(digit), speaker, int(take))
    return [recordings[name] for name in sorted(recordings)]


def part_by_take(recording: Recording) -> str:
    """The part of a recording in the data set's own split."""
    if recording.take in TEST_TAKES:
        return "test"
    return "validation" if recording.take in VALIDATION_TAKES else "train"


def recording_corpus(
    recordings: Sequence[Recording],
    part_of: Callable[[Recording], str | None],
    test_name: str,
) -> LabelledCorpus:
    """Recordings in three parts; an example is the samples of a recording.

    Args:
        recordings: Recordings of every part.
        part_of: "train", "validation" or "test", or None to leave a recording out.
        test_name: What the test recordings are, in words.

    Raises:
        ValueError: If a part has no recording.
    """
    parts: dict[str | None, list[Recording]] = {}
    for recording in recordings:
        parts.setdefault(part_of(recording), []).append(recording)
    if missing := {"train", "validation", "test"} - parts.keys():
        raise ValueError(
            "Every part must have a recording. Received: none for "
            f"{', '.join(sorted(missing))}."
        )
    return LabelledCorpus(
        labelled_recordings(parts["train"], "train"),
        labelled_recordings(parts["validation"], "validation"),
        labelled_recordings(parts["test"], test_name),
        DIGITS,
    )


def labelled_recordings(recordings: Sequence[Recording], name: str) -> LabelledArrays:
    """Recordings as an object array of samples, and their digits."""
    samples = np.empty(len(recordings), object)
    samples[:] = [each.samples for each in recordings]
    labels = np.array([each.label for each in recordings], "int32")
    return LabelledArrays(samples, labels, name)


def toy_spoken_digits() -> LabelledCorpus:
    """The toy recordings; every part has all of them."""
    recordings = labelled_recordings(toy_recordings(), "toy")
    return LabelledCorpus(recordings, recordings, recordings, DIGITS)


def toy_recordings(count: int = 60, seed: int = 0) -> list[Recording]:
    """Tones whose pitch is the class, by two speakers, for tests without data."""
    rng = np.random.default_rng(seed)
    recordings = []
    for index in range(count):
        label, speaker = index % 10, ("low", "high")[index // 10 % 2]
        seconds = np.arange(rng.integers(1500, 3000)) / SAMPLE_RATE
        pitch = 300 * (1 + label) * (1.1 if speaker == "high" else 1.0)
        tone = 8000 * np.sin(2 * np.pi * pitch * seconds)
        samples = (tone + rng.normal(0, 200, len(tone))).astype("int16")
        recordings.append(Recording(samples, label, speaker, index // 20))
    return recordings
