"""Every recipe runs: two steps on toy data, then everything that follows training."""

import ast
import runpy
import sys
from pathlib import Path

import pytest

from recipes._schedule import scheduled
from seqzoo.models import Swin, SwinConfig

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


def tiny_swin(**changes):
    sizes = {"image_size": 8, "patch_size": 2, "window_size": 2, "num_classes": 4}
    return SwinConfig(embed_dim=8, depths=(2,), num_heads=(2,), **sizes | changes)


def test_muon_turns_the_matrices_within_alone():
    """AdamW trains the stem's kernels, position biases, norms and the last layer."""
    model = Swin(tiny_swin(stem="conv"))
    model.build()
    optimizer = scheduled("muon", 9, 0.1, 2, 0.1, 1.0, 0.9)
    optimizer.build(model.trainable_variables)
    turned = {
        weight.path.split("/", 1)[1]
        for weight, velocity in zip(
            model.trainable_variables, optimizer.adam_velocities, strict=True
        )
        if velocity is None
    }
    inner = ("attention/attention/qkv", "attention/attention/output_layer")
    inner += ("feed_forward/hidden", "feed_forward/output_layer")
    assert turned == {"patches/projection/kernel"} | {
        f"block_{block}/{layer}/kernel" for block in range(2) for layer in inner
    }


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_the_rate_rises_falls_and_spares_what_is_no_kernel(kind):
    optimizer = scheduled(kind, 100, 0.1, 20, 0.1, 1.0, 0.9)
    rates = [float(optimizer._learning_rate(step)) for step in (0, 20, 60, 100)]
    assert rates == pytest.approx([0, 0.1, 0.0505, 0.001])
    model = Swin(tiny_swin())
    model.build()
    optimizer.build(model.trainable_variables)
    decayed = {
        weight.name
        for weight in model.trainable_variables
        if optimizer._use_weight_decay(weight)
    }
    assert decayed == {"kernel"}
