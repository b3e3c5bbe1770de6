"""Batches of sentence pairs, in few shapes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.data.batches import Batches
from seqzoo.ops.arithmetic import round_up
from seqzoo.ops.types import Array
from seqzoo.processors.bpe import BPEDropout

# Added to lengths before sorting, so that a pair meets others in each epoch.
LENGTH_NOISE = 1.0  # tokens, standard deviation

Sentences = Sequence[Sequence[int]] | BPEDropout


class TranslationBatches(Batches):
    """Batches of pairs of similar length, padded to few shapes.

    Pairs are sorted by target length (padded) and by source length with a little noise,
    cut into batches, and the batches are shuffled. Every pair counts exactly once: a
    batch that lacks pairs is filled up with pairs of its own that have weight 0, so
    that its shape is like the others'.

    A batch is `(x, y, sample_weight)`: `x["source_ids"]` int32 `(batch, source_steps)`;
    `x["target_ids"]` int32 `(batch, target_steps)`, beginning with `<bos>`; `y` int32
    `(batch, target_steps)`, the same one step later, ending with `<eos>`;
    `sample_weight` float32 like `y`, 1 where `y` is real.

    Args:
        sources: Ids of each source, `<eos>` last, or a `BPEDropout` that draws them
            anew for each epoch.
        targets: Ids of each target, from `<bos>` to `<eos>`, or a `BPEDropout`.
        batch_size: Pairs in every batch; or
        tokens_per_batch: Most target steps in a batch, padding included: pairs are
            grouped by padded length, and shorter ones come in larger batches.
        seed: Equal seed and epoch, equal noise and order.
        multiple: Steps are padded to a multiple of this; more means fewer shapes.

    Raises:
        ValueError: If not exactly one of the two sizes is given; in `plan`, if the
            sides differ in number, there are no pairs, or a pair has an empty side.
    """

    def __init__(
        self,
        sources: Sentences,
        targets: Sentences,
        batch_size: int | None = None,
        tokens_per_batch: int | None = None,
        seed: int = 0,
        multiple: int = 8,
    ):
        if (batch_size is None) == (tokens_per_batch is None):
            raise ValueError(
                "Give either `batch_size` or `tokens_per_batch`. Received: "
                f"batch_size={batch_size}, tokens_per_batch={tokens_per_batch}"
            )
        if min(batch_size or tokens_per_batch or 0, multiple) < 1:
            raise ValueError(
                "Sizes and `multiple` must be at least 1. Received: "
                f"batch_size={batch_size}, tokens_per_batch={tokens_per_batch}, "
                f"multiple={multiple}"
            )
        self.sources, self.targets = sources, targets
        self.batch_size, self.tokens_per_batch = batch_size, tokens_per_batch
        self.seed, self.multiple = seed, multiple
        self._ids: tuple[int, Any] = (-1, None)  # the last epoch and its ids

    def plan(self, epoch: int) -> list[tuple[Array, int]]:
        """The pairs of each batch, and how many rows it has."""
        sources, targets = self._sampled(epoch)
        _check_pairs(sources, targets)
        source_steps = np.array([len(ids) for ids in sources])
        target_steps = np.array([len(ids) - 1 for ids in targets])
        rng = np.random.default_rng([self.seed, epoch])
        noise = rng.normal(0.0, LENGTH_NOISE, len(source_steps))
        # By padded target length first, since a step of the decoder costs more; pairs
        # of one such length are sorted by source, so that both sides pad little.
        width = round_up(target_steps, self.multiple)
        order = np.lexsort((source_steps + noise, width))
        if self.tokens_per_batch is None:
            groups, sizes = [order], [self.batch_size or 1]
        else:
            groups = np.split(order, np.flatnonzero(np.diff(width[order])) + 1)
            sizes = [
                max(1, self.tokens_per_batch // int(width[group[0]]))
                for group in groups
            ]
        batches = [
            (group[start : start + size], size)
            for group, size in zip(groups, sizes, strict=True)
            for start in range(0, len(group), size)
        ]
        return [batches[index] for index in rng.permutation(len(batches))]

    def make(
        self, epoch: int, part: tuple[Array, int]
    ) -> tuple[dict[str, Array], Array, Array]:
        sources, targets = self._sampled(epoch)
        pairs, size = part
        rows = np.resize(pairs, size)  # repeats pairs to fill up
        source_ids = self._padded([sources[row] for row in rows])
        inputs = self._padded([targets[row][:-1] for row in rows])
        outputs = self._padded([targets[row][1:] for row in rows])
        steps = np.array([len(targets[row]) - 1 for row in rows])
        steps[len(pairs) :] = 0  # pairs repeated to fill the batch do not count
        is_real = np.arange(outputs.shape[1]) < steps[:, None]  # (batch, target_steps)
        x = {"source_ids": source_ids, "target_ids": inputs}
        return x, outputs, is_real.astype("float32")

    def _sampled(self, epoch: int) -> tuple[Any, Any]:
        """Sources and targets of an epoch; the last one's are kept."""
        if self._ids[0] != epoch:
            self._ids = (
                epoch,
                tuple(
                    side.sample(epoch) if isinstance(side, BPEDropout) else side
                    for side in (self.sources, self.targets)
                ),
            )
        sources, targets = self._ids[1]
        return sources, targets

    def _padded(self, rows: list[Any]) -> Array:
        lengths = np.array([len(row) for row in rows])
        width = round_up(int(lengths.max()), self.multiple)
        padded = np.zeros((len(rows), width), "int32")
        padded[np.arange(width) < lengths[:, None]] = np.concatenate(rows)
        return padded


def _check_pairs(sources: Any, targets: Any) -> None:
    if len(sources) != len(targets) or not len(sources):
        raise ValueError(
            "Sources and targets must be as many, and at least one. Received: "
            f"{len(sources)} sources and {len(targets)} targets."
        )
    shortest = min(map(len, sources)), min(map(len, targets))
    if shortest[0] < 1 or shortest[1] < 2:
        raise ValueError(
            "A source has at least <eos>, a target at least <bos> and <eos>. "
            f"Received: a source of {shortest[0]} ids, a target of {shortest[1]}. "
            "Encode them with encode_sources and encode_targets."
        )
