"""Weights as int8 with a scale for each row."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import seqzoo
from seqzoo import hub
from seqzoo.hub.storage import dequantized, stored
from tests.hub.toy import Toy, ToyConfig, answer

KERNEL = "hidden/kernel"  # of the toy, 3 rows


@pytest.fixture(scope="module")
def wide():
    """A toy with a kernel that is large enough, and numbers of every size in it."""
    model = Toy(ToyConfig(units=2000))
    model.build()
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(3, 2000)) * [[1e-9], [1.0], [1e9]]
    model.hidden.kernel.assign(kernel)
    return model


def read(folder):
    return load_file(folder / "model.safetensors")


def test_a_weight_moves_by_half_a_step_of_its_row_at_most(wide, tmp_path):
    exact = np.array(wide.hidden.kernel)
    folder = hub.save(wide, tmp_path / "mine", weights_dtype="int8")
    loaded = np.array(seqzoo.load(folder).hidden.kernel)
    steps = np.abs(exact).max(axis=1, keepdims=True) / 127
    assert (np.abs(loaded - exact) <= steps * 0.51).all()
    assert (np.abs(loaded).max(axis=1) > 0).all()


def test_the_file_is_a_quarter_and_the_config_says_so(wide, tmp_path):
    folder = hub.save(wide, tmp_path / "mine", weights_dtype="int8")
    arrays = read(folder)
    assert arrays[KERNEL].dtype == "int8"
    assert arrays[f"{KERNEL}:scale"].shape == (3, 1)
    others = arrays.keys() - {KERNEL, f"{KERNEL}:scale"}
    assert {arrays[key].dtype for key in others} == {np.dtype("float16")}
    assert json.loads((folder / "config.json").read_text())["seqzoo_format"] == 2
    assert seqzoo.info(folder).params == wide.count_params()


def test_only_a_file_with_int8_has_the_new_format(toy, tmp_path):
    folder = hub.save(toy, tmp_path / "mine", weights_dtype="int8")  # nothing is large
    assert json.loads((folder / "config.json").read_text())["seqzoo_format"] == 1
    assert {array.dtype for array in read(folder).values()} == {np.dtype("float16")}


def test_saving_what_was_loaded_from_int8_changes_no_byte(wide, tmp_path):
    folder = hub.save(wide, tmp_path / "mine", weights_dtype="int8")
    again = hub.save(seqzoo.load(folder), tmp_path / "again")
    for file in ("config.json", "model.safetensors"):
        assert (folder / file).read_bytes() == (again / file).read_bytes()


def test_after_training_it_is_saved_as_float32(wide, tmp_path):
    model = seqzoo.load(hub.save(wide, tmp_path / "mine", weights_dtype="int8"))
    model.hidden.kernel.assign(model.hidden.kernel * 1.2345)
    model.out.bias.assign([0.1, 0.2])
    again = hub.save(model, tmp_path / "again")
    np.testing.assert_array_equal(answer(seqzoo.load(again)), answer(model))


def test_a_row_of_zeros_stays_zero():
    weights = {"kernel": np.zeros((2, 4096), "float32")}
    weights["kernel"][1, 7] = -3
    arrays = stored(weights, "int8")
    shapes = {key: array.shape for key, array in arrays.items()}
    readers = {key: (lambda array=array: array) for key, array in arrays.items()}
    shapes, readers = dequantized(shapes, readers, "x")
    assert shapes == {"kernel": (2, 4096)}
    np.testing.assert_allclose(readers["kernel"](), weights["kernel"], rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop(f"{KERNEL}:scale"), "is int8"),
        (lambda a: a.pop(KERNEL), "a scale for each row of hidden/kernel"),
        (
            lambda a: a.update({f"{KERNEL}:scale": np.ones((3,), "float32")}),
            r"shape \(3,\), not \(3, 1\)",
        ),
        (
            lambda a: a.update({KERNEL: np.ones((3, 2000), "float16")}),
            "is float16",
        ),
        (
            lambda a: a.update({f"{KERNEL}:scale": np.full((3, 1), np.nan, "float32")}),
            "NaN",
        ),
    ],
)
def test_scales_that_do_not_fit_are_refused(wide, tmp_path, change, message):
    folder = hub.save(wide, tmp_path / "mine", weights_dtype="int8")
    (folder / "manifest.json").unlink()
    arrays = read(folder)
    change(arrays)
    save_file(arrays, folder / "model.safetensors")
    with pytest.raises(ValueError, match=message):
        seqzoo.load(folder)


def test_the_policy_is_that_of_load(wide, tmp_path):
    folder = hub.save(wide, tmp_path / "mine", weights_dtype="int8")
    assert seqzoo.load(folder).hidden.kernel.dtype == "float32"
    assert seqzoo.load(folder, dtype="bfloat16").hidden.kernel.dtype == "bfloat16"
