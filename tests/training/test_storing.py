"""Weights of int8: chosen where they change no score, and `--store` afterwards."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

import seqzoo.models
from seqzoo import zoo
from seqzoo.training import Metric, main
from tests.training import toy

UNITS = 512  # the embedding is large enough for int8


def score(value):
    return {"score": Metric(value, "%", "all tokens", toy.VOCABULARY)}


def is_int8(model):
    """Whether the embedding has 127 steps in each row."""
    table = np.array(model.embedding.embeddings)
    steps = table / np.abs(table).max(axis=1, keepdims=True) * 127
    return bool(np.abs(steps - np.rint(steps)).max() < 1e-3)


def wide(evaluate):
    return {
        "model": toy.Toy(toy.ToyConfig(units=UNITS)),
        "epochs": 1,
        "evaluate": evaluate,
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("storing")
    return toy.train(folder, **wide(lambda model: score(50.0)))[0]


def dtypes(folder):
    arrays = load_file(folder / "model.safetensors")
    return {key: str(array.dtype) for key, array in arrays.items()}


def test_the_recorded_score_is_that_of_the_int8_weights(tmp_path):
    def evaluate(model):
        return score(50.04 if is_int8(model) else 50.0)

    changes = {**wide(evaluate), "weights_dtype": "int8"}
    written, _ = toy.train(tmp_path, **changes)
    record = json.loads((written / "metrics.json").read_text())
    assert dtypes(written)["embedding/embeddings"] == "int8"
    assert record["weights_dtype"] == "int8"
    assert record["metrics"]["score"]["value"] == 50.04
    assert record["params"] == changes["model"].count_params()


@pytest.mark.parametrize("value", [50.06, 49.94, float("nan")])
def test_float16_is_chosen_if_int8_moves_a_score(tmp_path, capsys, value):
    def evaluate(model):
        return score(value if is_int8(model) else 50.0)

    written, checkpoints = toy.train(tmp_path, **wide(evaluate), weights_dtype="int8")
    assert set(dtypes(written).values()) == {"float16"}
    record = json.loads((written / "metrics.json").read_text())
    assert record["weights_dtype"] == "float16"
    assert record["metrics"]["score"]["value"] == 50.0
    assert "int8 moves score from 50 to" in capsys.readouterr().out
    saved = load_file(written / "model.safetensors")["head/kernel"]
    exact = toy.best_weights(checkpoints)["head/kernel"]
    np.testing.assert_array_equal(saved, exact.astype("float16"))


def store(folder, value, monkeypatch):
    monkeypatch.setitem(seqzoo.models.MODELS, "Toy", toy.Toy)

    def recipe(data):
        return toy.recipe(**wide(lambda model: score(value)))

    arguments = ["--store", "int8", "--out", str(folder.parent)]
    main(recipe, data=lambda: "real", toy=lambda: "toy", arguments=arguments)


def test_a_trained_model_is_stored_again(trained, monkeypatch, capsys):
    before = json.loads((trained / "metrics.json").read_text())
    store(trained, 50.03, monkeypatch)
    assert "score 50.0300 % as int8" in capsys.readouterr().out
    assert dtypes(trained)["embedding/embeddings"] == "int8"
    after = json.loads((trained / "metrics.json").read_text())
    assert after["metrics"]["score"]["value"] == 50.03
    assert after["weights_dtype"] == "int8"
    after["metrics"], after["weights_dtype"] = before["metrics"], "float16"
    assert after == before
    assert "50.03" in (trained / "README.md").read_text("utf-8")
    assert all(good for _, good in zoo.verify(trained))
    model, golden = zoo.load(trained), load_file(trained / "golden.safetensors")
    output = model({"ids": golden["inputs/ids"]})
    np.testing.assert_allclose(output, golden["output"], atol=1e-6)


def test_a_model_whose_score_moves_stays(trained, monkeypatch, capsys):
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    with pytest.raises(SystemExit) as stopped:
        store(trained, 50.2, monkeypatch)
    assert stopped.value.code == 2
    assert "int8 moves score from 50" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in trained.iterdir()} == before
