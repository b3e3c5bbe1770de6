"""What the pages state as a fact is so: numbers, figures of speech, descriptions."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [
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
