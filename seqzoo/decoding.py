"""From next-token logits to sequences: greedy, sampling and beam search.

Each search is one `while_loop` around the caller's

    step(tokens, state) -> (logits, state)

with integer `tokens` of shape `(batch, beams)`, float `logits` `(batch, beams,
vocab_size)` and a nested `state` whose tensors all begin with `(batch, beams)`.
What never changes (an encoder's memory) stays out of the state, in the closure of
`step`. Compile the function that calls a search; the loop is then compiled whole.

Letters in comments: B batch, K beams, T steps, V vocabulary.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

Tensor = Any
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


class Hypotheses(NamedTuple):
    """What a search found, best first.

    Attributes:
        tokens: Integer tensor `(batch, beams, max_steps)`: ends with `end_id` where
            the search finished, then `pad_id`. The start token is not part of it.
        scores: Float tensor `(batch, beams)`: log-probability, divided by the
            length penalty.
    """

    tokens: Tensor
    scores: Tensor


def length_normaliser(lengths: Tensor, length_penalty: float) -> Tensor:
    """What a log-probability is divided by: lengths ** length_penalty.

    0 ranks by probability, 1 by the mean log-probability of a token; the end token
    counts (Wu et al. 2016, section 7, has ((5 + length) / 6) ** penalty).
    """
    return ops.cast(ops.maximum(lengths, 1), "float32") ** length_penalty


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


def beam_search(
    step: Step,
    state: Any,
    *,
    batch_size: int,
    beam_size: int,
    max_steps: int,
    start_id: int,
    end_id: int,
    pad_id: int = 0,
    length_penalty: float = 1.0,
    limits: Tensor | None = None,
) -> Hypotheses:
    """The `beam_size` best sequences that a beam of that width finds.

    At each step every beam is extended by every token, and the extensions with the
    best penalised scores survive. A beam that ended is frozen: it competes with its
    final score, and its only extension is padding. The loop ends when all beams of
    all rows have ended, or after `max_steps`; what was cut off there has no end token.

    Args:
        step: Next-token logits, as the module says.
        state: The first state; its tensors begin with `(batch, beam_size)`.
        batch_size: Number of rows.
        beam_size: Hypotheses kept for each row.
        max_steps: Longest sequence.
        start_id: Token before the first.
        end_id: Token that ends a sequence.
        pad_id: Token that fills up after the end.
        length_penalty: Exponent of the length that a score is divided by.
        limits: Integer tensor `(batch,)`: a row ends after so many steps, at most
            `max_steps`, which makes it independent of its neighbours' limits.

    Returns:
        `Hypotheses`, sorted by penalised score.
    """
    low = -1e9  # a beam that does not exist, a token that may not follow
    first = ops.cast(ops.arange(beam_size) > 0, "float32") * low  # one beam at first
    sums = ops.tile(ops.expand_dims(first, 0), (batch_size, 1))  # (B, K)
    lengths = ops.zeros((batch_size, beam_size), "int32")
    done = ops.zeros((batch_size, beam_size), "bool")
    last = ops.full((batch_size, beam_size), start_id, "int32")
    tokens = ops.full((batch_size, beam_size, max_steps), pad_id, "int32")

    def unfinished(index, last, tokens, sums, lengths, done, state):
        return ops.logical_not(ops.all(done))

    def advance(index, last, tokens, sums, lengths, done, state):
        logits, state = step(last, state)
        gains, choices = _best_continuations(logits, beam_size)  # (B, K, K)
        # A frozen beam goes on in one way: with padding, at no cost.
        first_choice = ops.arange(beam_size) == 0
        frozen = ops.expand_dims(done, -1)
        gains = ops.where(frozen, ops.where(first_choice, 0.0, low), gains)
        choices = ops.where(frozen, pad_id, choices)
        longer = lengths + ops.cast(ops.logical_not(done), "int32")
        totals = ops.expand_dims(sums, -1) + gains
        penalised = totals / ops.expand_dims(
            length_normaliser(longer, length_penalty), -1
        )
        flat = (batch_size, beam_size * beam_size)
        _, best = ops.top_k(ops.reshape(penalised, flat), beam_size)  # (B, K)
        parents = best // beam_size
        last = ops.take_along_axis(ops.reshape(choices, flat), best, axis=1)
        sums = ops.take_along_axis(ops.reshape(totals, flat), best, axis=1)
        lengths = ops.take_along_axis(longer, parents, axis=1)
        done = ops.take_along_axis(done, parents, axis=1)
        done = ops.logical_or(done, last == end_id)
        if limits is not None:
            done = ops.logical_or(done, ops.expand_dims(index + 1 >= limits, 1))
        tokens = _write(_reorder(tokens, parents), index, last)
        state = keras.tree.map_structure(lambda x: _reorder(x, parents), state)
        return index + 1, last, tokens, sums, lengths, done, state

    _, _, tokens, sums, lengths, _, _ = ops.while_loop(
        unfinished,
        advance,
        (ops.zeros((), "int32"), last, tokens, sums, lengths, done, state),
        maximum_iterations=max_steps,
    )
    scores = sums / length_normaliser(lengths, length_penalty)
    scores, order = ops.top_k(scores, beam_size)
    return Hypotheses(_reorder(tokens, order), scores)


def _best_continuations(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Log-probabilities and ids of each beam's `count` best next tokens.

    The vocabulary is read in groups: the best tokens are among the groups with the
    best maxima, so that all but one pass see a few hundred logits only. A compiled
    `top_k` would sort them all.
    """
    batch_shape, vocab_size = logits.shape[:-1], logits.shape[-1]
    normaliser = ops.expand_dims(ops.logsumexp(logits, axis=-1), -1)
    size = max(count, math.isqrt(vocab_size))  # tokens in a group
    filler = -vocab_size % size
    if filler:
        widths = [(0, 0)] * len(batch_shape) + [(0, filler)]
        logits = ops.pad(logits, widths, constant_values=-1e9)
    groups = ops.reshape(logits, (*batch_shape, -1, size))
    _, best_groups = _largest(ops.max(groups, axis=-1), min(count, groups.shape[-2]))
    found = ops.take_along_axis(groups, ops.expand_dims(best_groups, -1), axis=-2)
    found = ops.reshape(found, (*batch_shape, -1))  # (B, K, groups * size)
    gains, places = _largest(found, count)
    group = ops.take_along_axis(best_groups, places // size, axis=-1)
    # A vocabulary smaller than the beam is filled up; no id may lie outside it.
    choices = ops.minimum(group * size + places % size, vocab_size - 1)
    return gains - normaliser, choices


def _largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest along the last axis and their places, by passes of argmax."""
    here = ops.arange(values.shape[-1], dtype="int32")
    found, places = [], []
    for _ in range(count):
        place = ops.cast(ops.argmax(values, axis=-1), "int32")
        found.append(ops.max(values, axis=-1))
        places.append(place)
        values = ops.where(here == ops.expand_dims(place, -1), -2e9, values)
    return ops.stack(found, axis=-1), ops.stack(places, axis=-1)


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
        return index + 1, last, _write(tokens, index, last), sums, done, state

    _, _, tokens, sums, _, _ = ops.while_loop(
        unfinished,
        advance,
        (ops.zeros((), "int32"), last, tokens, sums, done, state),
        maximum_iterations=max_steps,
    )
    return Hypotheses(tokens, sums)


def _reorder(x: Tensor, beams: Tensor) -> Tensor:
    """Rows `(batch, beams, ...)` of `x` in the order that `beams` gives."""
    index = ops.reshape(beams, (*beams.shape, *(1,) * (len(x.shape) - 2)))
    return ops.take_along_axis(x, index, axis=1)


def _write(tokens: Tensor, index: Tensor, values: Tensor) -> Tensor:
    """`tokens` `(batch, beams, steps)` with `values` `(batch, beams)` at `index`."""
    here = ops.arange(tokens.shape[-1], dtype="int32") == index
    return ops.where(here, ops.expand_dims(values, -1), tokens)
