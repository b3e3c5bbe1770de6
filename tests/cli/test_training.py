"""Recipes from a shell: `train`, `evaluate` and `verify --score`."""

import json
import sys
from pathlib import Path

import pytest

import seqzoo
from seqzoo import cli
from seqzoo.cli import training

ROOT = Path(__file__).parents[2]


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
    monkeypatch.setattr(training, "recipes_folder", lambda: tmp_path)


def test_train_passes_every_flag_to_the_recipe(recipe, capsys):
    before = sys.argv
    assert cli.main(["train", "toy", "--seed", "1", "--help", "x"]) == 0
    assert capsys.readouterr().out == "['--seed', '1', '--help', 'x']\n"
    assert sys.argv is before


def test_the_recipe_hears_of_debug_too(recipe, capsys):
    assert cli.main(["train", "toy", "--debug", "--seed", "1"]) == 0
    assert capsys.readouterr().out == "['--seed', '1', '--debug']\n"


@pytest.mark.parametrize("name", ["bilstm_attn_translate", "detr_lite_cells"])
def test_the_help_of_a_recipe_needs_no_extra(name, monkeypatch, capsys):
    from seqzoo.tasks.metrics import bleu, coco

    assert bleu and coco  # they are imported without their libraries
    for module in ("sacrebleu", "sacrebleu.metrics", "sacremoses", "pycocotools"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("bleu", "coco"):
        monkeypatch.delitem(sys.modules, f"seqzoo.tasks.metrics.{module}")
    assert cli.main(["train", name, "--help"]) == 0
    assert "--seed" in capsys.readouterr().out


def test_a_recipe_that_stops_sets_the_status(recipe, capsys):
    assert cli.main(["train", "toy", "--stop"]) == 3
    assert cli.main(["train", "toy", "--complain"]) == 2
    assert capsys.readouterr().err == "seqzoo: error: no data\n"


def test_an_unknown_recipe_is_answered_with_the_known_ones(recipe, capsys):
    assert cli.main(["train", "tyo"]) == 2
    assert capsys.readouterr().err.endswith("Recipes: toy.\n")


def test_the_recipes_of_the_clone_are_found():
    assert training.recipes_folder() == Path(seqzoo.__file__).parents[1] / "recipes"


def test_evaluate_scores_the_bundle_s_model(recipe, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(tmp_path))
    assert cli.main(["evaluate", "toy"]) == 0
    assert capsys.readouterr().out == f"['--evaluate', '--out', '{tmp_path}']\n"


def test_evaluate_scores_a_folder_by_the_recipe_of_its_name(
    recipe, capsys, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["evaluate", "./runs/toy"]) == 0
    wanted = ["--evaluate", "--out", str(tmp_path / "runs")]
    assert capsys.readouterr().out == f"{wanted}\n"


def test_verify_score_hashes_first_and_then_evaluates(
    recipe, capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(tmp_path))
    files = [("config.json", True)]
    monkeypatch.setattr(seqzoo, "verify", lambda name: files, raising=False)
    assert cli.main(["verify", "toy", "--score"]) == 0
    hashed, scored = capsys.readouterr().out.splitlines()
    assert (hashed, scored) == (
        "ok  config.json",
        f"['--evaluate', '--out', '{tmp_path}']",
    )
    files[0] = ("config.json", False)
    assert cli.main(["verify", "toy", "--score"]) == 2
    assert capsys.readouterr().out == "DAMAGED  config.json\n"


def test_verify_names_the_damaged_files_and_fails(monkeypatch, capsys):
    files = [("config.json", True), ("model.safetensors", False)]
    monkeypatch.setattr(seqzoo, "verify", lambda name: files, raising=False)
    assert cli.main(["verify", "toy"]) == 2
    out, err = capsys.readouterr()
    assert out == "ok  config.json\nDAMAGED  model.safetensors\n"
    assert err == "seqzoo: error: 1 of 2 files of toy are damaged.\n"


def test_a_copied_recipe_trains_by_its_path(capsys, monkeypatch, tmp_path):
    """Also one that imports what the character models share."""
    for name in ("gru_row_mnist", "lstm_char_lm"):
        assert cli.main(["recipe", name]) == 0
        code = capsys.readouterr().out
        original = training.recipes_folder() / f"{name}.py"
        assert code == original.read_text("utf-8")
        (tmp_path / f"my_{name}.py").write_text(code, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", str(ROOT))])
    assert cli.main(["train", "./my_lstm_char_lm.py", "--help"]) == 0
    assert "--text FILE" in capsys.readouterr().out
    assert cli.main(["train", "./no.py"]) == 2
    assert "There is no recipe no.py" in capsys.readouterr().err


def test_evaluate_says_how_to_score_a_model_of_an_own_text(
    recipe, capsys, monkeypatch, tmp_path
):
    folder = tmp_path / "toy_my"
    folder.mkdir()
    arguments = ["--text", "my text.txt"]
    record = {"recipe": "recipes/toy.py", "arguments": arguments}
    (folder / "metrics.json").write_text(json.dumps(record))
    assert cli.main(["evaluate", str(folder)]) == 2
    command = f"seqzoo train toy --evaluate --out {tmp_path} --text 'my text.txt'"
    assert command in capsys.readouterr().err
