"""What `weights/` says of the trained models."""

import csv
import json
import re
import statistics
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "weights"
RESULTS = ROOT / "benchmarks" / "results"
# Names that share a page, by how they end.
SHARED_PAGES = ("char_lm", "mnist", "cifar10")
# The character models, as they are compared.
CHAR_LM_ORDER = (
    "elman",
    "lstm",
    "peephole_lstm",
    "coupled_lstm",
    "gru",
    "layer_norm_lstm",
    "zoneout_lstm",
)
# The score that a model of a task is known by, where it has more than one.
MAIN_METRIC = {
    "translation": "bleu_test_2016_flickr",
    "text-generation": "nats_per_character_last_tenth",
}


def records() -> dict[str, dict[str, Any]]:
    """What `metrics.json` says of each trained model, by name."""
    found = sorted(WEIGHTS.glob("*/metrics.json"))
    return {path.parent.name: json.loads(path.read_text("utf-8")) for path in found}


def spec(name: str) -> dict[str, Any]:
    """A model's `config.json`."""
    found: dict[str, Any] = json.loads(
        (WEIGHTS / name / "config.json").read_text("utf-8")
    )
    return found


def card(name: str) -> str:
    """A model's card, without its front matter."""
    text = (WEIGHTS / name / "README.md").read_text("utf-8")
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def title(name: str) -> str:
    """What the model is, in a line of its card."""
    (found,) = re.findall(r"^# (.*)$", card(name), re.MULTILINE)
    return str(found)


def section(name: str, heading: str) -> str:
    """What stands under a heading of the model's card, or nothing."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", card(name), re.DOTALL | re.M)
    return found[1].strip() if found else ""


def description(name: str) -> str:
    """The card's lines between its title and its first heading."""
    return card(name).split("\n## ")[0].split("\n", 2)[-1].strip().split("\n", 1)[-1]


def minutes(name: str) -> float:
    """How long the training takes: the median epoch times epochs, without pauses."""
    with (WEIGHTS / name / "train_log.csv").open(encoding="utf-8") as log:
        seconds = [float(row["seconds"]) for row in csv.DictReader(log)]
    return statistics.median(seconds) * len(seconds) / 60


def duration(name: str) -> str:
    """`minutes` in words, and on what, unless two CPU cores."""
    device = records()[name]["device"]
    found = f"{minutes(name):.0f} min"
    return f"{found} on a GPU" if "NVIDIA" in device else found


def milliseconds() -> dict[str, float]:
    """What `benchmarks/inference.py` measured of each model, if it has run."""
    if not (RESULTS / "inference.json").exists():
        return {}
    models = found_by("inference")["models"]
    return {name: row["milliseconds"] for name, row in models.items()}


def found_by(benchmark: str) -> Any:
    """What a script of `benchmarks` wrote into `benchmarks/results`."""
    return json.loads((RESULTS / f"{benchmark}.json").read_text("utf-8"))


def page_of(name: str) -> Path:
    """The page that tells a model's story: its own, its family's, or the card."""
    docs = ROOT / "docs"
    shared = [end for end in SHARED_PAGES if name.endswith(f"_{end}")]
    for page in (docs / "models" / f"{each}.md" for each in (name, *shared)):
        if page.exists():
            return page
    telling = [*sorted(docs.glob("models/*.md")), docs / "vision.md"]
    told = (page for page in telling if name in page.read_text("utf-8"))
    return next(told, WEIGHTS / name / "README.md")


def main_metric(record: dict[str, Any]) -> str:
    """The name of the score that a model is known by."""
    metrics = record["metrics"]
    wanted = MAIN_METRIC.get(record["task"], "")
    return wanted if wanted in metrics else str(next(iter(metrics)))


def shown(metric: dict[str, Any], value: float | None = None) -> str:
    """A score with its unit, to as many digits as its unit is usually given to."""
    value = metric["value"] if value is None else value
    unit = metric["unit"]
    digits = {"nats/character": 3, "BLEU": 1}.get(unit, 2)
    return f"{value:.{digits}f} {unit}"


def size(params: int) -> str:
    """A number of parameters, in millions, or in thousands where it is small."""
    return f"{params / 1e6:.1f} M" if params >= 50_000 else f"{params / 1e3:.0f} k"


def short_data(record: dict[str, Any]) -> str:
    """The data set's name, without what the record says about it."""
    return re.split(r" \(|[:;.]", record["data"])[0]
