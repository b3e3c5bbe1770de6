"""Text generation: the verbs `generate`, `stream` and `score`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.decoding.blocks import CHUNK, padded_chunk, sample_blocks
from seqzoo.ops.arguments import number_between, positive_integer, whole_number
from seqzoo.ops.arithmetic import next_power_of_two
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import Task

INCOMPLETE = "\ufffd"  # at the end of a text whose last bytes are no character yet
MOST_PENDING = 16  # tokens that wait for the end of a character
ALL = 2**31 - 1  # a `top_k` that keeps every token
LEAST = 1e-6  # of temperature and top_p: smaller numbers lose their sense in float32


@dataclass(frozen=True)
class TextScore:
    """The log-probability of a text under a model.

    Attributes:
        nats: Negative log-probability, natural logarithm, of all scored tokens.
        tokens: Number of scored tokens: all but the first, which has none before it.
    """

    nats: float
    tokens: int

    @property
    def nats_per_token(self) -> float:
        """Cross-entropy in nats a token."""
        return self.nats / self.tokens

    @property
    def bits_per_token(self) -> float:
        """Cross-entropy in bits a token."""
        return self.nats_per_token / math.log(2)

    @property
    def perplexity(self) -> float:
        """exp(nats per token): the mean number of equally likely next tokens."""
        return math.exp(self.nats_per_token)


@dataclass(frozen=True)
class _Request:
    """The settings of `generate`.

    Raises:
        ValueError: If one is out of range.
    """

    max_new_tokens: int
    temperature: float
    top_k: int | None
    top_p: float | None
    seed: int | None

    def __post_init__(self) -> None:
        whole_number(self.max_new_tokens, "max_new_tokens")
        if self.temperature != 0:
            number_between(self.temperature, "temperature", LEAST, 1 / LEAST)
        if self.top_k is not None:
            positive_integer(self.top_k, "top_k")
        if self.top_p is not None:
            number_between(self.top_p, "top_p", LEAST, 1)
        if self.seed is not None:
            whole_number(self.seed, "seed")

    @property
    def inputs(self) -> tuple[Array, Array, Array]:
        """Temperature, top-k and top-p as inputs of the compiled function."""
        top_k = ALL if self.top_k is None else min(int(self.top_k), ALL)
        return (
            np.array(self.temperature, "float32"),
            np.array(top_k, "int32"),
            np.array(1.0 if self.top_p is None else self.top_p, "float32"),
        )


class TextGenerator(Task):
    """Base class of models that continue a text.

    The model is called on token ids `(batch, steps)` and returns the logits of each
    next token `(batch, steps, vocab_size)`. The verbs use its `initial_states` and
    `advance`, and `encode` and `decode` of its processor.
    """

    task = "text-generation"
    verb = "generate"
    hub_task = "text-generation"
    headline_metrics = ("nats_per_character_last_tenth",)
    headline_format = "{:.2f} nats a character"
    figure = "text"
    batch_size = 16  # texts that are continued together
    demo_panel = "generation"
    examples = ("ROMEO:", "To be, or not to be", "First Citizen:\nBefore we proceed")
    usage = """\
text = model.generate("{example}", max_new_tokens=120, temperature=0.5, seed=0)
print(text)
print(f"{{model.score('To be, or not to be').bits_per_token:.2f}} bits a character")"""

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """The prompt and its continuation."""
        yield given + answer

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """The prompt and its continuation."""
        return {"prompt": given, "continuation": answer}

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that the states can hold; None for any number.

        Longer texts are read in parts, each with the last half of the one before.
        """
        return None

    def initial_states(self, batch_size: int) -> Any:
        """The states before the first token: a tree of tensors `(batch, ...)`."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define initial_states()."
        )

    def advance(
        self, token_ids: Tensor, states: Any, mask: Tensor | None = None
    ) -> tuple[Tensor, Any]:
        """Reads tokens, beginning in the given states.

        Args:
            token_ids: Integer tensor `(batch, steps)`.
            states: From `initial_states` or an earlier call.
            mask: Boolean tensor like `token_ids`, True = real.

        Returns:
            Logits `(batch, steps, vocab_size)` and the states after the last real
            token. The cost does not grow with the number of earlier tokens.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define advance().")

    def generate(
        self,
        prompt: str | Sequence[str] = "\n",
        max_new_tokens: int = 256,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> Any:
        """Continues a text, or each of a list of texts.

        Args:
            prompt: The text to continue, or a list of texts; at least one character.
            max_new_tokens: Number of tokens to add.
            temperature: Divides the logits: above 1 the draws vary more, below 1 less;
                0 always takes the most probable token.
            top_k: Draw from this many most probable tokens. Default: from all.
            top_p: Draw from the most probable tokens whose probabilities sum to this,
                from 0 to 1. Default: from all.
            seed: Number that makes the text repeatable: an equal seed draws equal
                tokens, and a longer text begins with the shorter. Default: a fresh one.

        Returns:
            The continuation without the prompt, or a list of them.

        Raises:
            ValueError: If the prompt is empty or no text, or a setting is out of range.
        """
        prompts, is_one = self.require_processor().as_list(prompt)
        request = _Request(max_new_tokens, temperature, top_k, top_p, seed)
        encoded = [self._encoded(prompt, 1) for prompt in prompts]
        texts = [
            text
            for start in range(0, len(encoded), self.batch_size)
            for text in self._texts(encoded[start : start + self.batch_size], request)
        ]
        return texts[0] if is_one else texts

    def stream(
        self,
        prompt: str = "\n",
        max_new_tokens: int = 256,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """Yields the tokens of `generate` one by one, before all are drawn.

        Arguments and errors are those of `generate` for one prompt.
        """
        request = _Request(max_new_tokens, temperature, top_k, top_p, seed)
        return self._stream(self._encoded(prompt, 1), request)

    def score(self, text: str | Sequence[str]) -> Any:
        """The log-probability of a text: each token's, given all tokens before it.

        Args:
            text: A text of at least two tokens, or a list of them.

        Returns:
            A `TextScore`, or a list of them.

        Raises:
            ValueError: If a text is too short or not a text.
        """
        texts, is_one = self.require_processor().as_list(text)
        scores = [self.cross_entropy(self._encoded(text, 2)[None]) for text in texts]
        return scores[0] if is_one else scores

    def cross_entropy(self, token_ids: Array) -> TextScore:
        """The score of rows of tokens, each row read from fresh states.

        Args:
            token_ids: Integer array `(rows, tokens)`, at least two tokens.
        """
        score = self.compiled_function(self._scored)
        inputs, targets = token_ids[:, :-1], token_ids[:, 1:]
        nats = 0.0
        for begin, end, first in self._parts(inputs.shape[1]):
            states = self.initial_states(len(token_ids))
            for start in range(begin, end, CHUNK):
                stop = min(start + CHUNK, end)
                x, mask = padded_chunk(list(inputs[:, start:stop]))
                y, _ = padded_chunk(list(targets[:, start:stop]))
                losses, states = score(x, y, mask, states)
                scored = ops.convert_to_numpy(losses)[:, max(0, first - start) :]
                nats += float(scored.sum(dtype="float64"))
        return TextScore(nats, targets.size)

    def _parts(self, count: int) -> Iterator[tuple[int, int, int]]:
        """Parts of a text: first step, step after the last, first step to score."""
        most = self.max_tokens or max(count, 1)
        yield 0, min(most, count), 0
        half = max(1, most // 2)
        for start in range(half, count - most + half, half):
            yield start, min(start + most, count), start - half + most

    def _texts(self, prompts: list[Array], request: _Request) -> list[str]:
        """The continuations of a batch of prompts."""
        rows = next_power_of_two(len(prompts))  # few numbers of rows are compiled
        batch = [*prompts, *prompts[:1] * (rows - len(prompts))]
        texts = [_GrowingText(self.processor) for _ in prompts]
        pieces: list[list[str]] = [[] for _ in prompts]
        for tokens in self._blocks(batch, request):
            for i, text in enumerate(texts):
                pieces[i] += text.add(tokens[i])
            if all(text.ended for text in texts):
                break
        return [
            "".join([*parts, *text.rest()])
            for parts, text in zip(pieces, texts, strict=True)
        ]

    def _stream(self, prompt_ids: Array, request: _Request) -> Iterator[str]:
        text = _GrowingText(self.processor)
        for tokens in self._blocks([prompt_ids], request):
            yield from text.add(tokens[0])
            if text.ended:
                break
        yield from text.rest()

    def _blocks(self, prompts: list[Array], request: _Request) -> Iterator[Array]:
        return sample_blocks(
            self, prompts, request.max_new_tokens, request.inputs, request.seed
        )

    def _scored(
        self, token_ids: Tensor, targets: Tensor, mask: Tensor, states: Any
    ) -> tuple[Tensor, Any]:
        logits, states = self.advance(token_ids, states, mask)
        logits = ops.cast(logits, "float32")
        true = ops.take_along_axis(logits, ops.expand_dims(targets, -1), axis=-1)
        losses = ops.logsumexp(logits, axis=-1) - true[..., 0]
        return ops.where(mask, losses, 0.0), states

    def _encoded(self, text: str, at_least: int) -> Array:
        ids: Array = self.require_processor().encode(text)
        if len(ids) < at_least:
            raise ValueError(
                f"A text needs at least {at_least} tokens here. Received: {text!r}"
            )
        return ids


class _GrowingText:
    """Turns the tokens of a text, as they come, into pieces of text.

    Attributes:
        ended: Whether the token that ends a text has come.
    """

    def __init__(self, processor: Any):
        self.processor = processor
        self.end_id = getattr(processor, "end_id", None)
        self.pending: list[int] = []  # tokens that end within a character
        self.ended = False

    def add(self, tokens: Array) -> Iterator[str]:
        """Yields the text of the next tokens, as far as its characters are whole."""
        for token_id in tokens:
            self.ended = self.ended or token_id == self.end_id
            if self.ended:
                return
            self.pending.append(token_id)
            text = self.processor.decode(self.pending)
            # A character may have several tokens of bytes.
            if not text.endswith(INCOMPLETE) or len(self.pending) >= MOST_PENDING:
                yield text
                self.pending.clear()

    def rest(self) -> Iterator[str]:
        """Yields the text of tokens that end within a character, if there are any."""
        if self.pending:
            yield self.processor.decode(self.pending)
            self.pending.clear()
