"""Writes the folder of a trained model: rounded weights, their scores, the record."""

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from seqzoo import hub
from seqzoo.hub.manifest import CARD, CONFIG, METRICS, WEIGHTS, read_manifest
from seqzoo.hub.names import bundle_folder
from seqzoo.tasks.base import Task
from seqzoo.tasks.metrics import Metric
from seqzoo.training.card import model_card
from seqzoo.training.checkpoints import Progress, load_weights
from seqzoo.training.logs import csv_of, say
from seqzoo.training.recipe import Recipe
from seqzoo.training.record import (
    exact_products,
    metrics_json,
    write_golden,
    write_json,
)

LOG = "train_log.csv"
TOLERANCE = 0.001  # of a score, by which int8 may move it; or the spread of its seeds


def write_model(recipe: Recipe, progress: Progress, folder: Path, seed: int) -> Path:
    """Saves, rounds, evaluates and records the model with the chosen weights.

    A model that wants int8 gets float16 if int8 would move a score too far.
    """
    target = folder / recipe.name
    with _staged(target) as whole:
        say("Evaluating on test data")
        chosen: Mapping[str, Metric] = {}
        if recipe.weights_dtype == "int8":
            weights = recipe.model.get_weights()
            chosen = recipe.evaluate(recipe.model)
        scores = _rounded(recipe, whole)
        if moved := _moved({name: vars(m) for name, m in chosen.items()}, scores):
            say(f"int8 moves {moved}; the weights are stored as float16")
            recipe = dataclasses.replace(recipe, weights_dtype="float16")
            recipe.model.set_weights(weights)
            scores = _rounded(recipe, whole)
        record = metrics_json(recipe, progress, scores, seed)
        (whole / LOG).write_bytes(csv_of(progress.history))
        _write_record(recipe, record, whole, target)
    for name, metric in record["metrics"].items():
        say(f"{name} {metric['value']:.5g} {metric['unit']} on {metric['split']}")
    say(f"Wrote {target}")
    return target


def store_again(
    recipe: Recipe,
    model: Task,
    folder: Path,
    dtype: Literal["float32", "float16", "int8"],
) -> Path:
    """Stores a trained model in another precision, with the scores of the new file.

    Args:
        recipe: The recipe that the model was trained by.
        model: The model with its present weights.
        folder: Holds the model's folder.
        dtype: Of the weights in the new file.

    Raises:
        ValueError: If a score moves too far; then nothing changes.
    """
    target = folder / recipe.name
    record = json.loads((target / METRICS).read_text("utf-8"))
    recipe = dataclasses.replace(recipe, model=model, weights_dtype=dtype)
    with exact_products(), _staged(target) as whole:
        scores = _rounded(recipe, whole)
        if moved := _moved(record["metrics"], scores):
            raise ValueError(
                f"{dtype} moves {moved}: by more than {TOLERANCE:.1%} and the spread. "
                f"{target} stays as it is."
            )
        for name, metric in scores.items():
            record["metrics"][name]["value"] = metric.value
        record["weights_dtype"] = dtype
        shutil.copy(target / LOG, whole / LOG)
        _write_record(recipe, record, whole, target)
    return target


def record_again(recipe: Recipe, record: Mapping[str, Any], target: Path) -> None:
    """Replaces the record of a trained model, and the card and manifest with it."""
    with _staged(target) as whole:
        shutil.copytree(target, whole)
        write_json(whole / METRICS, record)
        _write_card(recipe, record, whole, target)


def _rounded(recipe: Recipe, whole: Path) -> Mapping[str, Metric]:
    """Saves the model, reads its rounded weights again, and returns their scores."""
    hub.save(recipe.model, whole, weights_dtype=recipe.weights_dtype)
    load_weights(recipe.model, whole / WEIGHTS)
    return recipe.evaluate(recipe.model)


def _moved(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Metric]) -> str:
    """The scores that differ by more than `TOLERANCE` and by more than the spread."""
    lines = []
    for name, metric in before.items():
        old, new = metric["value"], after[name].value
        # Not `>`, so that NaN moves, too.
        if not abs(new - old) <= max(TOLERANCE * abs(old), metric["spread"] or 0.0):
            lines.append(f"{name} from {old:.5g} to {new:.5g}")
    return ", ".join(lines)


def _write_record(
    recipe: Recipe, record: Mapping[str, Any], whole: Path, target: Path
) -> None:
    """Writes the record, the golden file and the card, and the manifest last."""
    write_json(whole / METRICS, record)
    write_golden(recipe, whole / "golden.safetensors")
    _write_card(recipe, record, whole, target)


def _write_card(
    recipe: Recipe, record: Mapping[str, Any], whole: Path, target: Path
) -> None:
    spec = json.loads((whole / CONFIG).read_text("utf-8"))
    in_bundle = target.parent.resolve() == bundle_folder().resolve()
    address = recipe.name if in_bundle and not recipe.source else f"./{recipe.name}"
    card = model_card(recipe.card, record, spec, address)
    (whole / CARD).write_text(card, encoding="utf-8")
    hub.write_manifest(whole, repo_id=repository_of(target))


def repository_of(folder: Path) -> str | None:
    """The Hub repository of the model that is replaced; a new model has none yet."""
    try:
        manifest = read_manifest(folder)
    except ValueError:
        return None
    return None if manifest is None else manifest.repo_id


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """A folder to write that takes the place of `target` at the end, if all went well.

    Until then, or after an error, `target` stays.
    """
    staged = target.with_name(f".{target.name}.partial")
    _undo_put(target)
    shutil.rmtree(staged, ignore_errors=True)  # of a run that was killed here
    staged.mkdir(parents=True)
    try:
        yield staged / target.name
        _put(staged / target.name, target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _put(whole: Path, target: Path) -> None:
    """Puts a folder in the place of another, which stays if that fails."""
    before = _before(target)
    if target.exists():
        os.replace(target, before)
    try:
        os.replace(whole, target)
    except BaseException:
        _undo_put(target)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _undo_put(target: Path) -> None:
    """Puts the folder back that `_put` moved away before it was killed."""
    before = _before(target)
    if before.exists() and not target.exists():
        os.replace(before, target)
    shutil.rmtree(before, ignore_errors=True)


def _before(target: Path) -> Path:
    return target.with_name(f".{target.name}.before")
