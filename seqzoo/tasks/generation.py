"""Text generation: the verbs `generate`, `stream` and `score`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.decoding import sample
from seqzoo.ops.arguments import number_between, positive_integer, whole_number
from seqzoo.ops.types import Array, Tensor
from seqzoo.tasks.base import Task

BLOCK = 64  # tokens drawn in one compiled call; a stream yields them together
INCOMPLETE = "\ufffd"  # at the end of a text whose last bytes are no character yet
MOST_PENDING = 16  # tokens that wait for the end of a character
CHUNK = 256  # tokens read in one compiled call
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
        settings = (max_new_tokens, temperature, top_k, top_p, seed)
        texts = ["".join(self.stream(prompt, *settings)) for prompt in prompts]
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
                x, mask = _chunk(inputs[:, start:stop])
                y, _ = _chunk(targets[:, start:stop])
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

    def _stream(self, prompt_ids: Array, request: _Request) -> Iterator[str]:
        draw = self.compiled_function(self._sample)
        most, block = self.max_tokens, BLOCK
        if most is not None:
            block = min(BLOCK, max(1, most // 2))
        history, states, read = prompt_ids, None, 0
        end_id = getattr(self.processor, "end_id", None)
        pending: list[int] = []  # tokens that end within a character
        # One stream of draws: a shorter text is the beginning of a longer one.
        generator = np.random.default_rng(request.seed)
        for start in range(0, request.max_new_tokens, block):
            if states is None or (most is not None and read + block > most):
                if most is not None and len(history) + block > most:
                    history = history[-max(1, most // 2) :]
                states, read = self._states_after(history[:-1]), len(history) - 1
            draws = generator.random((block, 1), dtype="float32")
            last = history[None, -1:]  # (1, 1)
            tokens, states = draw(last, states, draws, *request.inputs)
            tokens, read = ops.convert_to_numpy(tokens)[0], read + block
            history = np.concatenate([history, tokens])
            for token_id in tokens[: request.max_new_tokens - start]:
                if token_id == end_id:
                    break
                pending.append(token_id)
                text = self.processor.decode(pending)
                # A character may have several tokens of bytes.
                if not text.endswith(INCOMPLETE) or len(pending) >= MOST_PENDING:
                    yield text
                    pending.clear()
            if end_id is not None and end_id in tokens:
                break
        if pending:
            yield self.processor.decode(pending)

    def _states_after(self, token_ids: Array) -> Any:
        """The states after tokens that are read from fresh states."""
        states = self.initial_states(1)
        for start in range(0, len(token_ids), CHUNK):
            states = self.compiled_function(self._advanced)(
                *_chunk(token_ids[None, start : start + CHUNK]), states
            )
        return states

    def _advanced(self, token_ids: Tensor, mask: Tensor, states: Any) -> Any:
        return self.advance(token_ids, states, mask)[1]

    def _sample(
        self,
        last: Tensor,
        states: Any,
        draws: Tensor,
        temperature: Tensor,
        top_k: Tensor,
        top_p: Tensor,
    ) -> tuple[Tensor, Any]:
        """Draws a block: its tokens, and the states before the last of them."""
        samples = sample(self.advance, last, states, draws, temperature, top_k, top_p)
        return samples.tokens, samples.state

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


def _chunk(rows: Array) -> tuple[Any, Any]:
    """Integer rows, padded with 0 to `CHUNK` columns, and their mask."""
    part = np.asarray(rows, "int32")
    width = part.shape[1]
    mask = np.arange(CHUNK) < width
    return (
        np.pad(part, ((0, 0), (0, CHUNK - width))),
        np.tile(mask, (len(part), 1)),
    )
