"""Lists, padding, files and special tokens, which processors share."""

import numpy as np
import pytest

from seqzoo.processors import CharacterProcessor, TimedSeriesProcessor
from seqzoo.processors.base import padded
from seqzoo.processors.special_tokens import BOS, EOS, PAD, until_eos


def test_one_input_and_several_are_told_apart():
    series, text = TimedSeriesProcessor(["a"]), CharacterProcessor("ab")
    assert series.as_list("a.csv") == (["a.csv"], True)
    assert series.as_list(("a.csv", "b.csv")) == (["a.csv", "b.csv"], False)
    assert text.as_list("ab") == (["ab"], True)
    assert text.as_list(word for word in ("a", "b")) == (["a", "b"], False)
    for wrong in (b"a", 3, None):
        with pytest.raises(ValueError, match="string or a list"):
            text.as_list(wrong)


@pytest.mark.parametrize("shapes", [[(3, 2), (5, 2)], [(2, 4, 3), (3, 1, 3)]])
def test_padding_is_after_the_real_values_and_marked(shapes):
    arrays = [np.full(shape, i + 1.0) for i, shape in enumerate(shapes)]
    batch, mask = padded(arrays, multiple=4)
    assert batch.dtype == np.float32 and batch.shape[:-1] == mask.shape
    assert all(size % 4 == 0 for size in mask.shape[1:])
    for row, array in enumerate(arrays):
        region = tuple(slice(size) for size in array.shape[:-1])
        np.testing.assert_array_equal(batch[row][region], array)
        assert mask[row][region].all() and mask[row].sum() == mask[row][region].size
        assert not batch[row][~mask[row]].any()


def test_ids_end_with_the_first_eos():
    assert until_eos([BOS, 7, EOS, 8, EOS]) == [BOS, 7, EOS]
    assert until_eos(np.array([7, 8, PAD, PAD])) == [7, 8]
    assert until_eos([]) == []
