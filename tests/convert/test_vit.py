"""What is special to ViT checkpoints, and what they share with all: files, refusals.

That their logits are right is in `test_classifiers.py`.
"""

import json
import shutil

import numpy as np
import pytest
from keras import ops
from safetensors.numpy import load_file, save_file

import seqzoo
from seqzoo.ops.positions import resampled_grid
from tests.convert.checkpoints import GOLDEN, changed, logits


def test_the_processor_and_the_record_are_the_checkpoints():
    info = seqzoo.info(GOLDEN / "vit")
    assert (info.task, info.class_name) == ("image-classification", "ViT")
    model = seqzoo.load(GOLDEN / "vit")
    assert model.processor.labels == ["LABEL_0", "LABEL_1", "LABEL_2"]
    assert (model.processor.size, model.processor.mean) == ((16, 16), [0.5, 0.5, 0.5])
    assert model.classify(np.zeros((9, 9), "uint8")).label in model.processor.labels
    assert seqzoo.load(GOLDEN / "vit", image_size=24).processor.size == (24, 24)


def test_a_converted_model_is_saved_as_ours(tmp_path):
    model = seqzoo.load(GOLDEN / "vit")
    seqzoo.save(model, tmp_path / "ours")
    pixels = model.example_inputs()
    again = seqzoo.load(tmp_path / "ours")
    np.testing.assert_array_equal(
        ops.convert_to_numpy(model(pixels)), ops.convert_to_numpy(again(pixels))
    )


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(GOLDEN / "vit", tmp_path / "copy")


def test_sharded_weights_are_read(copy):
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {f"model-0000{k}-of-00002.safetensors": names[k - 1 :: 2] for k in (1, 2)}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, copy / file)
    index = {name: file for file, part in parts.items() for name in part}
    path = copy / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": index}))
    actual, expected = logits(copy)
    np.testing.assert_allclose(actual, expected, atol=1e-4)
    (copy / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match="model-00002-of-00002"):
        seqzoo.load(copy)


def test_a_checkpoint_with_a_manifest_is_verified(copy):
    manifest = seqzoo.hub.write_manifest(copy)
    assert "preprocessor_config.json" in manifest.files
    actual, expected = logits(copy)
    np.testing.assert_allclose(actual, expected, atol=1e-4)
    changed(copy, lambda tensors: tensors.pop("classifier.bias"))
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged"):
        seqzoo.load(copy)


def test_tensors_of_another_size_are_never_adapted_unasked(copy):
    name = "vit.embeddings.position_embeddings"
    changed(copy, lambda tensors: tensors.update({name: np.zeros((1, 26, 12), "f")}))
    with pytest.raises(ValueError, match=r"positions: .* the file's \(1, 26, 12\)"):
        seqzoo.load(copy)


def test_a_missing_and_an_unknown_tensor_are_named(copy):
    changed(copy, lambda tensors: tensors.pop("classifier.bias"))
    with pytest.raises(ValueError, match=r"missing classifier\.bias"):
        seqzoo.load(copy)
    changed(copy, lambda tensors: tensors.update({"vit.extra": np.zeros(1)}))
    with pytest.raises(ValueError, match=r"unknown vit\.extra"):
        seqzoo.load(copy)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", {"model_type": "clip"}, "kind 'clip'"),
        ("config.json", {"hidden_act": "quick_gelu"}, "quick_gelu"),
        ("config.json", {"patch_size": [8, 4]}, "square"),
        ("preprocessor_config.json", {"resample": 5}, "resamples by 5"),
        ("preprocessor_config.json", {"size": {"longest_edge": 9}}, "longest_edge"),
        ("preprocessor_config.json", {"do_rescale": False}, "do_rescale=False"),
        ("preprocessor_config.json", {"rescale_factor": 1.0}, r"rescale_factor=1\.0"),
        ("preprocessor_config.json", {"image_std": None}, "image_mean and image_std"),
    ],
)
def test_what_cannot_be_exact_is_refused(copy, file, change, message):
    settings = json.loads((copy / file).read_text()) | change
    (copy / file).write_text(json.dumps(settings))
    with pytest.raises(ValueError, match=message):
        seqzoo.load(copy)


def test_no_pickle_is_read(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match="never a pickle"):
        seqzoo.load(copy)


@pytest.mark.parametrize("size", [(8, 32), (32, 8), (4, 64)])
def test_as_many_patches_on_another_grid_have_resampled_positions(size):
    """A grid of 4 by 4 patches becomes 2 by 8: neighbours are no longer neighbours."""
    before = seqzoo.load(GOLDEN / "vit")
    after = seqzoo.load(GOLDEN / "vit", image_size=size)
    old, new = (ops.convert_to_numpy(m.positions) for m in (before, after))
    assert old.shape == new.shape
    np.testing.assert_array_equal(old[:, 0], new[:, 0])  # the class token's
    grid = old[0, 1:].reshape(*before.config.grid, -1)
    expected = resampled_grid(grid, after.config.grid)
    np.testing.assert_allclose(new[0, 1:], expected.reshape(new[0, 1:].shape))
    assert np.abs(new - old).max() > 1e-3
    assert after.processor.size == size


def test_a_class_token_is_never_taken_for_a_patch(tmp_path):
    """17 places are 4 by 4 patches and a token, or 1 by 17 patches without one."""
    with pytest.raises(ValueError, match="do not fit"):
        seqzoo.load(GOLDEN / "vit", image_size=(4, 68), pooling="mean")
