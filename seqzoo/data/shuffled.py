"""Shuffled batches of arrays, repeated by seed and epoch."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class ShuffledBatches(Sequence[Any]):
    """A sequence of `(inputs, labels)`; see `shuffled_batches`."""

    def __init__(self, groups: list[Array], make: Callable[[Array], Any]):
        self._groups = groups
        self._make = make

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return self._make(self._groups[index])

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


def shuffled_batches(
    count: int,
    batch_size: int,
    make: Callable[[Array], Any],
    seed: int = 0,
    epoch: int = 0,
) -> ShuffledBatches:
    """One epoch of examples in random order, in batches of one size.

    What is left over after the last whole batch waits for another epoch's order.

    Args:
        count: Number of examples.
        batch_size: Examples in every batch.
        make: From the rows of a batch, integers `(batch_size,)`, to the batch.
        seed: Seed of the order.
        epoch: Each epoch has its own order; equal seed and epoch, an equal one.

    Raises:
        ValueError: If there are fewer examples than a batch holds.
    """
    if not 1 <= batch_size <= count:
        raise ValueError(
            f"`batch_size` must be from 1 to the {count} examples. "
            f"Received: batch_size={batch_size}"
        )
    order = np.random.default_rng([seed, epoch]).permutation(count)
    whole = count // batch_size * batch_size
    return ShuffledBatches(list(order[:whole].reshape(-1, batch_size)), make)
