"""Batches of texts with their classes, in few shapes."""

from typing import Any

import numpy as np

from seqzoo.data.batches import ShuffledBatches
from seqzoo.data.labelled import LabelledArrays
from seqzoo.ops.types import Array
from seqzoo.processors.subwords import SubwordProcessor, padded_ids

LENGTH_NOISE = 0.1  # of a length, standard deviation


class TextBatches(ShuffledBatches):
    """Shuffled batches `(inputs, labels)` of texts of similar length.

    The examples of an epoch are sorted by length with a little noise and cut into
    batches, whose order is random.

    Args:
        data: Texts and their classes.
        processor: Makes the token ids, once.
        batch_size: Texts in a batch; fewer texts are one batch.
        multiple: Steps are padded to a multiple of this; more means fewer shapes.
    """

    stream = 7

    def __init__(
        self,
        data: LabelledArrays,
        processor: SubwordProcessor,
        batch_size: int,
        multiple: int = 64,
    ):
        super().__init__(len(data), batch_size)
        self.ids = processor.encode_ids(list(data.examples))
        self.labels, self.multiple = data.labels, multiple
        self._lengths = np.array([len(ids) for ids in self.ids])

    def plan(self, epoch: int) -> Any:
        rng = np.random.default_rng([self.stream, epoch])
        chosen = super().plan(epoch).ravel()
        noise = rng.normal(1.0, LENGTH_NOISE, len(chosen))
        order = np.argsort(self._lengths[chosen] * noise, kind="stable")
        batches = chosen[order].reshape(-1, self.batch_size)
        return rng.permutation(batches)  # (batches, batch_size)

    def make(self, epoch: int, part: Any) -> tuple[dict[str, Array], Array]:
        ids = [self.ids[row] for row in part]
        return padded_ids(ids, self.multiple), self.labels[part]
