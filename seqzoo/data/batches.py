"""Training batches as data sets that pickle sends to worker processes whole."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


class Batches(ABC):
    """The batches of a training run: equal epoch and index, equal arrays.

    `batches(epoch)` is the sequence of an epoch's batches, `len(batches)` their number.
    A subclass divides an epoch into one part for each batch (`plan`) and makes arrays
    of a part (`make`).
    """

    @abstractmethod
    def plan(self, epoch: int) -> Any:
        """The parts of an epoch, a sequence with one for each batch."""

    @abstractmethod
    def make(self, epoch: int, part: Any) -> Any:
        """The batch `(x, y)` or `(x, y, sample_weight)` of one part."""

    def __call__(self, epoch: int) -> "Epoch":
        return Epoch(self, epoch)

    def __len__(self) -> int:
        return len(self.plan(0))


class Epoch(Sequence[Any]):
    """The batches of one epoch; each is made when it is read."""

    def __init__(self, batches: Batches, epoch: int):
        self._batches, self._epoch = batches, epoch
        self._plan = batches.plan(epoch)

    def __len__(self) -> int:
        return len(self._plan)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._batches.make(self._epoch, self._plan[index])

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


class ShuffledBatches(Batches):
    """Batches of examples in an order of its own for each epoch, all of one size.

    Examples left over after the last whole batch are left out of that epoch. The order
    has the seed `(0, epoch)`, random changes of a batch the seed `(stream, epoch, its
    first example)`.

    Args:
        count: Number of examples.
        batch_size: Examples in a batch; a smaller set is one batch.

    Raises:
        ValueError: If a batch would be empty.
    """

    stream = 3

    def __init__(self, count: int, batch_size: int):
        self.count, self.batch_size = count, min(batch_size, count)
        if self.batch_size < 1:
            raise ValueError(
                "A batch must have at least one example. Received: "
                f"batch_size={batch_size}, {count} examples."
            )

    def plan(self, epoch: int) -> Any:
        order = np.random.default_rng([0, epoch]).permutation(self.count)
        whole = self.count // self.batch_size * self.batch_size
        return order[:whole].reshape(-1, self.batch_size)  # (batches, batch_size)

    def generator(self, epoch: int, examples: Any) -> np.random.Generator:
        """The generator of a batch's random changes."""
        return np.random.default_rng([self.stream, epoch, int(examples[0])])
