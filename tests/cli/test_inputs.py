"""`seqzoo run` on many inputs: their order, bad ones, and lines as they come."""

import json
import os
import sys

import pytest

import seqzoo
from seqzoo import cli
from seqzoo.cli.inputs import Input, Lines, answered, parts
from seqzoo.processors import CharacterProcessor, LogMelProcessor, TranslationProcessor
from seqzoo.processors.base import TextProcessor


@pytest.fixture
def picky(shouter):
    """A translator that refuses a list with a text of `bad` in it."""
    translate = shouter.translate

    def refuse(texts, **options):
        for text in texts:
            if "bad" in text:
                raise ValueError(f"Received: {text!r}.")
        return translate(texts, **options)

    shouter.translate = refuse
    return shouter


@pytest.fixture
def stdin(monkeypatch):
    return lambda *lines: monkeypatch.setattr(sys, "stdin", iter(lines))


@pytest.mark.parametrize("lazy", [False, True], ids=["list", "iterator"])
@pytest.mark.parametrize("bad", [[], [0], [6], [2, 3], list(range(7))], ids=str)
def test_every_input_gets_its_answer_or_its_error_in_order(lazy, bad):
    def answer(texts):
        def one(text):
            if int(text) in bad:
                raise ValueError(text)
            return int(text)

        results = (one(text) for text in texts)
        return results if lazy else list(results)

    part = [Input(str(i)) for i in range(7)]
    found = list(answered(answer, part))
    assert [given for given, _ in found] == part
    assert [i for i, (_, result) in enumerate(found) if result == i] == [
        i for i in range(7) if i not in bad
    ]
    errors = [str(result) for _, result in found if isinstance(result, ValueError)]
    assert errors == [str(i) for i in bad]


def test_a_bad_argument_does_not_stop_the_others(picky, capsys):
    assert cli.main(["run", "toy", "a", "bad 1", "b", "bad 2", "c"]) == 2
    out, err = capsys.readouterr()
    assert out == "A\nB\nC\n"
    assert err.splitlines() == [
        "seqzoo: error: Received: 'bad 1'.",
        "seqzoo: error: Received: 'bad 2'.",
        "seqzoo: error: 2 of 5 inputs were refused.",
    ]


def test_an_error_that_is_not_about_the_inputs_is_said_once(shouter, capsys):
    assert cli.main(["run", "toy", "a", "b", "c", "--n-best", "0"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) <= 2


def test_a_bad_line_is_named_by_its_number(picky, capsys, stdin):
    stdin("a\n", "b\n", "bad\n", "c\n")
    assert cli.main(["run", "toy", "-"]) == 2
    out, err = capsys.readouterr()
    assert out == "A\nB\n"
    assert err == "seqzoo: error: line 3 of standard input: Received: 'bad'.\n"


def test_bad_lines_are_skipped_and_keep_their_place(picky, capsys, stdin):
    stdin("a\n", "bad\n", "c\n")
    assert cli.main(["run", "toy", "-", "--on-error", "skip"]) == 0
    out, err = capsys.readouterr()
    assert out == "A\n\nC\n"
    assert "line 2 of standard input" in err and "1 of 3 inputs were skipped" in err
    stdin("a\n", "bad\n", "c\n")
    assert cli.main(["run", "toy", "-", "--on-error", "skip", "--json"]) == 0
    first, second, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["input"] == "a"
    assert second == {"input": "bad", "error": "Received: 'bad'."}


def test_an_argument_can_stop_the_others(picky, capsys):
    assert cli.main(["run", "toy", "a", "bad", "c", "--on-error", "fail"]) == 2
    assert capsys.readouterr().out == "A\n"


def test_lines_come_before_the_input_ends(monkeypatch):
    reader, writer = os.pipe()
    with (
        os.fdopen(reader, encoding="utf-8") as stdin,
        os.fdopen(writer, "wb", 0) as pipe,
    ):
        monkeypatch.setattr(sys, "stdin", stdin)
        pipe.write("ä\r\n".encode())
        lines = iter(Lines(5))
        assert next(lines) == [Input("ä", 1)]
        pipe.write(b"b\n\xff\n")
        rest = next(lines)
        pipe.close()
        for part in lines:
            rest += part
        assert rest == [Input("b", 2), Input("\ufffd", 3)]


def test_lines_stand_where_their_dash_stands(stdin):
    stdin(*(f"{i}\n" for i in range(1, 8)))
    inputs = ["a", "b", "c", "-", "d", "-"]
    given = list(parts(inputs, Lines(2), 2))
    assert max(map(len, given)) <= 2
    texts = [one.text for part in given for one in part]
    assert texts == ["a", "b", "c", *map(str, range(1, 8)), "d"]


def test_a_closed_input_is_an_error_in_words(shouter, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.main(["run", "toy", "-"]) == 2
    assert "standard input, which is closed" in capsys.readouterr().err


def test_a_doubtful_text_gets_a_hint(shouter, capsys, tmp_path, stdin):
    shouter.processor = TextProcessor()
    path = tmp_path / "s.txt"
    path.write_text("A man sleeps.")
    assert cli.main(["run", "toy", "", str(path), "fine"]) == 0
    empty, file = capsys.readouterr().err.splitlines()
    assert "empty" in empty and f"seqzoo run toy - < {path}" in file
    stdin("\n", f"{path}\n")
    assert cli.main(["run", "toy", "-"]) == 0
    assert capsys.readouterr().err == ""


def test_unknown_characters_and_silence_are_doubted():
    processor = TranslationProcessor.train(["a dog"], ["a dog"], vocab_size=40)
    assert processor.doubt("a dog") == ""
    assert processor.doubt("a 狗ω") == "The model does not know '狗', 'ω'."
    letters = CharacterProcessor("ab?", unknown="?")
    assert letters.doubt("ab") == "" and "'ω'" in letters.doubt("aω")
    hearing = LogMelProcessor(["a"])
    assert hearing.doubt([0.1] * 900) == "The recording is silent."
    assert hearing.doubt([0.1, -0.1] * 450) == ""


def test_one_model_that_cannot_be_fetched_does_not_stop_the_others(capsys, monkeypatch):
    def fetch(name):
        if name == "b":
            raise FileNotFoundError("b is not there")

    monkeypatch.setattr("seqzoo.zoo.fetch", fetch)
    assert cli.main(["fetch", "a", "b", "c"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "a is complete",
        "seqzoo: error: b is not there",
        "c is complete",
        "seqzoo: error: 1 of 3 models are not complete: b.",
    ]
    assert cli.main(["fetch", "b"]) == 2
    assert capsys.readouterr().err == "seqzoo: error: b is not there\n"


def test_a_filter_that_nothing_fits_names_the_tasks(capsys, monkeypatch):
    monkeypatch.setattr(
        seqzoo, "list_models", lambda p="*", task=None, **o: [] if task else ["a"]
    )
    record = type("Record", (), {"task": "translation"})
    monkeypatch.setattr(seqzoo, "info", lambda name: record)
    assert cli.main(["list", "--task", "translate"]) == 0
    out, err = capsys.readouterr()
    assert out == "" and "Tasks: translation." in err
