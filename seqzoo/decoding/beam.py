"""Beam search that can pause, so that new rows replace those that have ended.

Letters in comments: B batch, K beams, T steps, V vocabulary.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from keras import ops

from seqzoo.decoding.loop import Step, decode
from seqzoo.ops.arguments import positive_integer
from seqzoo.ops.types import Tensor

# The log-probability of a beam that does not exist, and of a token that cannot follow.
LOW = -1e9


class Beams(NamedTuple):
    """The beams of a search that is under way. Each row is at a step of its own.

    Attributes:
        steps: Integer tensor `(batch,)`: the number of steps of each row.
        last: Integer tensor `(batch, beams)`: the last token of each beam.
        tokens: Integer tensor `(batch, beams, max_steps)`: all tokens so far.
        sums: Float tensor `(batch, beams)`: log-probability of each beam.
        lengths: Integer tensor `(batch, beams)`: number of tokens, the end included.
        done: Boolean tensor `(batch, beams)`: whether the beam has ended.
        state: The decoder's state, in the order of the beams.
    """

    steps: Tensor
    last: Tensor
    tokens: Tensor
    sums: Tensor
    lengths: Tensor
    done: Tensor
    state: Any


class Hypotheses(NamedTuple):
    """The sequences of a beam search, best first.

    Attributes:
        tokens: Integer tensor `(batch, beams, max_steps)`: ends with `end_id` where
            the search finished, then `pad_id`. The start token is not part of it.
        scores: Float tensor `(batch, beams)`: log-probability, divided by the
            length penalty.
    """

    tokens: Tensor
    scores: Tensor


@dataclass(frozen=True)
class BeamSettings:
    """The settings of a beam search that are fixed when it is compiled.

    Attributes:
        beam_size: Hypotheses kept for each row.
        start_id: Token before the first.
        end_id: Token that ends a sequence.
        pad_id: Token that fills up after the end.

    Raises:
        ValueError: If the beam size is out of range.
    """

    beam_size: int
    start_id: int
    end_id: int
    pad_id: int = 0

    def __post_init__(self) -> None:
        positive_integer(self.beam_size, "beam_size")


def start_beams(
    state: Any, batch_size: int, max_steps: int, settings: BeamSettings
) -> Beams:
    """Beams before their first step.

    Args:
        state: The decoder's first state; its tensors begin with `(batch, beams)`.
        batch_size: Number of rows.
        max_steps: Longest sequence.
        settings: Of the search.
    """
    shape = (batch_size, settings.beam_size)
    # Equal beams would stay equal, so only the first exists at the start.
    sums = ops.cast(ops.arange(settings.beam_size, dtype="int32") > 0, "float32") * LOW
    return Beams(
        steps=ops.zeros((batch_size,), "int32"),
        last=ops.full(shape, settings.start_id, "int32"),
        tokens=ops.full((*shape, max_steps), settings.pad_id, "int32"),
        sums=ops.tile(ops.expand_dims(sums, 0), (batch_size, 1)),
        lengths=ops.zeros(shape, "int32"),
        done=ops.zeros(shape, "bool"),
        state=state,
    )


def beam_search(
    step: Step,
    beams: Beams,
    settings: BeamSettings,
    limits: Tensor | None = None,
    max_unfinished: int | Tensor = 0,
    length_penalty: float | Tensor = 1.0,
) -> Beams:
    """Searches for the best sequences until at most `max_unfinished` rows go on.

    At each step every beam is extended by every token, and the extensions with the
    best penalised scores survive. A beam that has ended is frozen: it competes with its
    final score, and its only extension is padding. A row ends when all its beams have
    ended, or at its limit; a beam that the limit cuts off has no end token. A row that
    has ended does not change, so a caller may replace it while others go on.

    Args:
        step: The decoder.
        beams: From `start_beams` or an earlier search.
        settings: Of the search.
        limits: Integer tensor `(batch,)`: most steps of each row, at most `max_steps`,
            which is the default.
        max_unfinished: The search pauses when at most this many rows are unfinished.
        length_penalty: Exponent of the length that a score is divided by.

    Returns:
        The beams after the last step; `best_hypotheses` sorts them.
    """
    beam_size = settings.beam_size
    batch_size, _, max_steps = ops.shape(beams.tokens)
    limits = ops.full((batch_size,), max_steps, "int32") if limits is None else limits
    positions = ops.arange(max_steps, dtype="int32")

    def is_unfinished(beams: Beams) -> Tensor:
        rows = ops.logical_not(ops.all(beams.done, axis=1))
        return ops.sum(ops.cast(rows, "int32")) > max_unfinished

    def choose(logits: Tensor, beams: Beams) -> Beams:
        logits = ops.cast(logits, "float32")
        gains, choices = _best_continuations(logits, beam_size)  # (B, K, K)
        # The one continuation of a frozen beam is padding, which costs nothing.
        is_other = ops.arange(beam_size, dtype="int32") > 0
        frozen = ops.expand_dims(beams.done, -1)
        gains = ops.where(frozen, ops.cast(is_other, "float32") * LOW, gains)
        choices = ops.where(frozen, settings.pad_id, choices)
        lengths = beams.lengths + ops.cast(ops.logical_not(beams.done), "int32")
        totals = ops.expand_dims(beams.sums, -1) + gains
        normaliser = length_normaliser(lengths, length_penalty)  # (B, K)
        penalised = totals / ops.expand_dims(normaliser, -1)
        flat = (-1, beam_size * beam_size)
        _, best = ops.top_k(ops.reshape(penalised, flat), beam_size)  # (B, K)
        parents = best // beam_size
        last = ops.take_along_axis(ops.reshape(choices, flat), best, axis=1)
        done = ops.take_along_axis(beams.done, parents, axis=1)
        done = ops.logical_or(done, last == settings.end_id)
        done = ops.logical_or(done, ops.expand_dims(beams.steps + 1 >= limits, 1))
        is_here = positions == ops.expand_dims(beams.steps, 1)  # (B, T)
        is_here = ops.reshape(is_here, (-1, 1, max_steps))
        tokens = _reordered(beams.tokens, parents)
        return Beams(
            steps=beams.steps + 1,
            last=last,
            tokens=ops.where(is_here, ops.expand_dims(last, -1), tokens),
            sums=ops.take_along_axis(ops.reshape(totals, flat), best, axis=1),
            lengths=ops.take_along_axis(lengths, parents, axis=1),
            done=done,
            state=reordered(beams.state, parents),
        )

    return decode(step, choose, is_unfinished, beams)


def best_hypotheses(beams: Beams, length_penalty: float | Tensor = 1.0) -> Hypotheses:
    """The sequences of the beams, sorted by penalised score."""
    scores = beams.sums / length_normaliser(beams.lengths, length_penalty)
    scores, order = ops.top_k(scores, ops.shape(scores)[-1])
    return Hypotheses(_reordered(beams.tokens, order), scores)


def length_normaliser(lengths: Tensor, length_penalty: float | Tensor) -> Tensor:
    """The divisor of a log-probability: lengths ** length_penalty.

    0 ranks by probability, 1 by the mean log-probability of a token; the end token
    counts (Wu et al. 2016, section 7, has ((5 + length) / 6) ** penalty).
    """
    return ops.cast(ops.maximum(lengths, 1), "float32") ** length_penalty


def _best_continuations(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Log-probabilities and ids of each beam's `count` best next tokens.

    A compiled `top_k` would sort the whole vocabulary. Here it is divided into groups:
    the best tokens are in the groups with the best maxima, so that all but two passes
    read only a few hundred logits.
    """
    vocab_size = logits.shape[-1]
    size = _group_size(vocab_size, count)
    filler = -vocab_size % size
    if filler:
        widths = ((0, 0), (0, 0), (0, filler))
        logits = ops.pad(logits, widths, constant_values=LOW)
    count_of_groups = (vocab_size + filler) // size
    groups = ops.reshape(logits, (-1, count, count_of_groups, size))
    maxima = ops.max(groups, axis=-1)
    largest = ops.max(maxima, axis=-1, keepdims=True)
    sums = ops.sum(ops.exp(groups - ops.expand_dims(largest, -1)), axis=(-2, -1))
    normaliser = largest + ops.log(ops.expand_dims(sums, -1))  # log of the softmax's
    _, best_groups = _largest(maxima, min(count, count_of_groups))
    best = ops.take_along_axis(groups, ops.expand_dims(best_groups, -1), axis=-2)
    best = ops.reshape(best, (-1, count, best_groups.shape[-1] * size))
    gains, places = _largest(best, count)
    group = ops.take_along_axis(best_groups, places // size, axis=-1)
    # If the vocabulary is smaller than the beam, a filler's id would lie outside it.
    choices = ops.minimum(group * size + places % size, vocab_size - 1)
    return gains - normaliser, choices


def _group_size(vocab_size: int, count: int) -> int:
    """Tokens in a group: about the square root, as many as there are groups.

    A near divisor of the vocabulary is preferred, because it needs no filler.
    """
    root = max(count, math.isqrt(vocab_size))
    near = range(root, max(root + 1, 2 * root))
    return next((size for size in near if vocab_size % size == 0), root)


def _largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest values along the last axis and their places.

    Of equal values the first comes first. Each takes two reductions, a maximum and the
    first place where it stands, which use the whole vector unit; a compiled `argmax`
    compares one by one.
    """
    size = values.shape[-1]
    positions = ops.arange(size, dtype="int32")
    maxima, places = [], []
    for _ in range(count):
        maximum = ops.max(values, axis=-1, keepdims=True)
        is_maximum = values == maximum
        place = ops.min(ops.where(is_maximum, positions, size), -1, keepdims=True)
        maxima.append(maximum)
        places.append(place)
        values = ops.where(positions == place, 2 * LOW, values)
    return ops.concatenate(maxima, axis=-1), ops.concatenate(places, axis=-1)


def reordered(state: Any, parents: Tensor) -> Any:
    """A decoder's state in the order of new beams.

    Args:
        state: Nested tensors `(batch, beams, ...)`. A node with a method `reordered`,
            such as a key-value cache, does it by itself.
        parents: Integer tensor `(batch, beams)`: the old beam of each new one.
    """
    if hasattr(state, "reordered"):
        return state.reordered(parents)
    if isinstance(state, dict):
        return {name: reordered(value, parents) for name, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)([reordered(value, parents) for value in state])
    return _reordered(state, parents)


def _reordered(x: Tensor, order: Tensor) -> Tensor:
    """`x` `(batch, beams, ...)` with the beams of each row in the given order."""
    index = order  # (B, K)
    for _ in range(len(x.shape) - 2):
        index = ops.expand_dims(index, -1)
    return ops.take_along_axis(x, index, axis=1)
