"""What `weights/` and `benchmarks/results/` say of the trained models."""

import csv
import functools
import json
import os
import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FIGURES = DOCS / "figures"
WEIGHTS = ROOT / "weights"
RESULTS = ROOT / "benchmarks" / "results"
DIGITS = {"nats/character": 3, "BLEU": 1}  # after the point; 2 for other units


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text("utf-8"))


def benchmark(name: str) -> Any:
    """The result of a script in `benchmarks/`."""
    return read_json(RESULTS / f"{name}.json")


@functools.cache
def records() -> Mapping[str, Any]:
    """The `metrics.json` of every trained model, by name."""
    paths = sorted(WEIGHTS.glob("*/metrics.json"))
    return {path.parent.name: read_json(path) for path in paths}


def config(name: str) -> dict[str, Any]:
    """A model's `config.json`."""
    return dict(read_json(WEIGHTS / name / "config.json"))


def card(name: str) -> dict[str, str]:
    """The sections of a model's card by heading, its "title" and its "description"."""
    text = (WEIGHTS / name / "README.md").read_text("utf-8")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    head, *sections = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    title, _, description = head.strip().removeprefix("# ").partition("\n")
    texts = map(str.strip, sections[1::2])
    return {
        "title": title,
        "description": description.strip(),
        **dict(zip(sections[::2], texts, strict=True)),
    }


def minutes(name: str) -> float:
    """The training time: epochs times the median epoch, so that pauses do not count."""
    with (WEIGHTS / name / "train_log.csv").open(encoding="utf-8") as log:
        seconds = [float(row["seconds"]) for row in csv.DictReader(log)]
    return statistics.median(seconds) * len(seconds) / 60


def milliseconds() -> dict[str, float]:
    """The time of one answer of each model that `benchmarks/inference.py` measured."""
    models = benchmark("inference")["models"]
    return {name: row["milliseconds"] for name, row in models.items()}


def story(name: str) -> Path:
    """The page in `docs/models` about a model: its own, its family's, or the card."""
    pages = sorted((DOCS / "models").glob("*.md"), key=lambda page: len(page.stem))
    of_model = [page for page in pages if f"_{page.stem}_" in f"_{name}_"]
    return of_model[-1] if of_model else WEIGHTS / name / "README.md"


def main_metric(record: Mapping[str, Any]) -> str:
    """The name of a model's headline score."""
    from seqzoo.tasks import TASKS  # imports Keras

    return TASKS[record["task"]].main_metric(record["metrics"])


def character_models() -> list[str]:
    """The character models that differ in their cell alone, the best first."""
    losses = {
        name: record["metrics"][main_metric(record)]["value"]
        for name, record in records().items()
        if name.endswith("_char_lm")
    }
    return sorted(losses, key=losses.__getitem__)


def cell_name(name: str) -> str:
    """The cell of a character model, in words."""
    return name.removesuffix("_char_lm").replace("_", " ")


def format_score(metric: Mapping[str, Any], value: float | None = None) -> str:
    """A score, or another value of the same metric, with its unit."""
    value = metric["value"] if value is None else value
    return f"{value:.{DIGITS.get(metric['unit'], 2)}f} {metric['unit']}"


def format_size(params: int) -> str:
    """A number of parameters, in millions, or in thousands if it is small."""
    return f"{params / 1e6:.1f} M" if params >= 50_000 else f"{params / 1e3:.0f} k"


def link(label: str, target: Path, page: Path) -> str:
    """A Markdown link from one file of the repository to another."""
    return f"[{label}]({Path(os.path.relpath(target, page.parent)).as_posix()})"
