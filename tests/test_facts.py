"""The pages state facts: numbers, names and descriptions are true."""

import ast
import importlib
import inspect
import json
import re
import sys
from pathlib import Path

import keras
import pytest

from seqzoo import data, decoding, hub, layers, models, processors, tasks, training

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "CHANGELOG.md",
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("**/*.md")),
]


@pytest.fixture
def facts(monkeypatch):
    """`docs/builder/tables.py`."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from builder import tables as facts

    yield facts
    for name in [m for m in sys.modules if m.partition(".")[0] == "builder"]:
        del sys.modules[name]


def test_a_marked_number_is_the_records(facts):
    text = "79.5<!-- fact: vit_patch_cifar10 accuracy .2f --> % in 3 epochs"
    assert facts.with_facts(text).startswith("79.52<!--")
    wrapped = "In 7,5\n<!-- fact: vit_cifar10 train_steps ,d --> steps"
    assert facts.with_facts(wrapped).startswith("In 10,530\n<!--")
    with pytest.raises(KeyError):
        facts.with_facts("1<!-- fact: vit_cifar10 bleu .1f -->")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_mark_has_its_number(page, facts):
    """A mark in another form would write nothing."""
    text = page.read_text("utf-8")
    assert text.count("<!-- table:") == len(facts.TABLE.findall(text))
    lists = text.count("<!-- models:") + text.count("<!-- figures:")
    assert lists == len(facts.LIST.findall(text))
    assert text.count("<!-- fact:") == len(facts.FACT.findall(text))
    assert facts.with_facts(text) == text, "run: python docs/generate.py tables"


# A measurement: a number with a unit of scores, sizes or times.
MEASUREMENT = re.compile(
    r"\d[\d,.]*\s*(?:%|per cent|(?:million|M|k) parameters|parameters|million|[MG]i?B"
    r"|minutes?|min|ms|milliseconds|nats|bits|BLEU|epochs|times as"
    r"|(?:sentences|characters|steps) a second)(?!\w)"
)
# Measurements in sentences that no record of ours has, and where they are from.
QUOTED = {
    "CHANGELOG.md": {"0.1 %": "the limit of a score's change"},
    "docs/cell-comparison.md": {
        "0.90 million": "the budget of the character models, tested below",
        "70,000 parameters": "Bai et al. 2018",
    },
    "docs/demo.md": {
        "10 MB": "the limit of a file",
        "20 million pixels": "the limit of an image",
    },
    "docs/own-data.md": {
        "15 epochs of 60 steps": "the recipe, tested with it",
        "first 90 %": "the split",
        "next 5 %": "the split",
        "last 5 %": "the split",
    },
    "docs/models/char_lm.md": {
        "1.1 million": "Tiny Shakespeare",
        "0.90 million parameters": "the budget of the character models, tested below",
        "10.7 million parameters": "README of nanoGPT",
        "0.8 million parameters": "README of nanoGPT",
    },
    "docs/models/cifar10.md": {
        "82.5 %": "the authors of the published ViT",
        "100 epochs": "the authors of the published Swin",
        "83.22 %": "a commit that the page names",
        "24 epochs": "a commit that the page names",
        "83.61 %": "a commit that the page names",
    },
    "docs/models/mnist.md": {"12 %": "the scaling of training images"},
    "docs/models/phased_lstm_sines.md": {
        "5 to 6 ms": "the task",
        "1 to 100 ms": "the task",
        "15 to 125 ms": "the task",
        "1.25 ms": "follows from the task",
        "70 epochs": "Neil et al. 2016",
        "0.1 per cent": "follows from 10,000 waves",
        "100 %": "a bound",
        "0.92 per cent": "follows from the task",
        "99.54 per cent": "follows from the task",
    },
    "docs/results.md": {"5 %": "the limit of Weston et al. 2015"},
    "docs/training.md": {"0.1 %": "the limit of a score's change"},
    "docs/reliability.md": {"10 MB": "the size of a chunk in huggingface_hub"},
}


def sentences(text):
    """A page's text without code, generated tables and marked numbers."""
    text = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!-- table:.*?<!-- end -->", "", text, flags=re.DOTALL)
    text = re.sub(r"[\d,.]*\d\s*<!-- fact: .*?-->(?:\s*(?:%|\w+))?", "", text)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_measurement_in_a_sentence_is_marked_or_quoted(page):
    """Write it as `NUMBER<!-- fact: ... -->`, or name its source in `QUOTED`."""
    text = " ".join(sentences(page.read_text("utf-8")).split())
    quoted = QUOTED.get(page.relative_to(ROOT).as_posix(), {})
    assert [words for words in quoted if words not in text] == [], "gone: unlist them"
    for words in quoted:
        text = text.replace(words, "")
    assert MEASUREMENT.findall(text) == []


def test_the_character_models_keep_their_budget():
    pages = ("docs/models/char_lm.md", "docs/cell-comparison.md")
    texts = [" ".join((ROOT / page).read_text("utf-8").split()) for page in pages]
    assert all("give" in text and "0.82 to 0.90 million" in text for text in texts)
    for record in ROOT.glob("weights/*_char_lm/metrics.json"):
        assert 0.82e6 <= json.loads(record.read_text("utf-8"))["params"] <= 0.90e6


def test_detr_lite_on_the_page_is_the_trained_one():
    from seqzoo.models import DETRConfig

    page = (ROOT / "docs" / "vision.md").read_text("utf-8")
    shown = eval(re.search(r"^lite = (DETRConfig\(.*?^\))", page, re.S | re.M)[1])
    spec = (ROOT / "weights" / "detr_lite_digits" / "config.json").read_text("utf-8")
    assert shown == DETRConfig(
        **{
            key: tuple(value) if isinstance(value, list) else value
            for key, value in json.loads(spec)["config"].items()
        }
    )


NAMESPACES = [data, decoding, hub, keras, layers, models, processors, tasks, training]
NAMED = re.compile(r"`([A-Za-z_][\w.]*)(?:\(([^`]*)\))?`")


def named_object(name):
    """What a name on a page stands for, if it is one of Python's; else None.

    Raises:
        AttributeError: If it should be an attribute and is none.
    """
    first, *rest = name.split(".")
    if first in ("seqzoo", "keras"):
        parts, entry = [first], importlib.import_module(first)
        for part in rest:
            parts.append(part)
            if not hasattr(entry, part):
                importlib.import_module(".".join(parts))
            entry = getattr(entry, part)
        return entry
    if not first[:1].isupper() or "_" in first:
        return None  # an argument, a file, a variable
    entry = next((getattr(n, first) for n in NAMESPACES if hasattr(n, first)), None)
    for part in rest if entry is not None else ():
        entry = getattr(entry, part)
    return entry


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_on_a_page_exist(page):
    """Attributes, the keyword arguments of a call, and paths of files."""
    text = sentences(page.read_text("utf-8"))
    for name, arguments in NAMED.findall(text):
        if name.startswith(("tfa.", "tf.")):
            continue  # of the libraries that migrating.md replaces
        entry = named_object(name)
        keywords = re.findall(r"(\w+)=", arguments)
        if entry is None or not keywords:
            continue
        parameters = inspect.signature(entry).parameters
        takes_any = any(p.kind == p.VAR_KEYWORD for p in parameters.values())
        assert takes_any or {*keywords} <= {*parameters}, name
    paths = re.findall(r"`((?:seqzoo|recipes|benchmarks|tests|docs)/[\w./-]+)`", text)
    paths = [path for path in paths if not re.search(r"\bx\.|_x\.|x_data", path)]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_symbols_of_the_equations_are_explained():
    """It is not a square: "the product of each number by itself"."""
    page = " ".join((ROOT / "docs" / "equations.md").read_text("utf-8").split())
    assert r"$\odot$ the element-wise product" in page


def test_recipes_to_copy_can_be_copied():
    """A recipe that own-data.md offers imports no other recipe."""
    page = (ROOT / "docs" / "own-data.md").read_text("utf-8")
    paths = re.findall(r"\]\(\.\./(recipes/\w+\.py)\)", page)
    assert [path for path in paths if imports_a_recipe(ROOT / path)] == []


def imports_a_recipe(path):
    """Whether a file imports from `recipes`."""
    tree = ast.parse(path.read_text("utf-8"))
    modules = [
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None), *(a.name for a in node.names))
    ]
    return any(name and name.startswith("recipes") for name in modules)


def test_the_translators_card_says_where_its_attention_is():
    folder = ROOT / "weights" / "bilstm_attn_translate"
    spec = json.loads((folder / "config.json").read_text("utf-8"))["config"]
    card = (folder / "README.md").read_text("utf-8")
    assert "Attention after each of the decoder's two layers" in card
    assert spec["attention_layers"] == spec["decoder_layers"] == 2


def test_the_sizes_in_vision_are_of_these_models():
    """The marks on the page name them by their place in the list."""
    path = ROOT / "benchmarks" / "results" / "loading.json"
    cases = [row["case"] for row in json.loads(path.read_text("utf-8"))["results"]]
    assert cases[:2] == ["ViT-B/16", "Swin-T"]
