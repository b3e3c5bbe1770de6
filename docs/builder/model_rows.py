"""Rows for tables of trained models."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from builder import records as read
from builder.benchmark_rows import recurrent
from builder.records import DOCS, WEIGHTS, format_score, link, main_metric, records
from seqzoo.tasks import TASKS

Row = dict[str, Any]


def models(pattern: str, page: Path) -> Iterator[Row]:
    """Each model's record and more; values that a model lacks are left out."""
    speed = read.milliseconds()
    for name in fnmatch.filter(records(), pattern):
        record = records()[name]
        row = {
            **record,
            "settings": read.config(name)["config"],
            "cell": read.cell_name(name),
            "title": read.card(name)["title"],
            "short_data": re.split(r" \(|[:;.]", record["data"])[0],
            # The site turns a link to the folder into one to the model's page.
            "model": link(name, WEIGHTS / name, page),
            "story": link(name, read.story(name), page),
            "size": read.format_size(record["params"]),
            "main": record["metrics"][main_metric(record)],
            "main_score": format_score(record["metrics"][main_metric(record)]),
            "main_published": _main_published(record),
            "headline": TASKS[record["task"]].headline(record["metrics"]),
            "minutes": read.minutes(name),
            "on_gpu": " on a GPU" if "NVIDIA" in record["device"] else "",
            "ms": speed.get(name),
        }
        yield {key: value for key, value in row.items() if value is not None}


def character_models(pattern: str, page: Path) -> list[Row]:
    """The character models that differ in their cell alone, the best first."""
    return sorted(models("*_char_lm", page), key=lambda row: row["main"]["value"])


def scores(pattern: str, page: Path) -> Iterator[Row]:
    """Each metric of each model, with its published value if there is one."""
    for row in models(pattern, page):
        for metric, entry in row["metrics"].items():
            reference = row["published"].get(metric)
            score = {**row, **entry, "metric": metric, "score": format_score(entry)}
            score["seeds"] = ", ".join(map(str, entry["seeds"]))
            if reference:
                score["reference"] = reference
                score["reference_score"] = format_score(entry, reference["value"])
            yield score


def class_scores(pattern: str, page: Path) -> Iterator[Row]:
    """The mean average precision of each detector, over all classes and by class."""
    for row in scores(pattern, page):
        if row["metric"] == "map":
            at_half = row["metrics"]["map_50"]
            yield {**row, "label": "**all**", "at_half": at_half["value"]}
            for label, value in row["by_class"].items():
                values = {"value": value, "at_half": at_half["by_class"][label]}
                yield {**row, "label": label, **values}


def front(pattern: str, page: Path) -> Iterator[Row]:
    """The zoo in numbers, for the first page."""
    rows = list(models("*", page))
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    minutes = [row["minutes"] for row in rows]
    devices = " or ".join(sorted({row["device"] for row in rows}))
    yield {
        "subject": "trained models",
        "value": f"{len(rows)}, {megabytes:.0f} MB in all",
        "note": f"each trained in {min(minutes):.0f} to {max(minutes):.0f} minutes on "
        f"{devices}",
    }
    for row in _best(rows):
        yield {
            "subject": row["title"],
            "value": f"{row['model']}: {row['main_score']}, {row['size']} parameters",
            "note": f"published: {row['main_published']}" if row["published"] else "",
        }
    ratios = [row["better_keras_to_ours"] for row in recurrent("training", page)]
    yield {
        "subject": "a training step of a recurrent layer",
        "value": f"{min(ratios):.2f} to {max(ratios):.1f} times as fast as Keras's",
        "note": f"{len(ratios)} cells and shapes: "
        f"{link('speed', DOCS / 'speed.md', page)}",
    }
    speeds = read.benchmark("translation")["sentences_a_second"]
    yield {
        "subject": "translation, beam of 5",
        "value": f"{speeds['seqzoo']:.0f} sentences a second",
        "note": f"the same model in PyTorch: {speeds['torch']:.0f}",
    }


def _best(rows: Iterable[Row]) -> list[Row]:
    """The best model of each test set."""
    best: dict[tuple[str, str], Row] = {}
    for row in rows:
        sign = -1 if row["main"]["unit"].startswith("nats") else 1
        row["quality"] = sign * row["main"]["value"]
        other = best.setdefault((row["task"], row["main"]["split"]), row)
        if row["quality"] > other["quality"]:
            best[row["task"], row["main"]["split"]] = row
    return list(best.values())


def _main_published(record: Mapping[str, Any]) -> str | None:
    """The published main score, or else the first published score beside ours."""
    published, main = record["published"], main_metric(record)
    if not published:
        return None
    metric = main if main in published else next(iter(published))
    entry = record["metrics"][metric]
    value = format_score(entry, published[metric]["value"])
    return value if metric == main else f"{value} (ours: {format_score(entry)})"


ROWS = {
    "models": models,
    "character_models": character_models,
    "scores": scores,
    "class_scores": class_scores,
    "front": front,
}
