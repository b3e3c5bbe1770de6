"""Batches of images with classes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqzoo.data.batches import ShuffledBatches
from seqzoo.data.labelled import LabelledArrays
from seqzoo.ops.types import Array

Augmentation = Callable[[Any, np.random.Generator], Any]


class ImageBatches(ShuffledBatches):
    """Shuffled batches `(inputs, targets)` of images, changed at random.

    Targets are probabilities, float32 `(batch, classes)`: one-hot unless `mix` blends
    them.

    Args:
        data: Images of the model's size, 0 to 255, and their classes.
        processor: Its `labels` are the classes; its `batch` makes the inputs.
        batch_size: Images in a batch; a smaller set is one batch.
        augment: Random changes of the images, in this order, as in
            `seqzoo.data.augmentation`.
        mix: Blends images of a batch, and their targets, after that, as `CutMix` does.
    """

    def __init__(
        self,
        data: LabelledArrays,
        processor: Any,
        batch_size: int,
        augment: Sequence[Augmentation] = (),
        mix: Callable[..., tuple[Array, Array]] | None = None,
    ):
        super().__init__(len(data), batch_size)
        self.data, self.processor = data, processor
        self.augment, self.mix = tuple(augment), mix

    def make(self, epoch: int, part: Any) -> tuple[Any, Array]:
        rng = self.generator(epoch, part)
        images = self.data.examples[part]
        for change in self.augment:
            images = change(images, rng)
        one_hot = np.eye(len(self.processor.labels), dtype="float32")
        targets = one_hot[self.data.labels[part]]
        if self.mix is not None:
            images, targets = self.mix(images, targets, rng)
        return self.processor.batch(images), targets
