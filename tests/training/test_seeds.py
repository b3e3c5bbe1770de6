"""`--seeds`: the mean and the spread of the scores over several seeds."""

import json

import numpy as np
import pytest

import seqzoo
from seqzoo.training.seeds import run_seeds
from tests.training import toy


def test_the_record_has_the_mean_and_the_spread_over_the_seeds(tmp_path):
    settings = {"folder": tmp_path / "weights", "checkpoint_dir": tmp_path / "runs"}
    written = run_seeds(toy.recipe, [3, 0, 1], run_eagerly=True, **settings)
    folders = [written, *(tmp_path / f"runs/seed_{k}/{written.name}" for k in (0, 1))]
    records = [json.loads((one / "metrics.json").read_text()) for one in folders]
    values = [record["metrics"]["accuracy"]["value"] for record in records]
    metric = records[0]["metrics"]["accuracy"]
    assert metric["seeds"] == [3, 0, 1]
    assert metric["mean"] == pytest.approx(np.mean(values))
    assert metric["spread"] == pytest.approx(np.std(values, ddof=1))
    assert [record["seed"] for record in records] == [3, 0, 1]
    assert f"± {metric['spread']:.2g}, mean" in (written / "README.md").read_text()
    assert all(is_intact for _, is_intact in seqzoo.verify(written))
    again = run_seeds(toy.recipe, [3, 0, 1], run_eagerly=True, **settings)
    assert json.loads((again / "metrics.json").read_text()) == records[0]


@pytest.mark.parametrize("seeds", [[], [1], [1, 1]])
def test_fewer_than_two_different_seeds_are_refused(seeds, tmp_path):
    with pytest.raises(ValueError, match="at least two different numbers"):
        run_seeds(toy.recipe, seeds, folder=tmp_path)
