"""`seqzoo run` of a question answerer: texts, files and standard input."""

import json
import sys

import pytest

import seqzoo
from seqzoo import cli
from seqzoo.models import MemoryNetwork, MemoryNetworkConfig
from seqzoo.processors import StoryProcessor
from seqzoo.tasks import base
from tests.graphs import uncompiled

TEXT = "Mary is a dog. Where is Mary? A dog is. Is a dog?"
FILE = "1 Mary is a dog.\n2 Where is Mary?\tdog\t1\n1 A dog is.\n2 Is a dog?\tis\t1\n"


@pytest.fixture(autouse=True)
def model(monkeypatch):
    processor = StoryProcessor(["a", "dog", "is", "mary", "where"])
    model = MemoryNetwork(MemoryNetworkConfig(processor.vocab_size, 4))
    model.processor = processor
    model.build()
    monkeypatch.setattr(seqzoo, "load", lambda name: model, raising=False)
    monkeypatch.setattr(base, "compile_for", uncompiled)
    return model


def test_every_question_of_a_text_is_answered(model, capsys):
    assert cli.main(["run", "toy", TEXT]) == 0
    first = model.answer("Mary is a dog.", "Where is Mary?")
    second = model.answer("Mary is a dog. A dog is.", "Is a dog?")
    assert capsys.readouterr() == (f"{first}\n{second}\n", "")


def test_a_file_is_read_and_a_line_is_a_story(model, capsys, monkeypatch, tmp_path):
    (tmp_path / "story.txt").write_text(FILE)
    assert cli.main(["run", "toy", str(tmp_path / "story.txt")]) == 0
    from_file, err = capsys.readouterr()
    assert err == ""
    lines = ["Mary is a dog. Where is Mary?\n", "A dog is. Is a dog?\n"]
    monkeypatch.setattr(sys, "stdin", iter(lines))
    assert cli.main(["run", "toy", "-"]) == 0
    assert capsys.readouterr().out == from_file


def test_json_has_the_attention(model, capsys):
    assert cli.main(["run", "toy", TEXT, "--json", "--attention"]) == 0
    _, answer = json.loads(capsys.readouterr().out)["answers"]
    assert answer["question"] == "Is a dog?"
    assert answer["sentences"] == ["Mary is a dog.", "A dog is."]
    assert [len(row) for row in answer["attention"]] == [2] * model.config.hops


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mary is a cat. Where is Mary?", "not 'cat'"),
        ("Mary is a dog.", "question mark"),
        ("no_file.txt", "question mark"),
        ("Where is Mary?", "story first"),
    ],
)
def test_an_error_is_one_line(text, message, capsys):
    assert cli.main(["run", "toy", text]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
