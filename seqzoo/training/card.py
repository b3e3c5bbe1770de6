"""The model card: front matter for the Hub, then usage, scores, data and limits."""

import datetime
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seqzoo.training.recipe import Card


def card_texts(card: Card) -> dict[str, Any]:
    """The texts of a card that `metrics.json` repeats."""
    return {
        "published": {name: asdict(entry) for name, entry in card.published.items()},
        "paper": card.paper,
        "data": card.data,
        "licence": card.licence,
    }


def model_card(
    card: Card,
    record: Mapping[str, Any],
    spec: Mapping[str, Any],
    address: str | None = None,
) -> str:
    """The content of `README.md`, from the recipe's card and the run's record.

    Args:
        card: The hand-written part.
        record: The content of `metrics.json`; every number printed is from it.
        spec: The content of `config.json`.
        address: What `seqzoo.load` needs; by default the model's name.
    """
    sections = [
        _front_matter(card, record, spec),
        f"# {card.title}",
        card.description,
        "## Usage",
        _usage(card, address or record["name"]),
        "## Scores",
        _scores(card, record),
        _circumstances(record),
        "## Paper",
        card.paper,
        _departures(card),
        "## Data",
        card.data,
        "## Licence",
        f"The weights: {card.licence}.",
        "## Limits",
        card.limits,
        "This page is generated from the recipe and from `metrics.json`, which holds "
        "every number.",
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def _front_matter(
    card: Card, record: Mapping[str, Any], spec: Mapping[str, Any]
) -> str:
    from huggingface_hub import EvalResult

    from seqzoo.hub.card import front_matter, pipeline_tag

    results = [
        EvalResult(
            task_type=pipeline_tag(spec) or record["task"],
            dataset_type=(*card.datasets, _slug(metric["split"]))[0],
            dataset_name=metric["split"],
            # The client files scores of one data set together, unless this differs.
            dataset_config=_slug(metric["split"]),
            dataset_split="test",
            metric_type=name if metric["unit"] == "%" else _slug(metric["unit"]),
            metric_name=name,
            metric_value=metric["value"],
        )
        for name, metric in record["metrics"].items()
    ]
    return front_matter(
        spec,
        model_name=record["name"],
        eval_results=results or None,
        language=list(card.languages) or None,
        license=card.licence,
        datasets=list(card.datasets) or None,
    )


def _slug(text: str) -> str:
    """An identifier for the Hub from such as "nats/character" or "MNIST, test"."""
    spelled = text.lower().replace("/", "_per_")
    return re.sub(r"[^a-z0-9]+", "_", spelled).strip("_")


def _usage(card: Card, address: str) -> str:
    load = f'model = seqzoo.load("{address}")'
    if address.startswith("."):
        load += "  # the path of this folder"
    lines = ["import seqzoo", "", load, card.usage.strip()]
    return "\n".join(["```python", *lines, "```"]).replace("\n\n```", "\n```")


def _scores(card: Card, record: Mapping[str, Any]) -> str:
    lines = [
        "| metric | value | on | examples | seeds | published |",
        "|---|---|---|---|---|---|",
    ]
    signatures = []
    for name, metric in record["metrics"].items():
        value = f"{metric['value']:.4g} {metric['unit']}"
        if metric["spread"] is not None:
            value += f" ± {metric['spread']:.2g}"
        if "mean" in metric:
            value += f", mean {metric['mean']:.4g}"
        published = card.published.get(name)
        reference = f"{published.value:g} ({published.source})" if published else ""
        seeds = ", ".join(str(seed) for seed in metric["seeds"])
        lines.append(
            f"| {name} | {value} | {metric['split']} | {metric['examples']:,} "
            f"| {seeds} | {reference} |"
        )
        if "signature" in metric:
            signatures.append(f"\nSignature of {name}: `{metric['signature']}`.")
    return "\n".join(lines + signatures)


def _circumstances(record: Mapping[str, Any]) -> str:
    validation = record["validation"]
    duration = datetime.timedelta(seconds=round(record["seconds"]))
    commit = record["commit"]
    source = f" at commit {commit[:12]}" if commit else ""
    script = Path(record["recipe"]).stem
    is_own = script != record["name"]  # the recipe's on other data
    start = f"seqzoo train {script}" if is_own else f"python -m recipes.{script}"
    flags = [*record.get("arguments", []), "--seed", str(record["seed"])]
    command = f"{start} {shlex.join(flags)}"
    if "training_dtype" in record:
        command += f" --dtype {record['training_dtype']}"
    return (
        f"Trained by `{command}`{source} on {record['device']} "
        f"({record['backend']} backend) in "
        f"{duration} (h:mm:ss): {record['train_steps']:,} steps, "
        f"{record['epochs']} epochs. The weights of epoch {validation['epoch']} were "
        f"chosen by {validation['monitor']} {validation['value']:.4g} on validation "
        "data. The scores are of the weights as saved here, "
        f"{record['weights_dtype']}. The model has {record['params']:,} parameters."
    )


def _departures(card: Card) -> str:
    if not card.departures:
        return ""
    return "Departs from it:\n\n" + "\n".join(f"- {line}" for line in card.departures)
