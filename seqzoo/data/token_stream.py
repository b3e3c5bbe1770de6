"""Batches of one long sequence, each of which goes on where the last one ended."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Batch = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


class StreamBatches(Sequence[Batch]):
    """A sequence of `(inputs, targets)`; see `stream_batches`."""

    def __init__(self, rows: np.ndarray[Any, Any], steps: int):
        self._rows = rows
        self._steps = steps

    def __len__(self) -> int:
        return (self._rows.shape[1] - 1) // self._steps

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        start = range(len(self))[index] * self._steps
        part = self._rows[:, start : start + self._steps + 1]
        return part[:, :-1], part[:, 1:]

    def __iter__(self) -> Iterator[Batch]:
        return (self[index] for index in range(len(self)))


def stream_batches(
    token_ids: np.ndarray[Any, Any],
    batch_size: int,
    steps: int,
    seed: int = 0,
    epoch: int = 0,
) -> StreamBatches:
    """One epoch of a token stream, for truncated backpropagation through time.

    The stream, turned by a random number of tokens each epoch, is cut into
    `batch_size` rows, and batch k holds steps k * steps to (k + 1) * steps of each:
    row i of a batch continues row i of the batch before. Less than `steps` tokens at
    the end of each row are left out.

    Args:
        token_ids: Integer array `(tokens,)`.
        batch_size: Rows of every batch.
        steps: Steps of every batch.
        seed: Seed of the turns.
        epoch: Each epoch is turned in its own way; equal seed and epoch, equally.

    Returns:
        A sequence of `(inputs, targets)`, int32 `(batch_size, steps)`; targets are
        the inputs one step later.

    Raises:
        ValueError: If the stream is too short for one batch.
    """
    length = len(token_ids) // batch_size
    if length < steps + 1:
        raise ValueError(
            f"{batch_size} rows of {steps} steps need at least "
            f"{batch_size * (steps + 1)} tokens. Received: {len(token_ids)} tokens."
        )
    turn = np.random.default_rng([seed, epoch]).integers(len(token_ids))
    turned = np.roll(np.asarray(token_ids, "int32"), -turn)
    return StreamBatches(turned[: length * batch_size].reshape(batch_size, -1), steps)
