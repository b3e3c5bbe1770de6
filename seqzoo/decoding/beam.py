"""Beam search, in one go or in turns that take new rows in.

Letters in comments: B batch, K beams, T steps, V vocabulary.
"""

import math
from typing import Any, NamedTuple

import keras
from keras import ops

from seqzoo.decoding.base import Hypotheses, Step

Tensor = Any

LOW = -1e9  # a beam that does not exist, a token that may not follow


class Beams(NamedTuple):
    """A beam search under way. Each row is at a step of its own.

    Attributes:
        steps: Integer tensor `(batch,)`: steps that a row has made.
        last: Integer tensor `(batch, beams)`: the last token of each beam.
        tokens: Integer tensor `(batch, beams, max_steps)`, all of them so far.
        sums: Float tensor `(batch, beams)`: log-probability of each beam.
        lengths: Integer tensor `(batch, beams)`: its tokens, the end included.
        done: Boolean tensor `(batch, beams)`: whether it has ended.
        state: The step function's state, in the order of the beams.
    """

    steps: Tensor
    last: Tensor
    tokens: Tensor
    sums: Tensor
    lengths: Tensor
    done: Tensor
    state: Any


def length_normaliser(lengths: Tensor, length_penalty: float) -> Tensor:
    """What a log-probability is divided by: lengths ** length_penalty.

    0 ranks by probability, 1 by the mean log-probability of a token; the end token
    counts (Wu et al. 2016, section 7, has ((5 + length) / 6) ** penalty).
    """
    return ops.cast(ops.maximum(lengths, 1), "float32") ** length_penalty


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
            `max_steps`, which is the default.

    Returns:
        `Hypotheses`, sorted by penalised score.
    """
    beams = start_beams(state, batch_size, beam_size, max_steps, start_id, pad_id)
    beams = advance_beams(
        step,
        beams,
        end_id=end_id,
        pad_id=pad_id,
        length_penalty=length_penalty,
        limits=limits,
    )
    return best_hypotheses(beams, length_penalty)


def start_beams(
    state: Any,
    batch_size: int,
    beam_size: int,
    max_steps: int,
    start_id: int,
    pad_id: int = 0,
) -> Beams:
    """Beams before their first step; the arguments are those of `beam_search`."""
    shape = (batch_size, beam_size)
    one_beam = ops.cast(ops.arange(beam_size) > 0, "float32") * LOW
    return Beams(
        steps=ops.zeros((batch_size,), "int32"),
        last=ops.full(shape, start_id, "int32"),
        tokens=ops.full((*shape, max_steps), pad_id, "int32"),
        sums=ops.tile(ops.expand_dims(one_beam, 0), (batch_size, 1)),
        lengths=ops.zeros(shape, "int32"),
        done=ops.zeros(shape, "bool"),
        state=state,
    )


def advance_beams(
    step: Step,
    beams: Beams,
    *,
    end_id: int,
    pad_id: int = 0,
    length_penalty: float = 1.0,
    limits: Tensor | None = None,
    pause: int | Tensor = 0,
) -> Beams:
    """Searches on until at most `pause` rows are unfinished.

    A row whose beams have all ended stays as it is, so a caller may take its
    hypotheses out and put a new row in its place while others go on.

    Args:
        step: Next-token logits, as the module says.
        beams: Where the search stands.
        end_id: Token that ends a sequence.
        pad_id: Token that fills up after the end.
        length_penalty: Exponent of the length that a score is divided by.
        limits: Integer tensor `(batch,)`: a row ends after so many steps, at most
            `max_steps`, which is the default.
        pause: How many rows may be unfinished when the search pauses.
    """
    batch_size, beam_size, max_steps = beams.tokens.shape
    limits = ops.full((batch_size,), max_steps, "int32") if limits is None else limits
    places = ops.arange(max_steps, dtype="int32")

    def unfinished(*variables):
        rows = ops.logical_not(ops.all(Beams(*variables).done, axis=1))
        return ops.sum(ops.cast(rows, "int32")) > pause

    def advance(*variables):
        steps, last, tokens, sums, lengths, done, state = variables
        logits, state = step(last, state)
        gains, choices = _best_continuations(logits, beam_size)  # (B, K, K)
        # A frozen beam goes on in one way: with padding, at no cost.
        first_choice = ops.arange(beam_size) == 0
        frozen = ops.expand_dims(done, -1)
        gains = ops.where(frozen, ops.where(first_choice, 0.0, LOW), gains)
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
        done = ops.logical_or(done, ops.expand_dims(steps + 1 >= limits, 1))
        here = ops.reshape(places == ops.expand_dims(steps, 1), (-1, 1, max_steps))
        tokens = _reorder(tokens, parents)
        tokens = ops.where(here, ops.expand_dims(last, -1), tokens)
        state = keras.tree.map_structure(lambda x: _reorder(x, parents), state)
        return steps + 1, last, tokens, sums, lengths, done, state

    # Plain tuples: not every backend's loop hands a named one back.
    return Beams(*ops.while_loop(unfinished, advance, tuple(beams)))


def best_hypotheses(beams: Beams, length_penalty: float = 1.0) -> Hypotheses:
    """What was found so far, sorted by penalised score."""
    scores = beams.sums / length_normaliser(beams.lengths, length_penalty)
    scores, order = ops.top_k(scores, scores.shape[-1])
    return Hypotheses(_reorder(beams.tokens, order), scores)


def _best_continuations(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Log-probabilities and ids of each beam's `count` best next tokens.

    The vocabulary is read in groups: the best tokens are among the groups with the
    best maxima, so that all but two passes see a few hundred logits only. A compiled
    `top_k` would sort them all.
    """
    batch_shape, vocab_size = logits.shape[:-1], logits.shape[-1]
    size = _group_size(vocab_size, count)
    filler = -vocab_size % size
    if filler:
        widths = [(0, 0)] * len(batch_shape) + [(0, filler)]
        logits = ops.pad(logits, widths, constant_values=LOW)
    groups = ops.reshape(logits, (*batch_shape, -1, size))
    maxima = ops.max(groups, axis=-1)
    largest = ops.max(maxima, axis=-1, keepdims=True)
    sums = ops.sum(ops.exp(groups - ops.expand_dims(largest, -1)), axis=(-2, -1))
    normaliser = largest + ops.log(ops.expand_dims(sums, -1))
    _, best_groups = _largest(maxima, min(count, groups.shape[-2]))
    found = ops.take_along_axis(groups, ops.expand_dims(best_groups, -1), axis=-2)
    found = ops.reshape(found, (*batch_shape, -1))  # (B, K, groups * size)
    gains, places = _largest(found, count)
    group = ops.take_along_axis(best_groups, places // size, axis=-1)
    # A vocabulary smaller than the beam is filled up; no id may lie outside it.
    choices = ops.minimum(group * size + places % size, vocab_size - 1)
    return gains - normaliser, choices


def _group_size(vocab_size: int, count: int) -> int:
    """About the square root, so that groups are as many as they have tokens.

    A divisor of the vocabulary where one is near: nothing is copied to fill it up.
    """
    root = max(count, math.isqrt(vocab_size))
    near = range(root, max(root + 1, 2 * root))
    return next((size for size in near if vocab_size % size == 0), root)


def _largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest along the last axis and their places, a pass for each.

    Of equal ones the first. A compiled `argmax` compares one by one; a maximum and
    the first place where it stands are two reductions that use the whole vector unit.
    """
    size = values.shape[-1]
    here = ops.arange(size, dtype="int32")
    found, places = [], []
    for _ in range(count):
        largest = ops.max(values, axis=-1, keepdims=True)
        place = ops.min(ops.where(values == largest, here, size), -1, keepdims=True)
        found.append(largest)
        places.append(place)
        values = ops.where(here == place, 2 * LOW, values)
    return ops.concatenate(found, axis=-1), ops.concatenate(places, axis=-1)


def _reorder(x: Tensor, beams: Tensor) -> Tensor:
    """Rows `(batch, beams, ...)` of `x` in the order that `beams` gives."""
    index = ops.reshape(beams, (*beams.shape, *(1,) * (len(x.shape) - 2)))
    return ops.take_along_axis(x, index, axis=1)
