"""Batches of sentence pairs for `fit`, in few shapes, repeated by seed and epoch."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seqzoo.data.multi30k import Pairs

# Added to lengths before sorting, so that other pairs meet in each epoch.
LENGTH_NOISE = 1.0  # tokens, standard deviation


Batch = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]


class TranslationBatches(Sequence[Batch]):
    """A sequence of `(x, y, sample_weight)`; see `translation_batches`."""

    def __init__(
        self,
        source_ids: Sequence[Sequence[int]],
        target_ids: Sequence[Sequence[int]],
        groups: list[np.ndarray],
        batch_sizes: list[int],
        multiple: int,
    ):
        self._source_ids = source_ids
        self._target_ids = target_ids
        self._groups = groups
        self._batch_sizes = batch_sizes
        self._multiple = multiple

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        group = self._groups[index]
        rows = np.resize(group, self._batch_sizes[index])  # repeats pairs to fill up
        source_ids = self._padded([self._source_ids[row] for row in rows])
        inputs = self._padded([self._target_ids[row][:-1] for row in rows])
        outputs = self._padded([self._target_ids[row][1:] for row in rows])
        steps = np.array([len(self._target_ids[row]) - 1 for row in rows])
        steps[len(group) :] = 0  # pairs repeated to fill the batch do not count
        real = np.arange(outputs.shape[1]) < steps[:, None]
        x = {"source_ids": source_ids, "target_ids": inputs}
        return x, outputs, real.astype("float32")

    def __iter__(self) -> Iterator[Batch]:
        return (self[index] for index in range(len(self)))

    def _padded(self, rows: list[Sequence[int]]) -> np.ndarray:
        lengths = np.array([len(row) for row in rows])
        width = _rounded_up(lengths.max(), self._multiple)
        padded = np.zeros((len(rows), width), "int32")
        padded[np.arange(width) < lengths[:, None]] = np.concatenate(rows)
        return padded


def translation_batches(
    source_ids: Sequence[Sequence[int]],
    target_ids: Sequence[Sequence[int]],
    batch_size: int | None = None,
    tokens_per_batch: int | None = None,
    seed: int = 0,
    epoch: int = 0,
    multiple: int = 8,
) -> TranslationBatches:
    """One epoch of batches in which pairs of like length stand together.

    Pairs are sorted by target length (padded) and by source length with a little noise,
    cut into batches, and the batches are shuffled. Every pair counts exactly once: a
    batch that lacks pairs is filled up with pairs of its own that have weight 0, so
    that its shape is like the others'. Equal seed and epoch give equal batches.

    Args:
        source_ids: Ids of each source, `<eos>` last.
        target_ids: Ids of each target, from `<bos>` to `<eos>`.
        batch_size: Pairs in every batch; or
        tokens_per_batch: Target steps in a batch, padding included, at most: pairs
            are grouped by padded length, and shorter ones come in larger batches.
        seed: Seed of the noise and the order.
        epoch: Each epoch has its own noise and order.
        multiple: Steps are padded to a multiple of this; more means fewer shapes.

    Returns:
        A sequence of `(x, y, sample_weight)`: `x["source_ids"]` int32 `(batch,
        source_steps)`; `x["target_ids"]` int32 `(batch, target_steps)`, beginning
        with `<bos>`; `y` int32 `(batch, target_steps)`, the same one step later,
        ending with `<eos>`; `sample_weight` float32 like `y`, 1 where `y` is real.

    Raises:
        ValueError: If the sides differ in number, there are no pairs, a pair has an
            empty side, or not exactly one of the two sizes is given.
    """
    if len(source_ids) != len(target_ids) or not len(source_ids):
        raise ValueError(
            "Sources and targets must be as many, and at least one. Received: "
            f"{len(source_ids)} sources and {len(target_ids)} targets."
        )
    if (batch_size is None) == (tokens_per_batch is None):
        raise ValueError(
            "Give either `batch_size` or `tokens_per_batch`. Received: "
            f"batch_size={batch_size}, tokens_per_batch={tokens_per_batch}"
        )
    size = tokens_per_batch if batch_size is None else batch_size
    if size is None or size < 1 or multiple < 1:
        raise ValueError(
            "Sizes and `multiple` must be at least 1. Received: "
            f"batch_size={batch_size}, tokens_per_batch={tokens_per_batch}, "
            f"multiple={multiple}"
        )
    source_steps = np.array([len(ids) for ids in source_ids])
    target_steps = np.array([len(ids) - 1 for ids in target_ids])
    if source_steps.min() < 1 or target_steps.min() < 1:
        raise ValueError(
            "A source has at least <eos>, a target at least <bos> and <eos>. "
            f"Received: a source of {source_steps.min()} ids, a target of "
            f"{target_steps.min() + 1}. Encode them with encode_sources and "
            "encode_targets."
        )
    rng = np.random.default_rng([seed, epoch])
    noise = rng.normal(0.0, LENGTH_NOISE, len(source_steps))
    # By padded target length first, since a step of the decoder costs more; pairs of
    # one such length are sorted by source, so that both sides pad little.
    width = _rounded_up(target_steps, multiple)
    order = np.lexsort((source_steps + noise, width))
    if batch_size is None:
        classes = np.split(order, np.flatnonzero(np.diff(width[order])) + 1)
        sizes = [max(1, size // int(width[group[0]])) for group in classes]
    else:
        classes, sizes = [order], [size]
    groups = [
        (group[start : start + size], size)
        for group, size in zip(classes, sizes, strict=True)
        for start in range(0, len(group), size)
    ]
    shuffled = [groups[index] for index in rng.permutation(len(groups))]
    return TranslationBatches(
        source_ids,
        target_ids,
        [group for group, _ in shuffled],
        [size for _, size in shuffled],
        multiple,
    )


def _rounded_up(lengths: Any, multiple: int) -> Any:
    return -(-lengths // multiple) * multiple


def toy_pairs(count: int, seed: int = 0) -> Pairs:
    """Synthetic sentence pairs in real words, for tests that have no data.

    A subject, a verb and a place are put together; the other language puts the verb
    last and the adjective behind its noun, so that word order must be learned. There
    are 1,296 different pairs.

    Args:
        count: Number of pairs.
        seed: Equal seeds give equal pairs.
    """
    numbers = {"two": "zwei", "three": "drei", "four": "vier", "some": "einige"}
    adjectives = {"small": "kleine", "brown": "braune", "old": "alte"}
    nouns = {
        "dogs": "Hunde",
        "women": "Frauen",
        "children": "Kinder",
        "men": "Männer",
        "birds": "Vögel",
        "horses": "Pferde",
    }
    verbs = {"play": "spielen", "run": "rennen", "sleep": "schlafen"}
    places = {
        "in the snow": "im Schnee",
        "on the beach": "am Strand",
        "in the grass": "im Gras",
        "at the window": "am Fenster",
        "in the park": "im Park",
        "by the water": "am Wasser",
    }
    rng = np.random.default_rng(seed)
    source, target = [], []
    for _ in range(count):
        number, adjective, noun, verb, place = (
            list(words.items())[rng.integers(len(words))]
            for words in (numbers, adjectives, nouns, verbs, places)
        )
        source.append(
            f"{number[0].capitalize()} {adjective[0]} {noun[0]} {verb[0]} {place[0]}."
        )
        target.append(
            f"{number[1].capitalize()} {noun[1]}, {adjective[1]}, {place[1]} {verb[1]}."
        )
    return Pairs(source, target)
