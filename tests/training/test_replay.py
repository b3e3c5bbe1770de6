"""`--evaluate`: the scores of a trained model again, beside those of its record."""

import json
import math

import pytest

import seqzoo.models
from seqzoo import hub, zoo
from seqzoo.training import Metric, main
from tests.training import toy


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A folder as a run of the toy recipe leaves it, but for the training."""
    monkeypatch.setitem(seqzoo.models.MODELS, "Toy", toy.Toy)
    model = toy.Toy(toy.ToyConfig())
    model(model.example_inputs())
    folder = hub.save(model, tmp_path / "toy_lm")
    record(folder, toy.loss(model))
    return folder


def record(folder, value, name="loss"):
    entry = {"value": value, "unit": "nats"}
    (folder / "metrics.json").write_text(json.dumps({"metrics": {name: entry}}))
    hub.write_manifest(folder)


def replay(folder, **changes):
    def recipe(data):
        def evaluate(model):
            return {"loss": Metric(toy.loss(model), "nats", "all", toy.VOCABULARY)}

        return toy.recipe(**{"evaluate": evaluate, **changes})

    arguments = ["--evaluate", "--out", str(folder.parent)]
    main(recipe, data=lambda: "real", toy=lambda: "toy", arguments=arguments)


def test_the_recorded_score_is_replayed(trained, capsys):
    replay(trained)
    (line,) = capsys.readouterr().out.splitlines()
    name, value, unit, _, recorded = line.split()
    assert (name, unit) == ("loss", "nats,")
    assert value == recorded


@pytest.mark.parametrize(
    "change",
    [
        lambda folder, value: record(folder, value * 1.01),
        lambda folder, value: record(folder, value, name="another"),
        lambda folder, value: record(folder, math.nan),
    ],
)
def test_another_score_than_the_recorded_one_is_an_error(trained, capsys, change):
    entry = json.loads((trained / "metrics.json").read_text())["metrics"]["loss"]
    change(trained, entry["value"])
    with pytest.raises(SystemExit) as stopped:
        replay(trained)
    assert stopped.value.code == 2
    assert "loss differ from metrics.json" in capsys.readouterr().err


def test_a_score_that_is_no_number_is_an_error(trained, capsys):
    metric = Metric(math.nan, "nats", "all", toy.VOCABULARY)
    with pytest.raises(SystemExit):
        replay(trained, evaluate=lambda model: {"loss": metric})
    assert "loss differ from metrics.json" in capsys.readouterr().err


def test_damaged_weights_are_not_scored(trained, capsys):
    (trained / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(SystemExit):
        replay(trained)
    assert "is damaged and was not loaded" in capsys.readouterr().err


def test_a_model_of_the_bundle_is_loaded_by_its_name(trained, monkeypatch):
    """Its weights may lie in the Hub cache alone."""
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(trained.parent))
    asked = []

    monkeypatch.setattr(zoo, "load", asked.append)
    replay(trained, evaluate=lambda model: {})
    assert asked == ["toy_lm"]
