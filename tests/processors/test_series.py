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


def test_the_config_brings_it_back(processor, tmp_path):
    again = TimedSeriesProcessor.load(processor.get_config(), tmp_path)
    assert again.get_config() == processor.get_config()
