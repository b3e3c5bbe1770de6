"""Classifiers of transformers: logits equal to those that transformers computed.

The folders in `golden` were made once by `make_golden.py`, which needs transformers and
PyTorch; a slow test makes them anew.
"""

import numpy as np
import pytest

from tests.convert import make_golden
from tests.convert.checkpoints import GOLDEN, logits

MAKERS = dict.fromkeys(make_golden.VIT, make_golden.make_vit)
MAKERS |= dict.fromkeys(make_golden.SWIN, make_golden.make_swin)
CASES = sorted(MAKERS)


@pytest.mark.parametrize("case", CASES)
def test_logits_equal_those_of_transformers(case):
    actual, expected = logits(GOLDEN / case)
    np.testing.assert_allclose(actual, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_logits_equal_those_of_a_new_checkpoint(case, tmp_path):
    pytest.importorskip("transformers")
    MAKERS[case](case, tmp_path, seed=1)
    actual, expected = logits(tmp_path / case)
    np.testing.assert_allclose(actual, expected, atol=1e-4)
