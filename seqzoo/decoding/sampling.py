"""Sampling: one sequence a row, a token drawn at each step.

Temperature, top-k and top-p may be tensors: a compiled function then takes them as
inputs, and another value compiles nothing.

Letters in comments: B batch, V vocabulary.
"""

from typing import Any, NamedTuple

from keras import ops

from seqzoo.decoding.loop import Step, decode
from seqzoo.ops.types import Tensor


class Samples(NamedTuple):
    """Sequences that are being sampled, one a row.

    Attributes:
        steps: Integer scalar: the number of tokens drawn so far.
        last: Integer tensor `(batch, 1)`: the last token of each row.
        tokens: Integer tensor `(batch, max_steps)`: the drawn tokens, then 0.
        state: The decoder's state.
    """

    steps: Tensor
    last: Tensor
    tokens: Tensor
    state: Any


def sample(
    step: Step,
    last: Tensor,
    state: Any,
    draws: Tensor,
    temperature: float | Tensor = 1.0,
    top_k: int | Tensor | None = None,
    top_p: float | Tensor | None = None,
) -> Samples:
    """Draws a token at each step from the tempered, truncated distribution.

    The logits are divided by `temperature`; `top_k` keeps the k most probable tokens
    (Fan et al. 2018), `top_p` the smallest set of most probable tokens whose
    probabilities reach p (Holtzman et al. 2020). Both may be given.

    Args:
        step: The decoder, with one beam.
        last: Integer tensor `(batch, 1)`: the token before the first.
        state: The decoder's state before it reads `last`.
        draws: Float tensor `(max_steps, batch)`, uniform in [0, 1): one for each token.
            They are drawn before the loop, where a seed generator cannot live.
        temperature: Above 1 evens the distribution out, below 1 sharpens it. 0 takes
            the most probable token at each step (greedy decoding).
        top_k: How many tokens to keep; all by default.
        top_p: Probability to keep, in (0, 1]; all by default.

    Returns:
        The `Samples` after `max_steps` tokens. Sampling goes on from their `last` and
        `state`.
    """
    max_steps, batch_size = draws.shape
    positions = ops.arange(max_steps, dtype="int32")
    temperature = ops.convert_to_tensor(temperature, "float32")
    is_greedy = temperature == 0
    divisor = ops.where(is_greedy, 1.0, temperature)

    def choose(logits: Tensor, samples: Samples) -> Samples:
        logits = ops.cast(logits[:, 0], "float32")  # (B, 1, V) -> (B, V)
        draw = ops.take(draws, samples.steps, axis=0)  # (B,)
        drawn = next_tokens(logits / divisor, draw, top_k, top_p)
        best = ops.cast(ops.argmax(logits, axis=-1), "int32")
        chosen = ops.where(is_greedy, best, drawn)
        last = ops.expand_dims(chosen, 1)  # (B, 1)
        return Samples(
            samples.steps + 1,
            last,
            ops.where(positions == samples.steps, last, samples.tokens),
            samples.state,
        )

    start = Samples(
        ops.zeros((), "int32"),
        last,
        ops.zeros((batch_size, max_steps), "int32"),
        state,
    )
    return decode(step, choose, lambda samples: samples.steps < max_steps, start)


def next_tokens(
    logits: Tensor,
    draws: Tensor,
    top_k: int | Tensor | None = None,
    top_p: float | Tensor | None = None,
) -> Tensor:
    """The token of each row whose share of the distribution contains the draw.

    Args:
        logits: Float tensor `(batch, vocab_size)`.
        draws: Float tensor `(batch,)` in [0, 1).
        top_k: How many tokens to keep; all by default.
        top_p: Probability to keep, in (0, 1]; all by default.

    Returns:
        Integer tensor `(batch,)`: the first token at which the cumulative distribution
        exceeds the draw.
    """
    logits = truncated_logits(logits, top_k, top_p)
    cumulative = ops.cumsum(ops.softmax(logits, axis=-1), axis=-1)
    # Rounding keeps the last sum from being exactly 1, so the draw is scaled by it.
    is_below = cumulative <= ops.expand_dims(draws, -1) * cumulative[:, -1:]
    return ops.sum(ops.cast(is_below, "int32"), axis=-1)


def truncated_logits(
    logits: Tensor,
    top_k: int | Tensor | None = None,
    top_p: float | Tensor | None = None,
) -> Tensor:
    """Logits `(batch, vocab_size)`; -1e9 replaces those that top-k and top-p drop.

    The probabilities that top-p adds up are those of the tokens that top-k keeps.
    """
    if top_k is None and top_p is None:
        return logits
    vocab_size = logits.shape[-1]
    top_k = ops.convert_to_tensor(vocab_size if top_k is None else top_k, "int32")
    top_p = ops.convert_to_tensor(1.0 if top_p is None else top_p, "float32")
    return ops.cond(
        ops.logical_and(top_k >= vocab_size, top_p >= 1),
        lambda: logits,  # which spares the sort
        lambda: _truncated(logits, top_k, top_p),
    )


def _truncated(logits: Tensor, top_k: Tensor, top_p: Tensor) -> Tensor:
    vocab_size = logits.shape[-1]
    descending = -ops.sort(-logits, axis=-1)
    last = ops.minimum(top_k, vocab_size) - 1
    lowest = ops.expand_dims(ops.take(descending, last, axis=-1), -1)  # (B, 1)
    descending = ops.where(descending < lowest, -1e9, descending)
    probabilities = ops.softmax(descending, axis=-1)
    # The probability of all tokens before this one, in descending order.
    before = ops.cumsum(probabilities, axis=-1) - probabilities
    is_kept = ops.logical_or(before < top_p, top_p >= 1)
    kept = ops.where(is_kept, descending, 1e9)
    lowest = ops.maximum(lowest, ops.min(kept, axis=-1, keepdims=True))
    return ops.where(logits < lowest, -1e9, logits)
