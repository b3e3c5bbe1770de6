"""IMDB: film reviews, half of them positive (Maas et al. 2011).

25,000 reviews to train, 25,000 to test, and 50,000 without a label. Hundreds of reviews
occur twice, some of them in the training and the test part.
"""

import hashlib
import os
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqzoo.data.labelled import LabelledArrays, LabelledCorpus
from seqzoo.data.prepared import from_tfds

SENTIMENTS = ("negative", "positive")
IMDB_DATA = (
    "IMDB film reviews (Maas et al. 2011), no licence stated, for research. Reviews "
    "that occur twice, or in the test part too, are left out of the training part; a "
    "tenth of the rest chooses the epoch"
)
HELD_OUT = 10  # one training review of so many
SIZES = {"train": 25_000, "test": 25_000, "unsup": 50_000}


@dataclass(frozen=True)
class ReviewTexts:
    """Reviews without their labels, in three parts."""

    train: list[str]
    validation: list[str]
    test: list[str]
    sha256: str = ""  # of all texts, as `digest` computes it


def imdb() -> LabelledCorpus:
    """The reviews with a label; the test part is whole."""
    test = _labelled("test")
    known = {text for text, _ in test}
    train = {text: label for text, label in _labelled("train") if text not in known}
    pairs = _shuffled(train.items())
    cut = len(pairs) // HELD_OUT
    return LabelledCorpus(
        _arrays(pairs[cut:], "imdb, train"),
        _arrays(pairs[:cut], "imdb, validation"),
        _arrays(_shuffled(test), "imdb, test"),
        SENTIMENTS,
    )


def imdb_texts() -> ReviewTexts:
    """All reviews for a model of their language, each of them once.

    The parts are those of `imdb`, and the reviews without a label join the training
    part.
    """
    corpus = imdb()
    validation, test = (
        list(dict.fromkeys(part.examples)) for part in (corpus.validation, corpus.test)
    )
    known = {*validation, *test}
    texts = {*corpus.train.examples, *_texts("unsup")} - known
    train = [text for text, _ in _shuffled((text, 0) for text in texts)]
    return ReviewTexts(train, validation, test, digest([*train, *validation, *test]))


def digest(texts: Iterable[str]) -> str:
    """The sha256 of texts in their order, in hexadecimal."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(hashlib.sha256(text.encode()).digest())
    return whole.hexdigest()


def _shuffled(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Texts with labels in the order of their hashes: the same from every source."""
    return sorted(pairs, key=lambda pair: hashlib.sha256(pair[0].encode()).digest())


def _arrays(pairs: list[tuple[str, int]], name: str) -> LabelledArrays:
    texts = np.empty(len(pairs), object)
    texts[:] = [text for text, _ in pairs]
    return LabelledArrays(texts, np.array([c for _, c in pairs], "int32"), name)


def _labelled(split: str) -> list[tuple[str, int]]:
    """The reviews of "train" or "test" with their labels, 1 = positive."""
    if archive := _archive("labelled"):
        parts = _read(archive, [f"{split}/neg", f"{split}/pos"])
        pairs = [(text, k) for k, part in enumerate(parts) for text in part]
        _check_count(archive, split, len(pairs))
        return pairs
    examples = from_tfds("imdb_reviews", split=split, as_supervised=True)
    return [(text.decode("utf-8"), int(label)) for text, label in examples]


def _texts(split: str) -> list[str]:
    """The reviews without a label."""
    if archive := _archive(split):
        (texts,) = _read(archive, [f"train/{split}"])
        _check_count(archive, split, len(texts))
        return texts
    examples = from_tfds("imdb_reviews", split="unsupervised")
    return [example["text"].decode("utf-8") for example in examples]


def _archive(name: str) -> Path | None:
    """The archive in `SEQZOO_DATA_DIR`, if there is one."""
    folder = os.environ.get("SEQZOO_DATA_DIR")
    path = Path(folder or "") / "imdb" / f"{name}.tar.xz"
    return path if folder and path.is_file() else None


def _read(archive: Path, folders: list[str]) -> list[list[str]]:
    """The texts of the files in each folder of aclImdb, as tensorflow_datasets' are."""
    texts: dict[str, list[str]] = {f"aclImdb/{folder}": [] for folder in folders}
    with tarfile.open(archive) as files:
        for member in files:
            folder, _, name = member.name.rpartition("/")
            file = files.extractfile(member) if folder in texts and name else None
            if file is not None:
                texts[folder].append(file.read().strip().decode("utf-8"))
    return list(texts.values())


def _check_count(archive: Path, split: str, count: int) -> None:
    if count != SIZES[split]:
        raise ValueError(
            f"{archive} must hold {SIZES[split]:,} reviews of {split!r}. Received: "
            f"{count:,}. Unset SEQZOO_DATA_DIR to get them by tensorflow_datasets."
        )


def toy_reviews(count: int = 120, seed: int = 0) -> LabelledCorpus:
    """Toy reviews of a few words, for tests without data."""
    rng = np.random.default_rng(seed)
    praise = (["dull", "bad", "poor"], ["fine", "great", "good"])
    pairs = []
    for index in range(count):
        label = index % 2
        words = rng.choice(["the", "film", "is", "a", "story", "of"], 3 + index % 9)
        place = rng.integers(len(words) + 1)
        words = np.insert(words.astype(object), place, rng.choice(praise[label]))
        pairs.append((" ".join(words) + ".", label))
    half, rest = count // 2, 3 * count // 4
    return LabelledCorpus(
        _arrays(pairs[:half], "toy, train"),
        _arrays(pairs[half:rest], "toy, validation"),
        _arrays(pairs[rest:], "toy, test"),
        SENTIMENTS,
    )


def toy_texts() -> ReviewTexts:
    """The texts of `toy_reviews`."""
    corpus = toy_reviews()
    train, validation, test = (
        list(part.examples) for part in (corpus.train, corpus.validation, corpus.test)
    )
    return ReviewTexts(train, validation, test)
