"""Checkpoints of transformers on a Hub: fetched, read, and nothing but data."""

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
