"""Continuous batching: beam search for many sources in few batches.

Some sentences take twice as many steps as their neighbours. A batch does not wait for
its slowest row: the search pauses when enough rows have ended, and waiting sources take
their places (iteration-level scheduling, Yu et al. 2022, "Orca", section 3.1). The
result of a row does not depend on the rows beside it. From the verb to the decoder:

    Translator.translate
      search_all                 admits sources to a batch, takes results out of it
        _Queue                     encodes the waiting sources, a batch at a time
        search_rows                compiled; searches until enough rows have ended
          beam_search                chooses the tokens of each step (beam.py)
            decode                     the loop that calls the decoder's step (loop.py)

Sources come in groups of similar length, short ones first. When a group's queue is
empty, its unfinished rows move to the batch of the next group; the last rows of all
move to a smaller batch.
"""

import operator
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops, tree

from seqzoo.decoding.beam import (
    Beams,
    BeamSettings,
    Hypotheses,
    beam_search,
    best_hypotheses,
    start_beams,
)
from seqzoo.ops.compilation import padded_rows, padded_steps
from seqzoo.ops.types import Array, Tensor

# The search pauses when this share of a batch's rows is free and sources are waiting.
FREE_SHARE = 0.125
# Rows of the smaller batch for the last rows of all.
LAST_ROWS = 8
# Unfinished rows move to the next group unless its sources are more than so many times
# as long: they are padded to that length.
MAX_LENGTHENING = 2
# XLA takes seconds to compile a search and saves milliseconds a source. It is used for
# groups of so many sources.
XLA_SOURCES = 2_000


def search_all(
    model: Any,
    sequences: list[list[int]],
    settings: BeamSettings,
    length_penalty: float = 1.0,
) -> Iterator[tuple[int, Array, Array]]:
    """Searches for the best hypotheses of every source.

    Args:
        model: A `seqzoo.tasks.Translator`. It searches in batches of its `batch_size`.
        sequences: Token ids of each source; none is empty.
        settings: Of the search.
        length_penalty: Exponent of the length that a score is divided by.

    Yields:
        `(index, tokens, scores)` of each source as its search ends: tokens `(beams,
        max_steps)` and scores `(beams,)`, best first.
    """
    any_size = model.any_size
    search = model.compiled_function(search_rows, model, settings, any_size=any_size)
    start = model.compiled_function(ended_beams, model, settings, any_size=any_size)
    penalty = np.array(length_penalty, "float32")
    batch = _Batch.free(0, None, None)
    groups = _by_length(sequences, any_size)
    next_lengths = [*groups, np.inf][1:]
    for (steps, indices), next_steps in zip(groups.items(), next_lengths, strict=True):
        often = len(indices) >= XLA_SOURCES
        queue = _Queue(model, sequences, indices, steps)
        rows = min(len(indices) + len(batch.busy_rows), model.batch_size)
        rows = padded_rows(rows, model.batch_size, any_size)
        batch = batch.moved(rows, queue, start)
        while queue or batch.busy_rows:
            batch.admit(queue)
            if not queue and next_steps <= MAX_LENGTHENING * steps:
                break
            last_rows = LAST_ROWS if rows > 2 * LAST_ROWS else 0
            hypotheses, batch.beams = search(
                penalty,
                batch.source,
                batch.lengths,
                batch.is_new,
                int(rows * (1 - FREE_SHARE)) if queue else last_rows,
                batch.beams,
                often=often,
            )
            tokens = ops.convert_to_numpy(hypotheses.tokens)
            scores = ops.convert_to_numpy(hypotheses.scores)
            for row, index in batch.pop_ended():
                yield index, tokens[row], scores[row]
            if last_rows and not queue:
                rows = last_rows
                batch = batch.moved(rows, queue, start)


def search_rows(
    model: Any,
    settings: BeamSettings,
    length_penalty: Tensor,
    source: Any,
    lengths: Tensor,
    is_new: Tensor,
    max_unfinished: Tensor,
    beams: Beams,
) -> tuple[Hypotheses, Beams]:
    """Searches the rows of a batch until at most `max_unfinished` go on.

    Args:
        model: The translator.
        settings: Of the search.
        length_penalty: Float scalar: exponent of the length that a score is divided by.
        source: Encoded sources, a tree of tensors `(batch, ...)`.
        lengths: Integer tensor `(batch,)`: steps of each source without padding.
        is_new: Boolean tensor `(batch,)`: rows whose search begins now.
        max_unfinished: Integer scalar.
        beams: The beams of all rows; those of new rows are replaced.
    """
    step, state = model.start_decoding(source, settings.beam_size)
    rows, _, max_steps = ops.shape(beams.tokens)
    start = start_beams(state, rows, max_steps, settings)

    def choose(new: Tensor, old: Tensor) -> Tensor:
        where = ops.reshape(is_new, (-1, *(1,) * (len(new.shape) - 1)))  # (B, 1, ...)
        return ops.where(where, new, old)

    beams = Beams(*tree.map_structure(choose, tuple(start), tuple(beams)))
    limits = model.max_target_steps(lengths)
    beams = beam_search(step, beams, settings, limits, max_unfinished, length_penalty)
    return best_hypotheses(beams, length_penalty), beams


def ended_beams(
    model: Any, settings: BeamSettings, source: Any, source_ids: Tensor
) -> Beams:
    """Beams that have all ended, for free rows.

    Args:
        model: The translator.
        settings: Of the search.
        source: Encoded sources, a tree of tensors `(batch, ...)`.
        source_ids: Integer tensor `(batch, steps)`, of which only the shape counts.
    """
    _, state = model.start_decoding(source, settings.beam_size)
    rows, steps = ops.shape(source_ids)
    beams = start_beams(state, rows, model.max_target_steps(steps), settings)
    return beams._replace(done=ops.ones_like(beams.done))


class _Queue:
    """Sources of similar length that wait for a row, encoded a batch at a time."""

    def __init__(
        self,
        model: Any,
        sequences: list[list[int]],
        indices: list[int],
        steps: int,
    ):
        self.encode = model.compiled_function(
            model.read_source, any_size=model.any_size
        )
        self.sequences = sequences
        self.indices = deque(indices)
        rows = min(len(indices), model.batch_size)
        rows = padded_rows(rows, model.batch_size, model.any_size)
        self.ids = np.zeros((rows, steps), "int32")
        self._encode_next()

    def __len__(self) -> int:
        return len(self.indices)

    def pop(self) -> tuple[int, int, Any]:
        """The next source: its index, its length and its encoding `(...)`."""
        if self.row == len(self.ids):
            self._encode_next()
        source = tree.map_structure(operator.itemgetter(self.row), self.encoded)
        self.row += 1
        index = self.indices.popleft()
        return index, len(self.sequences[index]), source

    def empty_source(self, rows: int) -> Any:
        """Zeros in the shapes of `rows` encoded sources."""
        return tree.map_structure(
            lambda array: np.zeros((rows, *array.shape[1:]), array.dtype), self.encoded
        )

    def _encode_next(self) -> None:
        self.ids[:] = 0
        for row, index in zip(self.ids, self.indices, strict=False):
            row[: len(self.sequences[index])] = self.sequences[index]
        self.encoded = tree.map_structure(ops.convert_to_numpy, self.encode(self.ids))
        self.row = 0


@dataclass
class _Batch:
    """The rows that are searched together; a row is busy with a source or free."""

    indices: list[int | None]  # of each row's source; None is a free row
    lengths: Array
    is_new: Array
    source: Any
    beams: Any

    @classmethod
    def free(cls, rows: int, source: Any, beams: Any) -> "_Batch":
        """A batch of free rows."""
        zeros = np.zeros(rows, "int32")
        return cls([None] * rows, zeros, zeros.astype("bool"), source, beams)

    @property
    def busy_rows(self) -> list[int]:
        return [row for row, index in enumerate(self.indices) if index is not None]

    def admit(self, queue: _Queue) -> None:
        """Assigns waiting sources to the free rows."""
        for row, index in enumerate(self.indices):
            if index is None and queue:
                self.indices[row], self.lengths[row], source = queue.pop()
                self.is_new[row] = True
                for array, values in zip(
                    tree.flatten(self.source), tree.flatten(source), strict=True
                ):
                    array[row] = values

    def pop_ended(self) -> Iterator[tuple[int, int]]:
        """Frees the rows that have ended, each with the index of its source."""
        self.is_new[:] = False
        done = np.all(ops.convert_to_numpy(self.beams.done), axis=1)
        for row, index in enumerate(self.indices):
            if index is not None and done[row]:
                self.indices[row] = None
                yield row, index

    def moved(
        self, rows: int, queue: _Queue, start: Callable[[Any, Array], Beams]
    ) -> "_Batch":
        """The busy rows in a batch for the queue's sources, which may be longer.

        Args:
            rows: Rows of that batch; the others are free.
            queue: Knows the shapes of its encoded sources.
            start: `ended_beams` from encoded sources and their ids.
        """
        source = queue.empty_source(rows)
        source_ids = np.zeros((rows, queue.ids.shape[1]), "int32")
        beams = start(source, source_ids)
        batch, busy = _Batch.free(rows, source, beams), self.busy_rows
        if not busy:
            return batch

        def copied(new: Any, old: Any) -> Array:
            new, old = np.array(new), ops.convert_to_numpy(old)[busy]
            new[tuple(map(slice, old.shape))] = old
            return new

        batch.indices[: len(busy)] = [self.indices[row] for row in busy]
        batch.lengths = copied(batch.lengths, self.lengths)
        batch.is_new = copied(batch.is_new, self.is_new)
        batch.source = tree.map_structure(copied, batch.source, self.source)
        batch.beams = tree.map_structure(copied, batch.beams, self.beams)
        return batch


def _by_length(sequences: list[list[int]], any_size: bool) -> dict[int, list[int]]:
    """Indices of the sequences by length, rounded up; short ones first."""
    groups: dict[int, list[int]] = {}
    for index in sorted(range(len(sequences)), key=lambda i: len(sequences[i])):
        steps = padded_steps(len(sequences[index]), any_size)
        groups.setdefault(steps, []).append(index)
    return groups
