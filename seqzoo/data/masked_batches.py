"""Batches of texts with masked tokens, for a masked language model."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.data.batches import Batches
from seqzoo.ops.types import Array
from seqzoo.processors.subwords import CLS, MASK, SEP, SubwordProcessor

TEXTS_AT_ONCE = 1000  # the tokenizer's lists take 40 bytes a token
WINDOWS, MASKS = 8, 9  # streams of random numbers


class MaskedBatches(Batches):
    """Windows of texts, some of whose tokens are to be guessed (Devlin et al. 2019).

    The texts in a random order, `[SEP]` after each, are one long row of tokens. It is
    cut into windows that begin with `[CLS]`. In each window a share of the tokens is
    chosen: 80 % of them become `[MASK]`, 10 % a random token, 10 % stay. Each pass
    over the texts has an order and masks of its own.

    A batch is `(inputs, targets)`: the inputs are "token_ids" and "mask" `(batch,
    steps)` and "places" `(batch, places)`, the chosen steps in order; the targets
    `(batch, places)` are the tokens that stood there.

    Args:
        texts: Raw texts.
        processor: Makes the token ids.
        batch_size: Windows in a batch; fewer windows are one batch.
        steps: Tokens in a window, `[CLS]` included.
        parts: How many epochs make one pass over the texts.
        rate: Share of the tokens that are chosen.

    Raises:
        ValueError: If the texts do not fill one window, or the rate is no probability
            that chooses a token.
    """

    def __init__(
        self,
        texts: Sequence[str],
        processor: SubwordProcessor,
        batch_size: int,
        steps: int,
        parts: int = 1,
        rate: float = 0.15,
    ):
        self.places = round(rate * (steps - 1))
        if not 0 < self.places < steps:
            raise ValueError(
                "`rate` must choose at least one token of a window, and not all. "
                f"Received: rate={rate}, steps={steps}"
            )
        self.vocab_size = processor.vocab_size
        self.steps = steps
        self.rows = [
            np.array([*ids, SEP], "uint16" if self.vocab_size < 2**16 else "int32")
            for start in range(0, len(texts), TEXTS_AT_ONCE)
            for ids in processor.encode_whole(texts[start : start + TEXTS_AT_ONCE])
        ]
        windows = sum(map(len, self.rows)) // (steps - 1)
        if not windows:
            raise ValueError(
                f"The texts must have at least {steps - 1} tokens. Received: "
                f"{sum(map(len, self.rows))}."
            )
        self.batch_size = min(batch_size, windows)
        self.batches = windows // self.batch_size  # of one pass
        self.parts = min(parts, self.batches)
        self._pass: tuple[int, Any] = (-1, None)  # the last pass and its windows

    def plan(self, epoch: int) -> Any:
        """The windows of each batch, `(batches, batch_size)`."""
        number, part = divmod(epoch, self.parts)
        rng = np.random.default_rng([WINDOWS, number, 1])
        order = rng.permutation(self.batches * self.batch_size)
        size = self.batches // self.parts
        batches = order.reshape(-1, self.batch_size)
        return batches[part * size : (part + 1) * size]

    def make(self, epoch: int, part: Any) -> tuple[dict[str, Array], Array]:
        tokens = self._windows(epoch // self.parts)[part].astype("int32")
        token_ids = np.pad(tokens, ((0, 0), (1, 0)), constant_values=CLS)
        rng = np.random.default_rng([MASKS, epoch, int(part[0])])
        # Special tokens come last in a random order of the steps.
        order = rng.random(token_ids.shape) + (token_ids <= MASK)
        places = np.sort(np.argsort(order, axis=1)[:, : self.places], axis=1)
        targets = np.take_along_axis(token_ids, places, axis=1)
        draw = rng.random(places.shape)
        other = rng.integers(MASK + 1, self.vocab_size, places.shape)
        shown = np.where(draw < 0.8, MASK, np.where(draw < 0.9, other, targets))
        np.put_along_axis(token_ids, places, shown.astype("int32"), axis=1)
        inputs = {
            "token_ids": token_ids,
            "mask": np.ones(token_ids.shape, bool),
            "places": places.astype("int32"),
        }
        return inputs, targets

    def _windows(self, number: int) -> Any:
        """The windows of a pass without `[CLS]`, `(windows, steps - 1)`."""
        if self._pass[0] != number:
            rng = np.random.default_rng([WINDOWS, number, 0])
            order = rng.permutation(len(self.rows))
            stream = np.concatenate([self.rows[index] for index in order])
            width = self.steps - 1
            whole = len(stream) // width * width
            self._pass = number, stream[:whole].reshape(-1, width)
        return self._pass[1]
