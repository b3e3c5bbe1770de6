"""Every trained model: its bytes, its record, and that it still answers the same."""

import json
import math
import numbers

import numpy as np
import pytest
from safetensors.numpy import load_file

import seqzoo
from seqzoo.hub.storage import SCALE
from seqzoo.zoo import bundle_folder

NAMES = seqzoo.list_models()

pytestmark = pytest.mark.skipif(not NAMES, reason=f"no model in {bundle_folder()}")

named = pytest.mark.parametrize("name", NAMES)


def metrics_of(name):
    return json.loads((bundle_folder() / name / "metrics.json").read_text())


def test_no_folder_goes_untested():
    """Whatever lies in the bundle is listed, thus tested here."""
    folders = {path.name for path in bundle_folder().iterdir() if path.is_dir()}
    assert folders == set(NAMES)


def test_the_bundle_stays_under_48_megabytes():
    files = [path for path in bundle_folder().rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 48_000_000


@named
def test_every_hash_is_right(name):
    assert [file for file, ok in seqzoo.verify(name) if not ok] == []


@named
def test_the_record_is_complete(name):
    files = {path.name for path in (bundle_folder() / name).iterdir()}
    assert files >= {
        "README.md",
        "config.json",
        "golden.safetensors",
        "manifest.json",
        "metrics.json",
        "model.safetensors",
        "train_log.csv",
    }
    assert files - {"manifest.json"} == {file for file, _ in seqzoo.verify(name)}


@named
def test_the_golden_output_is_reproduced(name):
    golden = load_file(bundle_folder() / name / "golden.safetensors")
    wanted = {key: golden.pop(key) for key in list(golden) if key.startswith("output")}
    inputs = {key.removeprefix("inputs/"): array for key, array in golden.items()}
    if set(inputs) == {"inputs"}:  # a model of one tensor
        inputs = inputs["inputs"]
    model = seqzoo.load(name, source="bundle")
    found = model(inputs)
    if isinstance(found, dict):  # a model of several outputs
        found = {f"output/{key}": array for key, array in found.items()}
    else:
        found = {"output": found}
    assert found.keys() == wanted.keys()
    for key, array in wanted.items():
        np.testing.assert_allclose(np.asarray(found[key]), array, atol=1e-4, rtol=0)


@named
def test_metrics_have_their_circumstances(name):
    record = metrics_of(name)
    assert record["metrics"]
    for metric in record["metrics"].values():
        assert isinstance(metric["value"], numbers.Real)
        assert math.isfinite(metric["value"])
        assert metric["unit"] and metric["split"]
        assert metric["examples"] > 0
        assert metric["seeds"] and all(isinstance(s, int) for s in metric["seeds"])
        assert metric["spread"] is None or metric["spread"] >= 0
        assert len(metric["seeds"]) > 1 or not metric["spread"]
    for metric, published in record.get("published", {}).items():
        assert metric in record["metrics"]
        assert published["source"]
    for key in ("device", "recipe", "commit"):
        assert isinstance(record[key], str) and record[key]
    for key in ("params", "train_steps", "seconds"):
        assert record[key] > 0
    assert {"python", "keras"} <= record["versions"].keys()


@named
def test_the_parameter_count_is_the_file_s(name):
    arrays = load_file(bundle_folder() / name / "model.safetensors")
    sizes = [arrays[key].size for key in arrays if not key.endswith(SCALE)]
    assert sum(sizes) == metrics_of(name)["params"]
    assert seqzoo.info(name).params == metrics_of(name)["params"]
