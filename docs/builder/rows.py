"""Rows for tables of trained models and of benchmarks."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from builder import records as read
from builder.records import WEIGHTS, format_score, link, main_metric, read_json, records
from seqzoo.data import TASK_NAMES
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


def task_errors(pattern: str, page: Path) -> Iterator[Row]:
    """The error of each question answerer on each task, and the published one."""
    for row in models(pattern, page):
        published = row["main"].get("published_by_task", {})
        for task, error in row["main"]["by_task"].items():
            name = TASK_NAMES[int(task) - 1].replace("-", " ")
            values = {"number": int(task), "label": name, "error": error}
            yield {**row, **values, "paper": published.get(task, "-")}


def best(pattern: str, page: Path) -> Iterable[Row]:
    """The best model of each test set."""
    rows: dict[tuple[str, str], Row] = {}
    for row in models(pattern, page):
        is_loss = row["main"]["unit"].startswith("nats") or "error" in main_metric(row)
        sign = -1 if is_loss else 1
        row["quality"] = sign * row["main"]["value"]
        test = row["task"], row["main"]["split"]
        rows[test] = max(rows.get(test, row), row, key=lambda row: row["quality"])
    return rows.values()


def summary() -> dict[str, float]:
    """The zoo in numbers."""
    minutes = [read.minutes(name) for name in records()]
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    ratios = [row["better_keras_to_ours"] for row in recurrent("training", WEIGHTS)]
    return {
        "models": len(minutes),
        "megabytes": sum(path.stat().st_size for path in files) / 1e6,
        "least_minutes": min(minutes),
        "most_minutes": max(minutes),
        "layers": len(ratios),
        "least_speedup": min(ratios),
        "most_speedup": max(ratios),
    }


def _main_published(record: Mapping[str, Any]) -> str | None:
    """The published main score, or else the first published score beside ours."""
    published, main = record["published"], main_metric(record)
    if not published:
        return None
    metric = main if main in published else next(iter(published))
    entry = record["metrics"][metric]
    value = format_score(entry, published[metric]["value"])
    return value if metric == main else f"{value} (ours: {format_score(entry)})"


def recurrent(mode: str, page: Path) -> Iterator[Row]:
    """Recurrent layers beside Keras and PyTorch, in "training" or "inference"."""
    for file in sorted(read.RESULTS.glob("recurrent*.json")):
        for row in read_json(file)["results"]:
            if row["mode"] == mode:
                yield {**row, "shape": ", ".join(map(str, row["shape"]))}


def vision(_: str, page: Path) -> Iterator[Row]:
    """Vision transformers beside PyTorch, one row a model and batch."""
    for row in read.benchmark("vision")["results"]:
        shares = row["fraction_of_peak"]
        ours = max(share for name, share in shares.items() if name != "PyTorch")
        yield {**row, "ratio": 1 / row["ours_to_theirs"], "our_share": ours}


def gradients(_: str, page: Path) -> Iterator[Row]:
    """The lag from which each cell's gradient is below a thousandth, and that at 64."""
    result = read.benchmark("gradients")
    lags = result["lags"]
    for name in read.character_models():
        row: Row = {"name": name}
        for state, norms in result["models"][name].items():
            small = [lag for lag, g in zip(lags, norms, strict=True) if g < 1e-3]
            row[f"{state}_end"] = min(small) if small else f"beyond {lags[-1]}"
            row[f"{state}_64"] = norms[lags.index(64)]
        yield row


def long_range(_: str, page: Path) -> Iterator[Row]:
    """The test losses of the memory tasks beside the guess level."""
    order = ("task", "length", "test_loss")
    rows = read.benchmark("long_range").values()
    for row in sorted(rows, key=lambda row: [row[key] for key in order]):
        chrono = f", chrono {row['chrono_steps']}" if row["chrono_steps"] else ""
        yield {**row, "chrono": chrono, "minutes": row["seconds"] / 60}


def sines(_: str, page: Path) -> Iterator[Row]:
    """The Phased LSTM beside the other cells that `benchmarks/sines.py` trained."""
    ours = records()["phased_lstm_sines"]
    for cell, row in {"phased_lstm": ours, **read.benchmark("sines")}.items():
        yield {"cell": cell, **row}


def results(path: str, page: Path) -> Iterator[Row]:
    """The entries of a list or of a mapping in a result: `benchmark/key/key`."""
    name, *keys = path.split("/")
    entries = read.benchmark(name)
    for key in keys:
        entries = entries[key]
    if isinstance(entries, list):
        entries = dict(enumerate(entries))
    for key, entry in entries.items():
        row = entry if isinstance(entry, dict) else {"value": entry}
        yield {"key": int(key) if str(key).isdigit() else key, **row}


MODEL_ROWS = (models, character_models, scores, class_scores, task_errors, best)
BENCHMARK_ROWS = (recurrent, vision, gradients, long_range, sines, results)
ROWS = {rows.__name__: rows for rows in (*MODEL_ROWS, *BENCHMARK_ROWS)}
