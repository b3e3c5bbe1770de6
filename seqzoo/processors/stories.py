"""Stories and questions about them, as ids of words."""

import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqzoo.ops.arithmetic import next_power_of_two, round_up
from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor, check_text

PAD = 0
WORDS_MULTIPLE = 8  # sentences are padded to a multiple of so many words
LINE_NUMBER = re.compile(r"(\d+) ")  # in front of each line of a bAbI file
SENTENCE = re.compile(r"[^.?!]+[.?!]?")


class Exchange(NamedTuple):
    """A question and the sentences that stand before it."""

    story: list[str]
    question: str


class StoryProcessor(Processor):
    """Ids of the words of a story and of a question.

    A story is a list of sentences or a text of them; a sentence ends at a full stop,
    a question mark, an exclamation mark or a line. Words are compared in lower case
    and without punctuation. Id 0 is padding; word i of `words` has id i + 1.

    Args:
        words: The vocabulary, answers included.
        max_sentences: Sentences of a story that are read: the last ones.
    """

    settings = ("words", "max_sentences")

    def __init__(self, words: Sequence[str], max_sentences: int = 50):
        if len(set(words)) != len(words) or not words:
            raise ValueError(
                "`words` must be different words, at least one. "
                f"Received: {list(words)[:10]!r}"
            )
        self.words = tuple(words)
        self.max_sentences = max_sentences
        self._ids = {word: i for i, word in enumerate(self.words, start=1)}

    @classmethod
    def train(
        cls, texts: Iterable[str], answers: Iterable[str], max_sentences: int = 50
    ) -> "StoryProcessor":
        """The vocabulary of sentences and questions, and of answers.

        Args:
            texts: Sentences and questions.
            answers: One answer each, which becomes a word even with a comma in it.
            max_sentences: As for the class.
        """
        found = {word for text in set(texts) for word in words_of(text)}
        return cls(
            sorted(found | {answer.lower() for answer in answers}), max_sentences
        )

    @property
    def vocab_size(self) -> int:
        """Number of ids, that of padding included."""
        return len(self.words) + 1

    def ids(self, text: str) -> list[int]:
        """The ids of the words of a sentence or a question.

        Raises:
            ValueError: If it is no str or has no word or an unknown one; the error
                names known words that are spelled alike.
        """
        found = words_of(check_text(text, "sentence"))
        if not found:
            raise ValueError(
                f"A sentence must have words. Received: {text!r}. Leave it out."
            )
        if unknown := [word for word in found if word not in self._ids]:
            raise ValueError(self._advice(unknown))
        return [self._ids[word] for word in found]

    def answer_id(self, answer: str) -> int:
        """The id of an answer, 0 if it is unknown."""
        return self._ids.get(answer.lower(), PAD)

    def sentences(self, story: Any) -> list[str]:
        """The last `max_sentences` sentences of a story.

        Raises:
            ValueError: If the story is neither a text nor a list of texts, or empty.
        """
        if isinstance(story, str):
            lines = [LINE_NUMBER.sub("", line, 1) for line in story.splitlines()]
            found = [sentence for line in lines for sentence in split(line)]
        elif isinstance(story, list | tuple):
            found = [check_text(sentence, "sentence") for sentence in story]
        else:
            raise ValueError(
                "A story must be a text or a list of sentences. "
                f"Received: {story!r} of type {type(story).__name__}."
            )
        if not found:
            raise ValueError("A story must have a sentence. Received: an empty story.")
        return found[-self.max_sentences :]

    def exchanges(self, text: str) -> list[Exchange]:
        """The questions of a text, each with the sentences before it.

        A sentence with a question mark is a question. In front of a line may stand its
        number, which begins a new story where it is 1; what follows a tab, as the
        answer in a bAbI file, is not read.

        Args:
            text: The text, or the path of a file of it.

        Raises:
            ValueError: If there is no question, or none after a sentence.
            FileNotFoundError: If `text` has no question mark and is no file.
        """
        if "?" not in check_text(text):
            text = _content(text)
        found: list[Exchange] = []
        story: list[str] = []
        for line in text.splitlines():
            number = LINE_NUMBER.match(line)
            if number:
                line = line[number.end() :]
                if number[1] == "1":
                    story = []
            for sentence in split(line.partition("\t")[0]):
                if not sentence.endswith("?"):
                    story.append(sentence)
                elif story:
                    found.append(Exchange(list(story), sentence))
                else:
                    raise ValueError(
                        f"No sentence stands before the question {sentence!r}. Write "
                        "the story first, then the question."
                    )
        return found

    def encode(self, exchanges: Sequence[tuple[Any, str]]) -> dict[str, Array]:
        """The inputs of the model.

        Args:
            exchanges: Pairs of a story and a question, at least one.

        Returns:
            `{"story": (batch, sentences, words), "question": (batch, words)}`, int32,
            padded with 0.
        """
        read = functools.cache(self.ids)  # sentences recur in many stories
        stories = [[read(s) for s in self.sentences(x)] for x, _ in exchanges]
        questions = [self.ids(question) for _, question in exchanges]
        count = next_power_of_two(max(map(len, stories)))
        words = _width([ids for story in stories for ids in story])
        padded = np.zeros((len(stories), count, words), "int32")
        for row, story in enumerate(stories):
            padded[row, : len(story)] = pad(story, words)
        return {"story": padded, "question": pad(questions, _width(questions))}

    def _advice(self, unknown: Sequence[str]) -> str:
        alike = {
            near: None
            for word in unknown
            for near in difflib.get_close_matches(word, self.words, 2)
        }
        names = ", ".join(map(repr, dict.fromkeys(unknown)))
        instead = f" Spelled alike: {', '.join(alike)}." if alike else ""
        return (
            f"The model knows {len(self.words)} words, and not {names}. Use words of "
            f"`model.processor.words`.{instead}"
        )


def words_of(text: str) -> list[str]:
    """The words of a sentence in lower case, without punctuation."""
    return re.findall(r"\w+", text.lower())


def split(line: str) -> list[str]:
    """The sentences of a line; each keeps its mark."""
    parts = (part.strip() for part in SENTENCE.findall(line))
    return [part for part in parts if words_of(part)]


def pad(rows: Sequence[Sequence[int]], width: int) -> Array:
    """Int32 `(rows, width)`, padded with 0 at the end of each row."""
    padded = np.zeros((len(rows), width), "int32")
    for row, ids in enumerate(rows):
        padded[row, : len(ids)] = ids
    return padded


def _width(rows: Iterable[Sequence[int]]) -> int:
    return round_up(max(map(len, rows)), WORDS_MULTIPLE)


def _content(name: str) -> str:
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ValueError(
            "An input must be a story with a question, which ends in a question mark, "
            f"or the path of a UTF-8 file of that. Received: {name!r} ({error})."
        ) from error
    if "?" not in text:
        raise ValueError(f"{name} must have a question, which ends in a question mark.")
    return text
