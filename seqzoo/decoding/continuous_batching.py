"""Many searches in few batches: a row that has ended makes room for the next.

Some sentences take twice as many steps as their neighbours. Instead of letting a
whole batch wait for its slowest row, the search pauses when enough rows have ended,
and others take their places (iteration-level scheduling, Yu et al. 2022, "Orca",
section 3.1). Sources go in by length; when none of a length is left, the rows under way
move on to the batch of the next one, and the last rows of all to a smaller batch.
Sources are read a batch ahead, each once. A row's result does not depend on the rows
beside it.
"""

import operator
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops, tree

from seqzoo.decoding import Beams, Hypotheses

# The share of a batch's rows that may be free before others take their places.
FREE_SHARE = 0.125
# What a larger batch shrinks to when so many rows are left and nobody waits: once only,
# for each number of rows is compiled.
LAST_ROWS = 8
# How much longer sources may be for rows under way to move on to their batch, where
# they are padded to that length.
LONGER = 2

Array = np.ndarray
# From ids (rows, steps) to nested tensors that begin with (rows,).
Read = Callable[[Array], Any]
# (what was read, source lengths, new rows, rows that may be unfinished, beams)
Search = Callable[[Any, Array, Array, int, Beams], tuple[Hypotheses, Beams]]
Start = Callable[[int, int], Beams]


def search_all(
    sequences: list[list[int]],
    batch_size: int,
    read: Read,
    search: Search,
    start: Start,
) -> Iterator[tuple[int, Array, Array]]:
    """Searches for every sequence.

    Args:
        sequences: Ids of each source; none is empty.
        batch_size: Rows of a batch.
        read: What the search needs to know of sources.
        search: Searches on from where it is handed beams.
        start: Beams that have all ended, for `(rows, source steps)`.

    Yields:
        `(index, tokens, scores)` of each sequence as it ends: the tokens `(beams,
        max_steps)` and scores `(beams,)`, best first.
    """
    batch = _Batch.empty(0, None, None)
    groups = _by_steps(sequences)
    lengths = [*groups, np.inf]
    for (steps, indices), next_steps in zip(groups.items(), lengths[1:], strict=True):
        waiting = _Waiting(indices, sequences, steps, batch_size, read)
        rows = _power_of_two(len(indices) + len(batch.taken), batch_size)
        batch = batch.moved(rows, waiting.nothing(rows), start(rows, steps))
        while waiting or batch.taken:
            batch.fill(waiting)
            if not waiting and next_steps <= LONGER * steps:
                break
            last = LAST_ROWS if rows > 2 * LAST_ROWS else 0
            pause = int(rows * (1 - FREE_SHARE)) if waiting else last
            hypotheses, batch.beams = search(
                batch.source, batch.lengths, batch.fresh, pause, batch.beams
            )
            tokens = ops.convert_to_numpy(hypotheses.tokens)
            scores = ops.convert_to_numpy(hypotheses.scores)
            for row, owner in batch.ended():
                yield owner, tokens[row], scores[row]
            if last and not waiting:
                rows = last
                batch = batch.moved(rows, waiting.nothing(rows), start(rows, steps))


class _Waiting:
    """Sequences of one length that wait for a row, read a batch ahead."""

    def __init__(
        self,
        indices: list[int],
        sequences: list[list[int]],
        steps: int,
        batch_size: int,
        read: Read,
    ):
        self.indices = deque(indices)
        self.sequences = sequences
        self.read = read
        self.ids = np.zeros((_power_of_two(len(indices), batch_size), steps), "int32")
        self._read_ahead()

    def __len__(self) -> int:
        return len(self.indices)

    def next(self) -> tuple[int, int, Any]:
        """Index and length of the next sequence, and what was read of it."""
        if self.row == len(self.ids):
            self._read_ahead()
        source = tree.map_structure(operator.itemgetter(self.row), self.sources)
        self.row += 1
        owner = self.indices.popleft()
        return owner, len(self.sequences[owner]), source

    def nothing(self, rows: int) -> Any:
        """What is read of no source, for so many rows."""
        return tree.map_structure(
            lambda array: np.zeros((rows, *array.shape[1:]), array.dtype), self.sources
        )

    def _read_ahead(self) -> None:
        self.ids[:] = 0
        for row, owner in zip(self.ids, self.indices, strict=False):
            row[: len(self.sequences[owner])] = self.sequences[owner]
        self.sources = tree.map_structure(ops.convert_to_numpy, self.read(self.ids))
        self.row = 0


@dataclass
class _Batch:
    """Rows under way and the sequences, by index, that they belong to."""

    owners: list[int | None]
    lengths: Array
    fresh: Array  # rows whose search has not begun
    source: Any
    beams: Any

    @classmethod
    def empty(cls, rows: int, source: Any, beams: Any) -> "_Batch":
        """A batch whose rows belong to nobody yet."""
        return cls(
            [None] * rows,
            np.zeros(rows, "int32"),
            np.zeros(rows, "bool"),
            source,
            beams,
        )

    @property
    def taken(self) -> list[int]:
        """Rows that belong to a sequence."""
        return [row for row, owner in enumerate(self.owners) if owner is not None]

    def fill(self, waiting: _Waiting) -> None:
        """Gives the free rows to who waits."""
        for row, owner in enumerate(self.owners):
            if owner is None and waiting:
                self.owners[row], self.lengths[row], source = waiting.next()
                self.fresh[row] = True
                for array, one in zip(
                    tree.flatten(self.source), tree.flatten(source), strict=True
                ):
                    array[row] = one

    def ended(self) -> Iterator[tuple[int, int]]:
        """Frees the rows that have ended; each with the one that it belonged to."""
        self.fresh[:] = False
        done = np.all(ops.convert_to_numpy(self.beams.done), axis=1)
        for row, owner in enumerate(self.owners):
            if owner is not None and done[row]:
                self.owners[row] = None
                yield row, owner

    def moved(self, rows: int, source: Any, beams: Beams) -> "_Batch":
        """The rows that are taken, in a batch of `rows`, which may have more steps.

        `source` and `beams` are those of such a batch while it is empty.
        """
        batch, taken = _Batch.empty(rows, source, beams), self.taken
        if not taken:
            return batch

        def put(new: Any, old: Any) -> Array:
            new, old = np.array(new), ops.convert_to_numpy(old)[taken]
            new[tuple(map(slice, old.shape))] = old
            return new

        batch.owners[: len(taken)] = [self.owners[row] for row in taken]
        batch.lengths = put(batch.lengths, self.lengths)
        batch.fresh = put(batch.fresh, self.fresh)
        batch.source = tree.map_structure(put, source, self.source)
        batch.beams = tree.map_structure(put, beams, self.beams)
        return batch


def _power_of_two(rows: int, most: int) -> int:
    """At least `rows`, so that few shapes are ever compiled, but not above `most`."""
    return min(1 << (rows - 1).bit_length(), most)


def _by_steps(sequences: list[list[int]]) -> dict[int, list[int]]:
    """Indices by length rounded up to a multiple of 8, short ones first."""
    groups: dict[int, list[int]] = {}
    for i in sorted(range(len(sequences)), key=lambda i: len(sequences[i])):
        steps = -(-len(sequences[i]) // 8) * 8
        groups.setdefault(steps, []).append(i)
    return groups
