"""Many searches in few batches: a row that has ended makes room for the next.

Some sentences take twice as many steps as their neighbours. Instead of letting a
whole batch wait for its slowest row, the search pauses when enough rows have ended,
and others take their places (iteration-level scheduling, Yu et al. 2022, "Orca",
section 3.1); when none is left to come, the last rows go on in a smaller batch. A row's
result does not depend on the rows beside it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from keras import ops, tree

from seqzoo.decoding import Beams, Hypotheses

# The share of a batch's rows that may be free before others take their places. Going
# on costs an encoding of the whole batch, about as much as one step.
FREE_SHARE = 0.25
# What a larger batch shrinks to when so many rows are left and nobody waits: once only,
# for each number of rows is compiled.
LAST_ROWS = 8

# (ids (rows, steps), which rows are new, rows that may be unfinished, beams)
Search = Callable[[np.ndarray, np.ndarray, int, Beams], tuple[Hypotheses, Beams]]
Start = Callable[[int, int], Beams]


def search_all(
    sequences: list[list[int]],
    batch_size: int,
    search: Search,
    start: Start,
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Searches for every sequence.

    Args:
        sequences: Ids of each source; none is empty.
        batch_size: Rows of a batch.
        search: Searches on from where it is handed beams.
        start: Beams that have all ended, for `(rows, source steps)`.

    Yields:
        `(index, tokens, scores)` of each sequence as it ends: the tokens `(beams,
        max_steps)` and scores `(beams,)`, best first.
    """
    for steps, waiting in _by_steps(sequences).items():
        # A power of 2, so that few shapes are ever compiled.
        rows = min(1 << (len(waiting) - 1).bit_length(), batch_size)
        batch = _Batch(
            np.zeros((rows, steps), "int32"), [None] * rows, start(rows, steps)
        )
        while waiting or any(owner is not None for owner in batch.owners):
            fresh = batch.fill(waiting, sequences)
            rows = len(batch.owners)
            last = LAST_ROWS if rows > 2 * LAST_ROWS else 0
            pause = int(rows * (1 - FREE_SHARE)) if waiting else last
            hypotheses, batch.beams = search(batch.ids, fresh, pause, batch.beams)
            tokens = ops.convert_to_numpy(hypotheses.tokens)
            scores = ops.convert_to_numpy(hypotheses.scores)
            for row, owner in batch.ended():
                yield owner, tokens[row], scores[row]
            if last and not waiting:
                batch.shrink(last)


@dataclass
class _Batch:
    """Rows under way and the sequences, by index, that they belong to."""

    ids: np.ndarray
    owners: list[int | None]
    beams: Beams

    def fill(self, waiting: deque[int], sequences: list[list[int]]) -> np.ndarray:
        """Gives free rows to who waits, and tells which."""
        fresh = np.zeros(len(self.owners), "bool")
        for row, owner in enumerate(self.owners):
            if owner is None and waiting:
                i = self.owners[row] = waiting.popleft()
                self.ids[row] = 0
                self.ids[row, : len(sequences[i])] = sequences[i]
                fresh[row] = True
        return fresh

    def ended(self) -> Iterator[tuple[int, int]]:
        """Frees the rows that have ended; each with the one that it belonged to."""
        done = np.all(ops.convert_to_numpy(self.beams.done), axis=1)
        for row, owner in enumerate(self.owners):
            if owner is not None and done[row]:
                self.owners[row] = None
                yield row, owner

    def shrink(self, rows: int) -> None:
        """Keeps the rows that are taken, which must be no more than `rows`."""
        order = sorted(
            range(len(self.owners)), key=lambda row: self.owners[row] is None
        )[:rows]
        self.ids = self.ids[order]
        self.owners = [self.owners[row] for row in order]
        self.beams = tree.map_structure(
            lambda tensor: ops.take(tensor, order, axis=0), self.beams
        )


def _by_steps(sequences: list[list[int]]) -> dict[int, deque[int]]:
    """Indices by length rounded up to a multiple of 8, short ones first."""
    groups: dict[int, deque[int]] = {}
    for i in sorted(range(len(sequences)), key=lambda i: len(sequences[i])):
        steps = -(-len(sequences[i]) // 8) * 8
        groups.setdefault(steps, deque()).append(i)
    return groups
