"""Tiny Shakespeare: 1.1 million characters of plays (Karpathy 2015, char-rnn)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TextCorpus:
    """A text in three parts that follow each other, and its name."""

    name: str
    train: str
    validation: str
    test: str


def tiny_shakespeare() -> TextCorpus:
    """The first 90 %, the next 5 % and the last 5 % of the text.

    Read by tensorflow_datasets, which downloads it to `TFDS_DATA_DIR` or its own
    folder. The last two parts together are what nanoGPT validates on.
    """
    import tensorflow_datasets as tfds

    parts = {}
    for split in ("train", "validation", "test"):
        (example,) = tfds.as_numpy(tfds.load("tiny_shakespeare", split=split))
        parts[split] = example["text"].decode("utf-8")
    return TextCorpus("tiny_shakespeare", **parts)


def split_text(name: str, text: str, held_out: float = 0.05) -> TextCorpus:
    """Any text in the same three parts.

    Args:
        name: Name of the corpus.
        text: The whole text.
        held_out: Share of the text that validation gets, and that the test gets.

    Raises:
        ValueError: If a part would have fewer than 2 characters.
    """
    size = int(held_out * len(text))
    if size < 2:
        raise ValueError(
            f"{held_out:.0%} of the text must be at least 2 characters. Received: a "
            f"text of {len(text)} characters. Give a longer one."
        )
    end = len(text) - 2 * size
    return TextCorpus(name, text[:end], text[end : end + size], text[end + size :])


def text_file(path: Path) -> TextCorpus:
    """A UTF-8 file in the same three parts, under the file's name.

    Raises:
        ValueError: If it is not UTF-8, or too short.
    """
    try:
        return split_text(path.stem, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"A text must be a file in UTF-8. Received: {path}, where {error}."
        ) from error


def toy_text(characters: int = 8_000, seed: int = 0) -> str:
    """A text of a few words over and over, for tests that have no data."""
    import numpy as np

    words = ["to", "be", "or", "not", "that", "is", "the", "question", "sleep", "\n"]
    rng = np.random.default_rng(seed)
    return " ".join(rng.choice(words, characters // 4))[:characters]
