"""Batches of texts: whole, repeatable, of similar length."""

import numpy as np
import pytest

from seqzoo import data
from seqzoo.processors import SubwordProcessor


@pytest.fixture(scope="module")
def batches():
    corpus = data.toy_reviews(200)
    processor = SubwordProcessor.train(corpus.train.examples, 60)
    return data.TextBatches(corpus.train, processor, batch_size=8, multiple=4)


def test_each_text_keeps_its_label(batches):
    seen = {}
    for inputs, labels in batches(0):
        for ids, mask, label in zip(
            inputs["token_ids"], inputs["mask"], labels, strict=True
        ):
            seen.setdefault(tuple(ids[mask]), set()).add(label)
    known = dict(zip(map(tuple, batches.ids), batches.labels, strict=True))
    assert seen and all(labels == {known[ids]} for ids, labels in seen.items())


def test_every_epoch_has_its_own_order_of_all_texts(batches):
    first, second = batches.plan(0), batches.plan(1)
    assert len(np.unique(first)) == first.size == 96  # 100, without the last batch
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, batches.plan(0))


def test_little_is_padding(batches):
    real = [inputs["mask"].mean() for inputs, _ in batches(0)]
    assert np.mean(real) > 0.75
