"""Checkpoints of transformers on a Hub: fetched, read, and nothing but data."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from safetensors.numpy import load_file

import seqzoo

GOLDEN = Path(__file__).parents[1] / "convert" / "golden" / "vit"


@pytest.fixture
def vit(server):
    """A ViT's repository as transformers makes it, and files that are not asked for."""
    files = {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    files |= {"pytorch_model.bin": b"\x80\x04.", "tf_model.h5": b"", "code.py": b""}
    return server.publish("someone/vit", files)


def test_a_checkpoint_of_transformers_is_loaded_by_hf(vit, server):
    model = seqzoo.load("hf:someone/vit")
    golden = load_file(GOLDEN / "golden.safetensors")
    actual = ops.convert_to_numpy(model(golden["pixels"]))
    np.testing.assert_allclose(actual, golden["logits"], atol=1e-4)
    assert (model.info.name, model.info.revision) == ("hf:someone/vit", vit)
    assert model.info.class_name == "ViT"
    assert model.info.params == model.count_params()
    assert not {"pytorch_model.bin", "tf_model.h5", "code.py"} & server.requests.keys()


def test_it_works_offline_once_it_was_loaded(vit):
    seqzoo.load("hf:someone/vit", revision="main")
    model = seqzoo.load("hf:someone/vit", local_files_only=True)
    assert model.processor.size == (16, 16)


def test_the_architecture_alone_has_fresh_weights(vit, server):
    built = seqzoo.build("hf:someone/vit")
    assert not server.requests["model.safetensors"]
    loaded = seqzoo.load("hf:someone/vit")
    assert built.config == loaded.config
    kernels = [ops.convert_to_numpy(m.logits.kernel) for m in (built, loaded)]
    assert np.abs(kernels[0] - kernels[1]).max() > 1e-3


@pytest.fixture
def filled_by_another(vit, server, cache):
    """The cache as transformers leaves it: three files, and no mark of others."""
    from huggingface_hub import hf_hub_download

    files = ("config.json", "model.safetensors", "preprocessor_config.json")
    for file in files:
        hf_hub_download("someone/vit", file, cache_dir=cache)
    return cache


@pytest.mark.parametrize("how", ["argument", "variable", "unreachable"])
def test_a_cache_that_another_client_filled_is_enough(
    filled_by_another, server, monkeypatch, how
):
    from huggingface_hub import constants

    if how == "variable":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    elif how == "unreachable":
        server.server_close()
    offline = True if how == "argument" else None
    before = server.requests.copy()
    model = seqzoo.load("hf:someone/vit", local_files_only=offline)
    golden = load_file(GOLDEN / "golden.safetensors")
    actual = ops.convert_to_numpy(model(golden["pixels"]))
    np.testing.assert_allclose(actual, golden["logits"], atol=1e-4)
    assert model.processor.size == (16, 16)
    assert seqzoo.info("hf:someone/vit").params if offline is None else True
    assert server.requests == before


def test_such_a_cache_of_our_own_model_lacks_its_manifest(theirs, server, cache):
    """Our models are never loaded without the hashes of their manifest."""
    from huggingface_hub import hf_hub_download

    for file in ("config.json", "model.safetensors", "labels.txt"):
        hf_hub_download("someone/toy", file, cache_dir=cache)
    with pytest.raises(
        FileNotFoundError, match=r"manifest\.json.*not in the Hub cache"
    ):
        seqzoo.load("hf:someone/toy", local_files_only=True)


OTHERS = {
    "of a web page": b'{"name": "An app", "icons": [], "start_url": "/"}',
    "a list": b"[1, 2]",
    "no JSON": b"# not JSON",
    "empty": b"",
}


@pytest.mark.parametrize("manifest", OTHERS)
@pytest.mark.parametrize("place", ["folder", "hub"])
def test_a_manifest_of_something_else_is_ignored(tmp_path, server, manifest, place):
    files = {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    files["manifest.json"] = OTHERS[manifest]
    name = "hf:someone/app"
    if place == "hub":
        server.publish("someone/app", files)
    else:
        name = tmp_path / "app"
        name.mkdir()
        for file, data in files.items():
            (name / file).write_bytes(data)
    assert seqzoo.load(name).processor.size == (16, 16)
    assert seqzoo.info(name).class_name == "ViT"
    if place == "folder":
        with pytest.raises(ValueError, match=r"not seqzoo's, and would be lost"):
            seqzoo.hub.write_manifest(name)
        with pytest.raises(FileNotFoundError, match="nothing to check against"):
            seqzoo.verify(name)
        assert (name / "manifest.json").read_bytes() == OTHERS[manifest]


def test_a_damaged_manifest_of_a_pinned_checkpoint_is_not_ignored(tmp_path):
    folder = shutil.copytree(GOLDEN, tmp_path / "vit")
    seqzoo.hub.write_manifest(folder)
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="is not JSON"):
        seqzoo.load(folder)
