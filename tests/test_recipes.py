"""Every recipe runs: two steps on toy data, then everything that follows training."""

import ast
import json
import re
import runpy
import sys
from pathlib import Path

import pytest

RECIPES = sorted(
    path
    for path in (Path(__file__).parents[1] / "recipes").glob("*.py")
    if not path.stem.startswith("_")
)
# Alike but for network or data: one stands for all where minutes count.
FAMILIES = ("_char_lm", "_mnist", "_cifar10", "_digits", "_cells")
ALIKE = [path for path in RECIPES if path.stem.endswith(FAMILIES)]
QUICK = ("lstm_char_lm", "gru_row_mnist", "vit_cifar10", "detr_lite_digits")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.stem,
            marks=[pytest.mark.slow]
            if path in ALIKE and path.stem not in QUICK
            else [],
        )
        for path in RECIPES
    ],
)
def test_smoke(path, tmp_path, monkeypatch, capsys, graphs):
    monkeypatch.chdir(tmp_path)  # which must stay empty
    monkeypatch.setattr(sys, "argv", [str(path), "--smoke"])
    runpy.run_path(str(path), run_name="__main__")
    assert f"weights/{path.stem}\n" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_docstring_says_the_command(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert f"python -m recipes.{path.stem}" in docstring


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_docstring_says_the_recorded_minutes_and_scores(path):
    """Each rounded as printed; minutes are those of the tables."""
    root = path.parents[1]
    if not (root / "weights" / path.stem).is_dir():
        pytest.skip(f"{path.stem} has no record yet")
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    minutes = runpy.run_path(str(root / "docs" / "builder" / "records.py"))["minutes"]
    assert re.findall(r"([\d.]+) minutes", docstring) == [f"{minutes(path.stem):.0f}"]
    record = json.loads((root / "weights" / path.stem / "metrics.json").read_text())
    values = [metric["value"] for metric in record["metrics"].values()]
    scores = re.findall(r"(?<!IoU )(?<!section )\b\d+\.\d+", docstring)
    assert scores
    for score in scores:
        digits = len(score.partition(".")[2])
        assert score in [f"{value:.{digits}f}" for value in values]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_stands_on_one_screen(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 110
