import hashlib
import itertools

import numpy as np
import pytest

from seqzoo.data import (
    TokenCircle,
    TokenStream,
    split_text,
    text_file,
    tiny_shakespeare,
    toy_text,
)
from seqzoo.processors import CharacterProcessor

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


@pytest.mark.parametrize("count", [2, 7, 103, 5_000])
def test_a_circle_reads_on_without_end_whatever_the_length(count):
    """Each row of all batches together is the text over and over, by Python."""
    circle = TokenCircle(np.arange(count), batch_size=4, steps=6, batches=5, seed=3)
    batches = [batch for epoch in range(3) for batch in circle(epoch)]
    assert len(batches) == 15
    rows = np.concatenate([inputs for inputs, _ in batches], axis=1)
    endless = list(range(count)) * (90 // count + 3)
    for row, start in zip(rows, rows[:, 0], strict=True):
        assert row.tolist() == endless[start : start + 90]
    for inputs, targets in batches:
        assert inputs.shape == targets.shape == (4, 6)
        np.testing.assert_array_equal((inputs + 1) % count, targets)
    gaps = np.diff([*rows[:, 0], rows[0, 0] + count]) % count
    assert gaps.max() - gaps.min() <= 1 or count < 4


def test_a_circle_of_one_token_is_refused():
    with pytest.raises(ValueError, match="at least 2 tokens"):
        TokenCircle(np.arange(1), batch_size=4, steps=6, batches=5)


def test_a_mark_of_the_encoding_and_ends_of_lines_are_no_letters(tmp_path):
    path = tmp_path / "windows.txt"
    path.write_bytes(("\ufeff" + "één\r\ntwee\r" * 50).encode())
    corpus = text_file(path)
    assert corpus.text == "één\ntwee\n" * 50
    assert corpus.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert corpus.file == path


def test_every_code_point_is_a_letter(tmp_path):
    """Half of a surrogate pair is none, and a file that holds one is refused."""
    text = "ab\0\u200d\u0301\U0001f600" * 9
    processor = CharacterProcessor.train(text)
    processor.save(tmp_path)
    again = CharacterProcessor.load(processor.get_config(), tmp_path)
    assert again.decode(again.encode(text)) == text
    (tmp_path / "x.txt").write_bytes("a\ud800".encode("utf-8", "surrogatepass"))
    with pytest.raises(ValueError, match="must be a file in UTF-8"):
        text_file(tmp_path / "x.txt")


def test_another_encoding_is_refused_with_the_command_that_converts_it(tmp_path):
    path = tmp_path / "utf16.txt"
    path.write_text("one two three " * 50, "utf-16")
    with pytest.raises(ValueError, match="iconv -f UTF-16 -t UTF-8"):
        text_file(path)
    path.write_text("één twee " * 50, "latin-1")
    with pytest.raises(ValueError, match="must be a file in UTF-8"):
        text_file(path)


def test_a_long_text_holds_out_no_more_than_validation_reads_in_time(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("ab" * 1_000_000)
    corpus = text_file(path)
    assert len(corpus.validation) == len(corpus.test) == 50_000


@pytest.mark.slow
def test_tiny_shakespeare_is_whole(data_dir, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(data_dir / "tfds"))
    corpus = tiny_shakespeare()
    whole = corpus.train + corpus.validation + corpus.test
    assert len(whole) == 1_115_394
    assert len(corpus.train) == 1_003_854
    assert len(set(whole)) == 65
    assert whole.startswith("First Citizen:")
