"""Batches: every pair once, shifted by one, in few shapes, repeatably."""

import numpy as np
import pytest

from seqzoo.data import TranslationBatches, toy_pairs


@pytest.fixture(scope="module")
def ids():
    """Random pairs `(source_ids, target_ids)` of one to twenty tokens."""
    rng = np.random.default_rng(0)
    sources, targets = [], []
    for _ in range(203):
        source_steps, target_steps = rng.integers(1, 21, size=2)
        sources.append([*rng.integers(4, 50, source_steps).tolist(), 3])
        targets.append([2, *rng.integers(4, 50, target_steps).tolist(), 3])
    return sources, targets


SIZES = [{"batch_size": 16}, {"tokens_per_batch": 128}, {"batch_size": 1000}]


def unpadded(batches):
    """The pairs that count, as they are read back from the arrays."""
    found = []
    for x, y, weight in batches:
        for source, inputs, outputs, real in zip(
            x["source_ids"], x["target_ids"], y, weight > 0, strict=True
        ):
            if real.any():
                target = [*inputs[real].tolist(), int(outputs[real][-1])]
                found.append((source[source > 0].tolist(), target))
    return found


@pytest.mark.parametrize("size", SIZES)
def test_every_pair_counts_exactly_once(ids, size):
    sources, targets = ids
    found = unpadded(TranslationBatches(sources, targets, **size)(0))
    assert sorted(found) == sorted(zip(sources, targets, strict=True))


@pytest.mark.parametrize("size", SIZES)
def test_outputs_are_inputs_one_step_later(ids, size):
    for x, y, weight in TranslationBatches(*ids, **size)(0):
        inputs = x["target_ids"]
        assert (inputs[:, 0] == 2).all()
        assert x["source_ids"].dtype == inputs.dtype == y.dtype == np.int32
        assert weight.dtype == np.float32
        assert inputs.shape == y.shape == weight.shape
        assert x["source_ids"].shape[0] == y.shape[0]
        real = inputs[:, 1:] > 0
        np.testing.assert_array_equal(inputs[:, 1:][real], y[:, :-1][real])
        rows = weight.any(axis=1)
        np.testing.assert_array_equal((y > 0)[rows], weight[rows] == 1)
        lengths = (y > 0).sum(axis=1)
        assert (y[np.arange(len(y)), lengths - 1] == 3).all()


def test_rows_that_fill_a_batch_are_real_sentences_without_weight(ids):
    sources, targets = ids
    ((x, y, weight),) = TranslationBatches(sources, targets, batch_size=300)(0)
    assert y.shape[0] == 300
    assert weight.any(axis=1).sum() == len(sources)
    assert (x["source_ids"] > 0).any(axis=1).all()


def test_all_batches_have_the_batch_size_and_padded_steps(ids):
    batches = TranslationBatches(*ids, batch_size=16, multiple=4)(0)
    assert len(batches) == -(-203 // 16)
    for x, y, _ in batches:
        assert y.shape[0] == 16
        assert x["source_ids"].shape[1] % 4 == y.shape[1] % 4 == 0
        assert (x["source_ids"] > 0).any(axis=0)[-4:].any()


def test_tokens_per_batch_bounds_padded_target_steps(ids):
    batches = TranslationBatches(*ids, tokens_per_batch=128)(0)
    assert max(y.size for _, y, _ in batches) <= 128
    assert len({y.shape for _, y, _ in batches}) <= 3  # one a padded length


def test_sorting_pads_less_than_chance(ids):
    sources, targets = ids
    real = sum(len(target) - 1 for target in targets)
    sorted_steps = sum(
        y.size for _, y, _ in TranslationBatches(sources, targets, 16, multiple=1)(0)
    )
    shuffled_steps = sum(
        16 * max(len(target) - 1 for target in targets[start : start + 16])
        for start in range(0, len(targets), 16)
    )
    assert real <= sorted_steps < 0.8 * shuffled_steps


def equal(first, second):
    return len(first) == len(second) and all(
        np.array_equal(a[1], b[1])
        and np.array_equal(a[2], b[2])
        and np.array_equal(a[0]["source_ids"], b[0]["source_ids"])
        for a, b in zip(first, second, strict=True)
    )


def test_equal_seed_and_epoch_give_equal_batches(ids):
    first = TranslationBatches(*ids, batch_size=16, seed=1)(2)
    assert equal(first, TranslationBatches(*ids, batch_size=16, seed=1)(2))
    assert not equal(first, TranslationBatches(*ids, batch_size=16, seed=1)(3))
    assert not equal(first, TranslationBatches(*ids, batch_size=16, seed=2)(2))


def test_batches_are_a_sequence(ids):
    batches = TranslationBatches(*ids, batch_size=16)(0)
    assert len(list(batches)) == len(batches)
    assert equal(batches[:3], [batches[0], batches[1], batches[2]])
    np.testing.assert_array_equal(batches[-1][1], batches[len(batches) - 1][1])
    with pytest.raises(IndexError):
        batches[len(batches)]


def test_arrays_and_lists_give_the_same_batches(ids):
    sources, targets = ids
    arrays = TranslationBatches(
        [np.array(row, "int32") for row in sources],
        [np.array(row, "int32") for row in targets],
        batch_size=16,
    )(0)
    assert equal(arrays, TranslationBatches(sources, targets, batch_size=16)(0))


@pytest.mark.parametrize(
    ("sources", "targets", "size", "message"),
    [
        ([[3]], [], {"batch_size": 2}, "1 sources and 0 targets"),
        ([], [], {"batch_size": 2}, "at least one"),
        ([[3]], [[2, 3]], {}, "either `batch_size` or `tokens_per_batch`"),
        ([[3]], [[2, 3]], {"batch_size": 2, "tokens_per_batch": 9}, "either"),
        ([[3]], [[2, 3]], {"batch_size": 0}, "at least 1"),
        ([[3]], [[2, 3]], {"batch_size": 1, "multiple": 0}, "at least 1"),
        ([[]], [[2, 3]], {"batch_size": 2}, "A source has at least <eos>"),
        ([[3]], [[2]], {"batch_size": 2}, "a target at least <bos> and <eos>"),
    ],
)
def test_what_makes_no_batch_is_refused(sources, targets, size, message):
    with pytest.raises(ValueError, match=message):
        TranslationBatches(sources, targets, **size)(0)


def test_toy_pairs_are_repeatable_and_can_be_learned():
    pairs = toy_pairs(2000, seed=3)
    assert pairs == toy_pairs(2000, seed=3)
    assert pairs != toy_pairs(2000, seed=4)
    translation = {}
    for source, target in zip(pairs.source, pairs.target, strict=True):
        assert translation.setdefault(source, target) == target
    assert len(translation) > 900
