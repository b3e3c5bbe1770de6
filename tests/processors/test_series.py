"""Series of measurements: files and arrays alike, and what is refused."""

import numpy as np
import pytest

from seqzoo.processors import TimedSeriesProcessor

SERIES = np.array([[0.5, 1.0], [0.75, -2.0], [3.0, 0.25]])


@pytest.fixture
def processor():
    return TimedSeriesProcessor(["no", "yes"], max_steps=40)


def test_times_and_values_are_told_apart_and_padded(processor):
    found = processor.encode([SERIES, SERIES[:1]])
    assert found["sequences"].shape == (2, 32, 1) and found["times"].shape == (2, 32)
    np.testing.assert_array_equal(found["times"][0, :3], SERIES[:, 0])
    np.testing.assert_array_equal(found["sequences"][0, :3, 0], SERIES[:, 1])
    np.testing.assert_array_equal(found["mask"].sum(1), [3, 1])
    assert not found["sequences"][~found["mask"]].any()


@pytest.mark.parametrize("header", ["", "time,value\n", "\ufefftime,value\n"])
def test_a_file_equals_its_array(processor, tmp_path, header):
    path = tmp_path / "series.csv"
    lines = "\n".join(",".join(map(str, row)) for row in SERIES)
    path.write_text(header + lines + "\n", encoding="utf-8")
    for given in (path, str(path)):
        np.testing.assert_array_equal(
            processor.encode([given])["times"], processor.encode([SERIES])["times"]
        )


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (SERIES[:, :1], "shape"),
        (SERIES[:0], "shape"),
        (SERIES[::-1], "out of order"),
        (SERIES * np.nan, "NaN"),
        (SERIES.astype(str), "numbers"),
        (np.stack([np.arange(41)] * 2, 1), "at most 40"),
    ],
)
def test_what_is_no_series_is_refused(processor, series, message):
    with pytest.raises(ValueError, match=message):
        processor.encode([series])


def test_a_file_of_words_is_refused_by_name(processor, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("a,b\nc,d\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"words\.csv"):
        processor.encode([path])


@pytest.mark.parametrize(
    "text",
    [
        "1,\n2,3\n",
        ",1\n2,3\n",
        "1,2\n3,\n",
        "time,value\n1,2\n3,x\n",
        "1,2\n3\n",
        "t,\n1,2\n",
    ],
)
def test_an_empty_or_wrong_cell_is_named_by_its_line(processor, text):
    with pytest.raises(ValueError, match=r"where line \d is '"):
        processor.encode([text.encode()])


def test_a_file_that_is_no_text_is_refused(processor, tmp_path):
    path = tmp_path / "noise.csv"
    path.write_bytes(b"\xff\xfe1,2\n")
    with pytest.raises(ValueError, match=r"noise\.csv, which is no text"):
        processor.encode([path])


def test_times_of_an_unsigned_type_that_fall_are_refused(processor):
    falling = np.array([[5, 1], [3, 2]], "uint8")
    with pytest.raises(ValueError, match="out of order"):
        processor.encode([falling])


def test_times_that_float32_cannot_tell_apart_are_refused(processor):
    seconds = np.stack([1.7e9 + np.arange(5), np.ones(5)], 1)
    with pytest.raises(ValueError, match="Subtract the first time"):
        processor.encode([seconds])
    seconds[:, 0] -= seconds[0, 0]
    assert processor.encode([seconds])["times"][0, :5].tolist() == [0, 1, 2, 3, 4]
    same = np.array([[1.7e9, 1.0], [1.7e9, 2.0]])  # equal times are allowed
    assert processor.encode([same])["mask"].sum() == 2


def test_the_config_brings_it_back(processor, tmp_path):
    again = TimedSeriesProcessor.load(processor.get_config(), tmp_path)
    assert again.get_config() == processor.get_config()
