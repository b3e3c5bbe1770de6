"""Masked batches: 80/10/10, no special token, every token once a pass."""

import numpy as np
import pytest

from seqzoo import data
from seqzoo.processors import SubwordProcessor
from seqzoo.processors.subwords import CLS, MASK, SEP

TEXTS = data.toy_reviews(800).train.examples.tolist()


@pytest.fixture(scope="module")
def processor():
    return SubwordProcessor.train(TEXTS, 60)


@pytest.fixture(scope="module")
def batches(processor):
    return data.MaskedBatches(TEXTS, processor, 4, 41, parts=3)


def restored(inputs, targets):
    ids = inputs["token_ids"].copy()
    np.put_along_axis(ids, inputs["places"], targets, axis=1)
    return ids


def test_a_pass_has_every_token_once(batches):
    number = (CLS, MASK)
    found = np.concatenate(
        [restored(*batch) for epoch in range(3) for batch in batches(epoch)]
    )
    assert (found[:, 0] == CLS).all() and not np.isin(found[:, 1:], number).any()
    whole = np.bincount(np.concatenate(batches.rows).astype(int), minlength=60)
    seen = np.bincount(found[:, 1:].ravel(), minlength=60)
    missing = whole - seen
    # What does not fill a batch, in each of the three parts, is left out.
    assert (missing >= 0).all() and missing.sum() < (3 * 4 + 1) * 40
    assert seen[SEP] > 300


def test_tokens_are_masked_as_in_the_paper(batches):
    kinds, places = [], 0
    for epoch in range(6):
        for inputs, targets in batches(epoch):
            shown = np.take_along_axis(inputs["token_ids"], inputs["places"], axis=1)
            assert inputs["places"].shape == (4, 6)  # 15 % of 40
            assert all(len(set(row)) == 6 for row in inputs["places"])
            assert (targets > MASK).all() and (shown >= MASK).all()
            kinds += [(shown == MASK).mean(), (shown == targets).mean()]
            places += shown.size
    masked, kept = np.mean(kinds[::2]), np.mean(kinds[1::2])
    spread = 3 / np.sqrt(places)
    assert abs(masked - 0.8) < spread
    assert abs(kept - 0.1 - 0.1 / 55) < spread


def test_equal_epochs_are_equal_and_passes_differ(batches):
    first, again, later = batches(0)[1], batches(0)[1], batches(3)[1]
    np.testing.assert_array_equal(first[0]["token_ids"], again[0]["token_ids"])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0]["token_ids"], later[0]["token_ids"])


def test_too_few_tokens_and_bad_rates_are_refused(processor):
    with pytest.raises(ValueError, match="at least 255 tokens"):
        data.MaskedBatches(TEXTS[:3], processor, 4, 256)
    with pytest.raises(ValueError, match="rate"):
        data.MaskedBatches(TEXTS, processor, 4, 40, rate=0.0)
