"""`seqzoo list`, `info`, `run` and `plot`: what they print."""

import json
import sys
from dataclasses import dataclass

import pytest

import seqzoo
from seqzoo import cli
from seqzoo.cli import models


def test_run_prints_one_line_for_each_input(shouter, capsys):
    assert cli.main(["run", "toy", "zwei Hunde", "Schnee"]) == 0
    assert capsys.readouterr() == ("ZWEI HUNDE\nSCHNEE\n", "")


def test_a_dash_is_every_line_of_standard_input(shouter, capsys, monkeypatch):
    lines = iter(["eins\n", "\n", "drei\r\n", "vier"])
    monkeypatch.setattr(sys, "stdin", lines)
    assert cli.main(["run", "toy", "null", "-"]) == 0
    assert capsys.readouterr().out == "NULL\nEINS\n\nDREI\nVIER\n"


def test_long_input_is_answered_in_parts_with_progress_on_stderr(
    shouter, capsys, monkeypatch
):
    monkeypatch.setattr(models, "LINES_PER_CALL", 2)
    assert cli.main(["run", "toy", "a", "b", "c"]) == 0
    out, err = capsys.readouterr()
    assert out == "A\nB\nC\n"
    assert err.splitlines() == ["2 of 3 inputs done", "3 of 3 inputs done"]


def test_an_example_takes_the_place_of_inputs(shouter, capsys):
    assert cli.main(["run", "toy", "--example"]) == 0
    assert capsys.readouterr() == ("BEISPIEL\n", "INPUT: Beispiel\n")
    for arguments in ([], ["ja", "--example"]):
        assert cli.main(["run", "toy", *arguments]) == 2
        assert "--example" in capsys.readouterr().err


def test_several_answers_come_with_their_scores(shouter, capsys):
    assert cli.main(["run", "toy", "ja", "--n-best", "2"]) == 0
    assert capsys.readouterr().out == "-0.0000\tJA\n-1.0000\tJA!\n"


def test_json_is_one_object_for_each_input(shouter, capsys):
    assert cli.main(["run", "toy", "ä", "b", "--json", "--attention"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {
        "input": "ä",
        "translations": [
            {
                "text": "Ä",
                "score": 0.0,
                "source_tokens": ["ä", "<eos>"],
                "target_tokens": ["Ä", "<eos>"],
                "attention": [[1.0, 0.0], [0.0, 1.0]],
            }
        ],
    }
    assert second["input"] == "b"


def test_attention_without_json_is_refused(shouter, capsys):
    assert cli.main(["run", "toy", "a", "--attention"]) == 2
    assert capsys.readouterr() == (
        "",
        "seqzoo: error: --attention needs --json: the weights are numbers.\n",
    )


def test_a_task_without_a_verb_is_named(shouter, capsys):
    shouter.task = "juggling"
    assert cli.main(["run", "toy", "a"]) == 2
    assert "a model for juggling" in capsys.readouterr().err


def test_plot_writes_the_figure_and_prints_its_name(shouter, capsys, tmp_path):
    out = tmp_path / "a.png"
    assert cli.main(["plot", "toy", "zwei Hunde", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert out.read_bytes().startswith(b"\x89PNG")


def test_plot_refuses_a_bad_name_before_it_loads_a_model(monkeypatch, capsys):
    monkeypatch.setattr(seqzoo, "load", lambda name: pytest.fail(), raising=False)
    assert cli.main(["plot", "toy", "a", "--out", "a.gif"]) == 2
    assert ".png, .svg, .pdf" in capsys.readouterr().err


@dataclass(frozen=True)
class Info:
    name: str
    paper: str

    def __repr__(self):
        return f"{self.name}: {self.paper}"


def test_info_prints_a_record_for_people_and_for_programs(monkeypatch, capsys):
    monkeypatch.setattr(seqzoo, "info", lambda name: Info(name, "Köln"), raising=False)
    assert cli.main(["info", "toy"]) == 0
    assert cli.main(["info", "toy", "--json"]) == 0
    people, *programs = capsys.readouterr().out.splitlines()
    assert people == "toy: Köln"
    assert json.loads("".join(programs)) == {"name": "toy", "paper": "Köln"}


def test_list_passes_its_filters_on(monkeypatch, capsys):
    def list_models(pattern, task, max_params):
        return [f"{pattern}/{task}/{max_params}", "b"]

    monkeypatch.setattr(seqzoo, "list_models", list_models, raising=False)
    assert cli.main(["list", "v*", "--task", "t", "--max-params", "9"]) == 0
    assert capsys.readouterr().out == "v*/t/9\nb\n"


class Parrot:
    """A text generator that repeats its prompt's last character."""

    task = "text-generation"

    def generate(self, prompt, max_new_tokens=256):
        return prompt[-1] * max_new_tokens


@pytest.fixture
def parrot(monkeypatch):
    monkeypatch.setattr(seqzoo, "load", lambda name: Parrot(), raising=False)


def test_run_prints_the_prompt_and_how_it_goes_on(parrot, capsys):
    assert cli.main(["run", "toy", "ab", "c", "--max-new-tokens", "3"]) == 0
    assert capsys.readouterr().out == "abbbb\ncccc\n"
    assert cli.main(["run", "toy", "ü", "--max-new-tokens", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"prompt": "ü", "continuation": "üü"}


@pytest.mark.parametrize(
    "flags", [["--beam-size", "3"], ["--attention", "--json"], ["--n-best", "2"]]
)
def test_an_option_of_another_task_is_refused(parrot, capsys, flags):
    assert cli.main(["run", "toy", "a", *flags]) == 2
    assert f"{flags[0]} is not for text-generation" in capsys.readouterr().err
