"""Batches of one long sequence, each of which continues the one before."""

from typing import Any

import numpy as np

from seqzoo.data.batches import Batches
from seqzoo.ops.types import Array


class TokenStream(Batches):
    """Batches `(inputs, targets)` for truncated backpropagation through time.

    The stream, rotated by a random number of tokens in each epoch, is cut into
    `batch_size` rows, and batch k holds steps k * steps to (k + 1) * steps of each row:
    row i of a batch continues row i of the batch before. Less than `steps` tokens at
    the end of each row are left out.

    Both arrays are int32 `(batch_size, steps)`; targets are the inputs one step later.

    Args:
        token_ids: Integer array `(tokens,)`.
        batch_size: Rows of every batch.
        steps: Steps of every batch.
        seed: Equal seed and epoch, equal rotation.

    Raises:
        ValueError: If the stream is too short for one batch.
    """

    def __init__(self, token_ids: Array, batch_size: int, steps: int, seed: int = 0):
        self.token_ids = np.asarray(token_ids, "int32")
        self.batch_size, self.steps, self.seed = batch_size, steps, seed
        self.row_length = len(token_ids) // batch_size
        if self.row_length < steps + 1:
            raise ValueError(
                f"{batch_size} rows of {steps} steps need at least "
                f"{batch_size * (steps + 1)} tokens. Received: {len(token_ids)} tokens."
            )

    def __len__(self) -> int:
        return (self.row_length - 1) // self.steps

    def plan(self, epoch: int) -> list[Array]:
        rng = np.random.default_rng([self.seed, epoch])
        rotated = np.roll(self.token_ids, -rng.integers(len(self.token_ids)))
        used = rotated[: self.row_length * self.batch_size]
        rows = used.reshape(self.batch_size, -1)  # (batch_size, row_length)
        starts = range(0, len(self) * self.steps, self.steps)
        return [rows[:, start : start + self.steps + 1] for start in starts]

    def make(self, epoch: int, part: Array) -> tuple[Any, Any]:
        return part[:, :-1], part[:, 1:]


class TokenCircle(Batches):
    """Batches `(inputs, targets)` of a text whose end joins its start.

    Row r begins at token `r / batch_size * len(token_ids)` of the circle, turned by a
    random number of tokens, and reads on without end: row i of a batch continues row i
    of the batch before, from epoch to epoch, too. So the number of steps of an epoch
    does not depend on the length of the text.

    Both arrays are int32 `(batch_size, steps)`; targets are the inputs one step later.

    Args:
        token_ids: Integer array `(tokens,)`.
        batch_size: Rows of every batch.
        steps: Steps of every batch.
        batches: Batches of an epoch.
        seed: Seed of the turn.

    Raises:
        ValueError: If there are fewer than 2 tokens.
    """

    def __init__(
        self, token_ids: Array, batch_size: int, steps: int, batches: int, seed: int = 0
    ):
        self.token_ids = np.asarray(token_ids, "int32")
        self.batch_size, self.steps, self.batches = batch_size, steps, batches
        count = len(self.token_ids)
        if count < 2:
            raise ValueError(f"A text needs at least 2 tokens. Received: {count}.")
        turn = np.random.default_rng(seed).integers(count)
        self.starts = turn + np.arange(batch_size) * count // batch_size

    def plan(self, epoch: int) -> range:
        first = epoch * self.batches
        return range(first, first + self.batches)

    def make(self, epoch: int, part: int) -> tuple[Any, Any]:
        steps = part * self.steps + np.arange(self.steps + 1)
        places = (self.starts[:, None] + steps) % len(self.token_ids)
        rows = self.token_ids[places]  # (batch_size, steps + 1)
        return rows[:, :-1], rows[:, 1:]
