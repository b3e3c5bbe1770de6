import itertools

import numpy as np
import pytest

from seqzoo.data import TokenStream, split_text, text_file, tiny_shakespeare, toy_text

TOKENS = np.arange(103)


def test_targets_are_the_inputs_one_step_later():
    for inputs, targets in TokenStream(TOKENS, batch_size=4, steps=6)(0):
        assert inputs.shape == targets.shape == (4, 6)
        np.testing.assert_array_equal((inputs + 1) % len(TOKENS), targets)


def test_each_row_goes_on_where_it_ended():
    batches = list(TokenStream(TOKENS, batch_size=4, steps=6)(0))
    for before, after in itertools.pairwise(batches):
        np.testing.assert_array_equal(before[1][:, -1], after[0][:, 0])


def test_epochs_differ_and_repeat():
    first, again, other = (
        np.concatenate([x for x, _ in TokenStream(TOKENS, 4, 6)(epoch)])
        for epoch in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_stream_too_short_says_what_it_needs():
    with pytest.raises(ValueError, match="at least 28 tokens"):
        TokenStream(np.arange(27), batch_size=4, steps=6)


def test_a_text_is_parted_without_loss():
    text = toy_text(1000)
    corpus = split_text("toy", text)
    assert corpus.train + corpus.validation + corpus.test == text
    assert len(corpus.validation) == len(corpus.test) == 50
    with pytest.raises(ValueError, match="longer"):
        split_text("short", "a" * 30)


def test_a_file_is_parted_under_its_name(tmp_path):
    (tmp_path / "mine.txt").write_text(toy_text(1000), "utf-8")
    corpus = text_file(tmp_path / "mine.txt")
    assert (corpus.name, len(corpus.test)) == ("mine", 50)
    (tmp_path / "mine.txt").write_bytes(b"\xff" * 1000)
    with pytest.raises(ValueError, match=r"in UTF-8. Received: .*mine\.txt"):
        text_file(tmp_path / "mine.txt")


@pytest.mark.slow
def test_tiny_shakespeare_is_whole(data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir / "tfds"))
    corpus = tiny_shakespeare()
    whole = corpus.train + corpus.validation + corpus.test
    assert len(whole) == 1_115_394
    assert len(corpus.train) == 1_003_854
    assert len(set(whole)) == 65
    assert whole.startswith("First Citizen:")
