"""One sequence a row: the most probable token at each step, or a drawn one.

Letters in comments: B batch, V vocabulary.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from seqzoo.decoding.base import Hypotheses, Step

Tensor = Any


def greedy(
    step: Step,
    state: Any,
    *,
    batch_size: int,
    max_steps: int,
    start_id: int,
    end_id: int,
    pad_id: int = 0,
) -> Hypotheses:
    """The most probable token at each step, until `end_id` or `max_steps`."""

    def choose(logits: Tensor, index: Tensor) -> Tensor:
        return ops.argmax(logits, axis=-1)

    return _one_at_a_time(
        step, state, choose, batch_size, max_steps, start_id, end_id, pad_id
    )


def sample(
    step: Step,
    state: Any,
    *,
    batch_size: int,
    max_steps: int,
    start_id: int,
    end_id: int,
    pad_id: int = 0,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Hypotheses:
    """A token drawn at each step from the tempered, truncated distribution.

    The logits are divided by `temperature`; `top_k` keeps the k most probable
    tokens (Fan et al. 2018), `top_p` the smallest set of most probable tokens whose
    probabilities reach p (Holtzman et al. 2020). Both may be given.

    Args:
        step: Next-token logits, as the module says.
        state: The first state; its tensors begin with `(batch, 1)`.
        batch_size: Number of rows.
        max_steps: Longest sequence.
        start_id: Token before the first.
        end_id: Token that ends a sequence.
        pad_id: Token that fills up after the end.
        temperature: Above 1 evens the distribution out, below 1 sharpens it.
        top_k: How many tokens to keep; all by default.
        top_p: Probability to keep, in (0, 1]; all by default.
        seed: Makes the draw repeatable; a fresh one each time by default.

    Raises:
        ValueError: If temperature, top_k or top_p is out of range.
    """
    if temperature <= 0:
        raise ValueError(
            f"`temperature` must be above 0. Received: {temperature}. "
            "For the most probable token use greedy decoding."
        )
    if top_k is not None and top_k < 1:
        raise ValueError(f"`top_k` must be at least 1. Received: {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"`top_p` must be in (0, 1]. Received: {top_p}")
    # All draws are made before the loop: a seed generator cannot live inside it.
    draws = keras.random.uniform((max_steps, batch_size), seed=seed)

    def choose(logits: Tensor, index: Tensor) -> Tensor:
        draw = ops.take(draws, index, axis=0)
        tokens = next_tokens(logits[:, 0] / temperature, draw, top_k, top_p)
        return ops.expand_dims(tokens, 1)

    return _one_at_a_time(
        step, state, choose, batch_size, max_steps, start_id, end_id, pad_id
    )


def next_tokens(
    logits: Tensor,
    draws: Tensor,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """The token of each row that a uniform draw falls on.

    Args:
        logits: Float tensor `(batch, vocab_size)`.
        draws: Float tensor `(batch,)` in [0, 1).
        top_k: How many tokens to keep; all by default.
        top_p: Probability to keep, in (0, 1]; all by default.

    Returns:
        Integer tensor `(batch,)`: where the cumulative distribution passes the draw.
    """
    logits = truncated_logits(logits, top_k, top_p)
    cumulative = ops.cumsum(ops.softmax(logits, axis=-1), axis=-1)
    # Scaled by the last sum, which rounding keeps from being exactly 1.
    below = cumulative <= ops.expand_dims(draws, -1) * cumulative[:, -1:]
    return ops.sum(ops.cast(below, "int32"), axis=-1)


def truncated_logits(
    logits: Tensor, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Logits `(batch, vocab_size)` with -1e9 for what top-k and top-p leave out."""
    if top_k is not None and top_k < logits.shape[-1]:
        lowest = ops.top_k(logits, top_k)[0][:, -1:]
        logits = ops.where(logits < lowest, ops.full_like(logits, -1e9), logits)
    if top_p is not None and top_p < 1:
        descending = -ops.sort(-logits, axis=-1)
        probabilities = ops.softmax(descending, axis=-1)
        before = ops.cumsum(probabilities, axis=-1) - probabilities
        kept = ops.where(before < top_p, descending, ops.full_like(descending, 1e9))
        lowest = ops.min(kept, axis=-1, keepdims=True)
        logits = ops.where(logits < lowest, ops.full_like(logits, -1e9), logits)
    return logits


def _one_at_a_time(
    step: Step,
    state: Any,
    choose: Callable[[Tensor, Tensor], Tensor],
    batch_size: int,
    max_steps: int,
    start_id: int,
    end_id: int,
    pad_id: int,
) -> Hypotheses:
    """One sequence a row, its next token by `choose(logits, step index)`."""
    last = ops.full((batch_size, 1), start_id, "int32")
    tokens = ops.full((batch_size, 1, max_steps), pad_id, "int32")
    sums = ops.zeros((batch_size, 1), "float32")
    done = ops.zeros((batch_size, 1), "bool")
    places = ops.arange(max_steps, dtype="int32")

    def unfinished(index, last, tokens, sums, done, state):
        return ops.logical_not(ops.all(done))

    def advance(index, last, tokens, sums, done, state):
        logits, state = step(last, state)
        choice = ops.cast(choose(logits, index), "int32")
        gains = ops.take_along_axis(logits, ops.expand_dims(choice, -1), axis=-1)
        gains = gains[..., 0] - ops.logsumexp(logits, axis=-1)
        last = ops.where(done, pad_id, choice)
        sums = sums + ops.where(done, 0.0, gains)
        done = ops.logical_or(done, last == end_id)
        tokens = ops.where(places == index, ops.expand_dims(last, -1), tokens)
        return index + 1, last, tokens, sums, done, state

    _, _, tokens, sums, _, _ = ops.while_loop(
        unfinished,
        advance,
        (ops.zeros((), "int32"), last, tokens, sums, done, state),
        maximum_iterations=max_steps,
    )
    return Hypotheses(tokens, sums)
