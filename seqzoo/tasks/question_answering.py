"""Question answering: the verb `answer`, from a story and a question to a word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.arithmetic import next_power_of_two
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import Task


@dataclass(frozen=True)
class Answer:
    """One answer, with its probability and the attention to each sentence.

    Attributes:
        text: The answer, one word of the vocabulary.
        probability: The probability that the model gives it.
        question: The question.
        sentences: The sentences of the story that were read.
        attention: Float array `(hops, sentences)`: row k has the attention weights of
            hop k, which sum to 1.
    """

    text: str
    probability: float
    question: str
    sentences: list[str]
    attention: Array


class QuestionAnswerer(Task):
    """Base class of models that answer a question about a story by one word.

    The model is called on the arrays of its processor's `encode` and returns logits
    `(batch, vocab_size)`; `attention` gives the weights `(batch, hops, sentences)`.
    """

    task = "question-answering"
    verb = "answer"
    hub_task = "question-answering"
    headline_metrics = ("mean_error", "tasks_failed")
    headline_format = "mean error {:.2f} %, {:.0f} of 20 tasks failed"
    figure = "hops"
    demo_panel = "questions"
    examples = (
        "John took the football. John went to the office. Mary went to the garden. "
        "John left the football there. John moved to the hallway. "
        "Where is the football?",
        "Sandra is either in the park or the school. Bill went to the cinema. "
        "Is Bill in the cinema?",
        "Lily is a swan. Lily is white. Greg is a swan. What color is Greg?",
    )
    usage = """\
story = "Mary took the apple. Mary went to the kitchen. John moved to the garden."
print(model.answer(story, "Where is the apple?"))"""
    batch_size = 256  # questions in one batch

    @classmethod
    def answers(
        cls, model: Any, inputs: Sequence[str], as_json: bool, **options: Any
    ) -> Any:
        """For each text the answers to all its questions, in one call."""
        options["return_attention"] = True
        texts = [model.require_processor().exchanges(text) for text in inputs]
        flat = [exchange for text in texts for exchange in text]
        stories, questions = [x.story for x in flat], [x.question for x in flat]
        answers = iter(model.answer(stories, questions, **options))
        return [[next(answers) for _ in text] for text in texts]

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """A line for the answer to each question of a text."""
        for one in answer:
            yield one.text

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """Each question of a text with its answer, and the attention if wanted."""
        return {
            "input": given,
            "answers": [
                {
                    "question": one.question,
                    "answer": one.text,
                    "probability": one.probability,
                }
                | (_read(one) if attention else {})
                for one in answer
            ],
        }

    def attention(self, inputs: dict[str, Tensor]) -> Tensor:
        """The attention weights `(batch, hops, sentences)`."""
        raise NotImplementedError(f"{type(self).__name__} does not define attention().")

    def answer(
        self, story: Any, question: str | Sequence[str], return_attention: bool = False
    ) -> Any:
        """Answers a question about a story, or a list of questions about as many.

        Args:
            story: A text of sentences or a list of sentences; of a list of questions,
                a list of such stories.
            question: The question, or a list of questions.
            return_attention: Return `Answer`s, which hold probabilities, sentences and
                attention weights, not plain strings.

        Returns:
            For one question a string, for a list a list.

        Raises:
            ValueError: If stories and questions differ in number, a story has no
                sentence, or a word is not in the vocabulary.
        """
        processor = self.require_processor()
        is_one = isinstance(question, str)
        stories, questions = _pairs(story, question)
        exchanges = [
            (processor.sentences(x), q) for x, q in zip(stories, questions, strict=True)
        ]
        # Stories of similar length share batches, so that little is padded.
        order = sorted(range(len(exchanges)), key=lambda i: len(exchanges[i][0]))
        results: list[Any] = [None] * len(exchanges)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            answers = self._answers([exchanges[row] for row in rows])
            for row, answer in zip(rows, answers, strict=True):
                results[row] = answer if return_attention else answer.text
        return results[0] if is_one else results

    def _answers(self, exchanges: list[tuple[list[str], str]]) -> Iterator[Answer]:
        """The answers of one batch."""
        padding = next_power_of_two(len(exchanges)) - len(exchanges)
        arrays = self.processor.encode(exchanges + exchanges[-1:] * padding)
        outputs = self.compiled_function(self._outputs)(arrays)
        probabilities, attention = map(ops.convert_to_numpy, outputs)
        for (sentences, question), p, weights in zip(
            exchanges, probabilities, attention, strict=False
        ):
            best = int(np.argmax(p[1:])) + 1  # padding is no answer
            weights = weights[:, : len(sentences)]
            text = self.processor.words[best - 1]
            yield Answer(text, float(p[best]), question, sentences, weights)

    def _outputs(self, arrays: Any) -> tuple[Tensor, Tensor]:
        logits = ops.cast(self(arrays, training=False), "float32")
        return ops.softmax(logits), ops.cast(self.attention(arrays), "float32")


def _pairs(story: Any, question: Any) -> tuple[list[Any], list[str]]:
    """Stories and questions, as many of each."""
    if isinstance(question, str):
        return [story], [question]
    if not isinstance(question, list | tuple):
        raise ValueError(
            "`question` must be a string or a list of strings. Received: "
            f"{question!r} of type {type(question).__name__}."
        )
    if not isinstance(story, list | tuple) or len(story) != len(question):
        count = len(story) if isinstance(story, list | tuple) else 1
        raise ValueError(
            "A list of questions needs a list of as many stories. Received: "
            f"{count} stories, {len(question)} questions. Repeat the story of several "
            "questions: answer([story] * len(questions), questions)."
        )
    return list(story), list(question)


def _read(answer: Answer) -> dict[str, Any]:
    """The sentences and attention weights of an answer as JSON values."""
    return {
        "sentences": answer.sentences,
        "attention": [
            [round(float(weight), 6) for weight in row] for row in answer.attention
        ],
    }
