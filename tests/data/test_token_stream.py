import itertools

import numpy as np
import pytest

from seqzoo.data import split_text, stream_batches, tiny_shakespeare, toy_text

TOKENS = np.arange(103)


def test_targets_are_the_inputs_one_step_later():
    for inputs, targets in stream_batches(TOKENS, batch_size=4, steps=6):
        assert inputs.shape == targets.shape == (4, 6)
        np.testing.assert_array_equal((inputs + 1) % len(TOKENS), targets)


def test_each_row_goes_on_where_it_ended():
    batches = list(stream_batches(TOKENS, batch_size=4, steps=6))
    for before, after in itertools.pairwise(batches):
        np.testing.assert_array_equal(before[1][:, -1], after[0][:, 0])


def test_epochs_differ_and_repeat():
    first, again, other = (
        np.concatenate([x for x, _ in stream_batches(TOKENS, 4, 6, epoch=epoch)])
        for epoch in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_stream_too_short_says_what_it_needs():
    with pytest.raises(ValueError, match="at least 28 tokens"):
        stream_batches(np.arange(27), batch_size=4, steps=6)


def test_a_text_is_parted_without_loss():
    text = toy_text(1000)
    corpus = split_text("toy", text)
    assert corpus.train + corpus.validation + corpus.test == text
    assert len(corpus.validation) == len(corpus.test) == 50
    with pytest.raises(ValueError, match="longer"):
        split_text("short", "a" * 30)


@pytest.mark.slow
def test_tiny_shakespeare_is_whole(data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir / "tfds"))
    corpus = tiny_shakespeare()
    whole = corpus.train + corpus.validation + corpus.test
    assert len(whole) == 1_115_394
    assert len(corpus.train) == 1_003_854
    assert len(set(whole)) == 65
    assert whole.startswith("First Citizen:")
