"""The command line: what it prints, where, and how it fails."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import seqzoo
from seqzoo import cli
from seqzoo.tasks.translation import Translation

ROOT = Path(__file__).parent.parent
START = [
    sys.executable,
    "-c",
    "import sys; from seqzoo.cli import main; sys.exit(main())",
]


class Shouter:
    """A translator whose translations are its inputs in capitals."""

    task = "translation"

    def translate(
        self, texts, beam_size, length_penalty=1.0, n_best=1, return_attention=False
    ):
        if isinstance(texts, str):
            return self.translate(
                [texts], beam_size, length_penalty, n_best, return_attention
            )[0]
        answers = [
            [self.answer(text, rank, return_attention) for rank in range(n_best)]
            for text in texts
        ]
        return answers if n_best > 1 else [best[0] for best in answers]

    def answer(self, text, rank, explained):
        shouted = text.upper() + "!" * rank
        if not explained:
            return shouted
        source, target = [*text.split(), "<eos>"], [*shouted.split(), "<eos>"]
        return Translation(
            shouted, -float(rank), source, target, np.eye(len(source), dtype="float32")
        )


@pytest.fixture
def shouter(monkeypatch):
    model = Shouter()
    monkeypatch.setattr(seqzoo, "load", lambda name: model, raising=False)
    return model


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
    monkeypatch.setattr(cli, "LINES_PER_CALL", 2)
    assert cli.main(["run", "toy", "a", "b", "c"]) == 0
    out, err = capsys.readouterr()
    assert out == "A\nB\nC\n"
    assert err.splitlines() == ["2 of 3 inputs done", "3 of 3 inputs done"]


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


def test_plot_writes_the_picture_and_prints_its_name(shouter, capsys, tmp_path):
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


def test_verify_names_the_damaged_files_and_fails(monkeypatch, capsys):
    files = [("config.json", True), ("model.safetensors", False)]
    monkeypatch.setattr(seqzoo, "verify", lambda name: files, raising=False)
    assert cli.main(["verify", "toy"]) == 2
    out, err = capsys.readouterr()
    assert out == "ok  config.json\nDAMAGED  model.safetensors\n"
    assert err == "seqzoo: error: 1 of 2 files of toy are damaged.\n"


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A recipe named `toy` that does what its first flag says."""
    code = """
        import sys
        if __name__ == "__main__":
            if sys.argv[1:] == ["--stop"]:
                sys.exit(3)
            if sys.argv[1:] == ["--complain"]:
                sys.exit("no data")
            print(sys.argv[1:])
        """
    (tmp_path / "toy.py").write_text("\n".join(x[8:] for x in code.splitlines()))
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr(cli, "recipes_folder", lambda: tmp_path)


def test_train_passes_every_flag_to_the_recipe(recipe, capsys):
    before = sys.argv
    assert cli.main(["train", "toy", "--seed", "1", "--help", "x"]) == 0
    assert capsys.readouterr().out == "['--seed', '1', '--help', 'x']\n"
    assert sys.argv is before


def test_the_recipe_hears_of_debug_too(recipe, capsys):
    assert cli.main(["train", "toy", "--debug", "--seed", "1"]) == 0
    assert capsys.readouterr().out == "['--seed', '1', '--debug']\n"


def test_a_recipe_that_stops_sets_the_status(recipe, capsys):
    assert cli.main(["train", "toy", "--stop"]) == 3
    assert cli.main(["train", "toy", "--complain"]) == 2
    assert capsys.readouterr().err == "seqzoo: error: no data\n"


def test_an_unknown_recipe_is_answered_with_the_known_ones(recipe, capsys):
    assert cli.main(["train", "tyo"]) == 2
    assert capsys.readouterr().err.endswith("There is: toy.\n")


def test_the_recipes_of_the_clone_are_found():
    assert cli.recipes_folder() == ROOT / "recipes"


@pytest.mark.parametrize(
    "error",
    [
        ValueError("first line\n  second line"),
        KeyError("No model"),
        OSError(28, "No space left on device"),
        ImportError("No module named x"),
        ValueError(),
        KeyError(),
        RuntimeError("x" * 10_000),
        TypeError("a mistake in the program"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_is_one_line_and_status_two(error, shouter, capsys):
    def fail(*args, **options):
        raise error

    shouter.translate = fail
    assert cli.main(["run", "toy", "a"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("seqzoo: error: ")
    assert len(err.splitlines()) == 1
    assert len(err) < 500
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["run"],
        ["run", "toy"],
        ["run", "toy", "a", "--beam-size", "two"],
    ],
)
def test_a_wrong_command_line_is_one_line_that_points_to_the_help(arguments, capsys):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "--help." in err


@pytest.mark.parametrize("arguments", [["--debug", "run"], ["run", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(arguments, shouter, capsys):
    shouter.task = "juggling"
    assert cli.main([*arguments, "toy", "a"]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("seqzoo: error: ")


def test_what_follows_two_dashes_is_input(shouter, capsys):
    assert cli.main(["run", "toy", "--", "--debug"]) == 0
    assert capsys.readouterr().out == "--DEBUG\n"


def test_interruption_is_silent(shouter, capsys):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    shouter.translate = interrupt
    assert cli.main(["run", "toy", "a"]) == 130
    assert capsys.readouterr() == ("", "")


def test_no_arguments_show_the_help(capsys):
    assert cli.main([]) == 0
    assert "Usage: seqzoo" in capsys.readouterr().out


def environment(**changes):
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def test_the_version_is_the_packages(monkeypatch, capsys):
    monkeypatch.setitem(vars(seqzoo), "__version__", "1.2.3")
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "1.2.3\n"


def test_list_starts_without_keras():
    code = (
        "import sys; from seqzoo.cli import main; main(['list'])\n"
        "sys.exit('keras' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_umlauts_survive_an_ascii_locale():
    code = (
        "import sys, seqzoo; from seqzoo.cli import main\n"
        "import collections\n"
        "Model = collections.namedtuple('Model', 'task translate')\n"
        "seqzoo.load = lambda name: Model('translation', lambda t, **o: t)\n"
        "sys.exit(main(['run', 'toy', '-']))"
    )
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**locale),
        input="Mädchen läuft 🐕\n".encode(),
        capture_output=True,
    )
    assert done.stdout.decode() == "Mädchen läuft 🐕\n", done.stderr


def test_a_closed_pipe_ends_it_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*START, "--help"], env=environment(), stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_what_libraries_say_is_dropped_and_what_we_say_is_not():
    code = (
        "import logging, os, sys, warnings\n"
        "from seqzoo.terminal import quiet_libraries\n"
        "with quiet_libraries():\n"
        "    os.write(2, b'native\\n')\n"
        "    warnings.warn('warned')\n"
        "    logging.getLogger('tensorflow').warning('logged')\n"
        "    print('python', file=sys.stderr)\n"
        "os.write(2, b'after\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert done.stderr == "python\nafter\n"


class Parrot:
    """A text generator that repeats its prompt's last character."""

    task = "text-generation"

    def generate(self, prompt, max_new_tokens, temperature, top_k, top_p, seed):
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
