"""Tiny Shakespeare, 1.1 million characters (Karpathy 2015, char-rnn), and own texts."""

import codecs
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from seqzoo.data.prepared import from_tfds

MOST_HELD_OUT = 50_000  # characters: more would take minutes after each epoch


@dataclass(frozen=True)
class TextCorpus:
    """A text in three parts that follow each other, and its name."""

    name: str
    train: str
    validation: str
    test: str
    file: Path | None = None  # the file of the user's that it was read from
    sha256: str = ""  # of the bytes of the file; empty: not known

    @property
    def text(self) -> str:
        """The whole text."""
        return self.train + self.validation + self.test


def tiny_shakespeare() -> TextCorpus:
    """The first 90 %, the next 5 % and the last 5 % of the text.

    Read by tensorflow_datasets, which downloads it to `TFDS_DATA_DIR` or its own
    folder. The last two parts together are what nanoGPT validates on.
    """
    parts = {}
    for split in ("train", "validation", "test"):
        (example,) = from_tfds("tiny_shakespeare", split=split)
        parts[split] = example["text"].decode("utf-8")
    corpus = TextCorpus("tiny_shakespeare", **parts)
    return replace(corpus, sha256=hashlib.sha256(corpus.text.encode()).hexdigest())


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
    r"""A UTF-8 file in the same three parts, under the file's name.

    Validation and the test get 5 % of the text each, and at most `MOST_HELD_OUT`
    characters. A byte order mark is no part of the text, and every line ends in "\n".

    Raises:
        ValueError: If it is not UTF-8, or too short.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        encoding = "UTF-16" if content.startswith(marks) else "ENCODING"
        raise ValueError(
            f"A text must be a file in UTF-8. Received: {path}, where {error}. If it "
            f"is a text, convert it: iconv -f {encoding} -t UTF-8 {path} > new.txt"
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    held_out = min(0.05, MOST_HELD_OUT / max(1, len(text)))
    corpus = split_text(path.stem, text, held_out)
    return replace(corpus, file=path, sha256=hashlib.sha256(content).hexdigest())


def toy_text(characters: int = 8_000, seed: int = 0) -> str:
    """A text of a few words over and over, for tests that have no data."""
    import numpy as np

    words = ["to", "be", "or", "not", "that", "is", "the", "question", "sleep", "\n"]
    rng = np.random.default_rng(seed)
    return " ".join(rng.choice(words, characters // 4))[:characters]
