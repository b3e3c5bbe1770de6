"""A family of checkpoints is one object: what it says is all that a load needs."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import seqzoo
from seqzoo import convert, models, processors
from seqzoo.convert.family import Family
from seqzoo.convert.rules import dense
from tests.hub.toy import Toy, ToyProcessor


def config(settings, where):
    return {"units": settings["hidden_size"]}


def processor(settings, files, where):
    upper = files["labels.txt"].isupper()
    return {"class": "ToyProcessor", "config": {"upper": upper}}


def rules(config):
    yield from dense("hidden", "toy.q", "toy.k")
    yield from dense("out", "classifier")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    family = Family(
        class_name="Toy",
        task="toy",
        config=config,
        processor=processor,
        rules=rules,
        files=("labels.txt",),
        renamed={r"^old\.": "toy."},
        ignored=(r"^pooler\.",),
    )
    monkeypatch.setitem(convert.FAMILIES, "toy", family)
    monkeypatch.setitem(models.MODELS, "Toy", Toy)
    monkeypatch.setitem(processors.PROCESSORS, "ToyProcessor", ToyProcessor)
    shapes = {"old.q": (3, 3), "toy.k": (2, 3), "classifier": (2, 5), "pooler": (7, 7)}
    rng = np.random.default_rng(0)
    tensors = {}
    for name, shape in shapes.items():
        tensors[f"{name}.weight"] = rng.normal(size=shape).astype("float32")
        tensors[f"{name}.bias"] = rng.normal(size=shape[:1]).astype("float32")
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "labels.txt").write_text("CAT\nDOG")
    settings = {"model_type": "toy", "hidden_size": 5}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    return tmp_path, tensors


def test_its_rules_make_the_weights_and_its_processor_has_the_files(folder):
    path, tensors = folder
    model = seqzoo.load(path)
    assert (model.info.class_name, model.info.task) == ("Toy", "toy")
    assert model.info.params == model.count_params() == 5 * 3 + 5 + 2 * 5 + 2
    assert model.processor.labels == ["CAT", "DOG"] and model.processor.upper
    parts = [tensors["old.q.weight"], tensors["toy.k.weight"]]
    np.testing.assert_array_equal(model.hidden.kernel, np.concatenate(parts).T)
    np.testing.assert_array_equal(model.out.bias, tensors["classifier.bias"])


def test_a_folder_of_an_unknown_family_is_refused_with_the_known_ones(folder):
    path, _ = folder
    (path / "config.json").write_text(json.dumps({"model_type": "other"}))
    for verb in (seqzoo.info, seqzoo.load):
        with pytest.raises(
            ValueError, match=r"kind 'other'.*bert, detr.*swin, toy, vit"
        ):
            verb(path)
