"""The card of every trained model: what the Hub reads of it, and what a person does."""

import json
import pkgutil
import re
import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from huggingface_hub.inference._generated import types
from huggingface_hub.repocard_data import model_index_to_eval_results

import seqzoo
from seqzoo.hub.card import pipeline_tag
from seqzoo.hub.names import bundle_folder
from seqzoo.processors import PROCESSORS
from seqzoo.tasks import TASKS

ROOT = Path(seqzoo.__file__).parents[1]
NAMES = seqzoo.list_models()
named = pytest.mark.parametrize("name", NAMES)
# The client has a module for each task that the Hub itself can run.
RUNNABLE = {
    entry.name.replace("_", "-") for entry in pkgutil.iter_modules(types.__path__)
}
LICENCES = {"apache-2.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "mit", "other"}


def card_of(name):
    return ModelCard.load(bundle_folder() / name / "README.md")


def json_of(name, file):
    return json.loads((bundle_folder() / name / file).read_text("utf-8"))


@named
def test_the_fields_are_those_the_hub_knows(name):
    data = card_of(name).data
    assert data.library_name == "seqzoo"
    assert data.license in LICENCES
    assert data.license == json_of(name, "metrics.json")["licence"]
    assert data.pipeline_tag == pipeline_tag(json_of(name, "config.json"))
    for dataset in data.datasets or ():
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)?", dataset)
    for language in data.language or ():
        assert re.fullmatch(r"[a-z]{2}", language)


@named
def test_the_model_index_holds_every_score_of_the_record(name):
    """Read as the client reads it, which refuses an incomplete one."""
    (index,) = card_of(name).data.to_dict()["model-index"]
    read_name, results = model_index_to_eval_results([index])
    assert read_name == name
    recorded = json_of(name, "metrics.json")["metrics"]
    assert {result.metric_name: result.metric_value for result in results} == {
        metric: entry["value"] for metric, entry in recorded.items()
    }
    for result in results:
        assert re.fullmatch(r"[a-z0-9_.-]+(/[\w.-]+)?", result.dataset_type.lower())
        assert re.fullmatch(r"[a-z0-9_]+", result.metric_type)
        assert result.dataset_name == recorded[result.metric_name]["split"]


@named
def test_a_person_finds_usage_scores_licence_and_limits(name):
    card = card_of(name)
    assert re.findall(r"^## (.*)$", card.text, re.MULTILINE) == [
        "Usage",
        "Scores",
        "Paper",
        "Data",
        "Licence",
        "Limits",
    ]
    assert f'seqzoo.load("{name}")' in card.text


def test_the_cards_are_as_they_would_be_written_today():
    """`python docs/generate.py cards` would change none."""
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert generate["stale"]("cards") == [], "run: python docs/generate.py cards"


def test_every_pipeline_tag_is_the_hub_s():
    classes = (*TASKS.values(), *PROCESSORS.values())
    tags = {getattr(cls, "hub_task", None) for cls in classes} - {None}
    assert tags and tags <= RUNNABLE
    assert pipeline_tag({"task": "juggling"}) is None
    assert pipeline_tag({"task": "sequence-classification", "processor": None}) is None


@pytest.mark.slow
@named
def test_the_usage_of_the_card_runs(name, tmp_path, monkeypatch, capsys):
    from PIL import Image
    from scipy.io import wavfile

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for image in ("digit.png", "frog.png"):
        pixels = rng.integers(0, 256, (32, 32, 3), "uint8")
        Image.fromarray(pixels).save(image)
    sound = rng.normal(0, 1000, 8000).astype("int16")
    wavfile.write("seven.wav", 8000, sound)
    (tmp_path / "wave.csv").write_text("0.0,0.1\n0.5,0.2\n1.0,0.3\n")
    (code,) = re.findall(r"```python\n(.*?)```", card_of(name).text, re.DOTALL)
    exec(compile(code, name, "exec"), {})
    assert capsys.readouterr().out.strip()


@named
def test_the_licence_of_the_data_is_stated(name):
    data = json_of(name, "metrics.json")["data"]
    stated = re.search("licen[cs]e|public domain|CC BY|commercial", data)
    assert stated, data


def test_the_package_says_which_weights_are_under_which_licence():
    by_name = {name: json_of(name, "metrics.json")["licence"] for name in NAMES}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {part.lower() for part in project["license"].split(" AND ")} == set(
        by_name.values()
    )
    assert "weights/README.md" in project["license-files"]
    page = (ROOT / "weights" / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| ([^(|]*?) [(|]", page, re.MULTILINE))
    rows.pop("weights")
    spelled = {n: v.lower().replace(" ", "-") for n, v in rows.items()}
    assert spelled == by_name
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, licence in by_name.items():
        if licence != "apache-2.0":
            assert name in readme.rsplit("The code is under", 1)[1]
