"""The model card: front matter that the Hub reads, then what a person wants to know."""

import datetime
import re
from collections.abc import Mapping
from typing import Any

from seqzoo.training.recipe import Card


def model_card(card: Card, record: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """The content of `README.md`, from the recipe's card and the run's record.

    Args:
        card: The hand-written part.
        record: The content of `metrics.json`; every number printed is from it.
        spec: The content of `config.json`.
    """
    name = record["name"]
    sections = [
        _front_matter(record, spec, card.licence, card.languages, card.datasets),
        f"# {card.title}",
        card.description,
        "## Usage",
        _usage(card, name),
        "## Scores",
        _scores(record),
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
        "This page was written by the training run; `metrics.json` beside it holds "
        "every number.",
    ]
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def renewed_card(card: str, record: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """A card as it would be written today: other front matter, the same page.

    What only the recipe knew, the licence, languages and data sets, stays as it is.
    """
    from huggingface_hub import ModelCard

    old: Any = ModelCard(card).data
    front = _front_matter(record, spec, old.license, old.language, old.datasets)
    return front + card[card.index("\n---\n", 4) + len("\n---") :]


def _front_matter(
    record: Mapping[str, Any],
    spec: Mapping[str, Any],
    licence: str | None,
    languages: Any,
    datasets: Any,
) -> str:
    from huggingface_hub import EvalResult

    from seqzoo.hub.card import front_matter, pipeline_tag

    results = [
        EvalResult(
            task_type=pipeline_tag(spec) or record["task"],
            dataset_type=(list(datasets or ()) or [_slug(metric["split"])])[0],
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
        language=list(languages or ()) or None,
        license=licence,
        datasets=list(datasets or ()) or None,
    )


def _slug(text: str) -> str:
    """A word that the Hub takes for an identifier: "nats/character", "MNIST, test"."""
    spelled = text.lower().replace("/", "_per_")
    return re.sub(r"[^a-z0-9]+", "_", spelled).strip("_")


def _usage(card: Card, name: str) -> str:
    lines = ["import seqzoo", "", f'model = seqzoo.load("{name}")']
    if card.usage:
        lines.append(card.usage.strip())
    return "\n".join(["```python", *lines, "```"])


def _scores(record: Mapping[str, Any]) -> str:
    rows = [
        "| metric | value | on | examples | seeds | published |",
        "|---|---|---|---|---|---|",
    ]
    signatures = []
    for name, metric in record["metrics"].items():
        value = f"{metric['value']:.4g} {metric['unit']}"
        if metric["spread"] is not None:
            value += f" ± {metric['spread']:.2g}"
        published = record["published"].get(name)
        other = f"{published['value']:g} ({published['source']})" if published else ""
        seeds = ", ".join(str(seed) for seed in metric["seeds"])
        rows.append(
            f"| {name} | {value} | {metric['split']} | {metric['examples']:,} "
            f"| {seeds} | {other} |"
        )
        if "signature" in metric:
            signatures.append(f"Signature of {name}: `{metric['signature']}`.")
    return "\n".join(rows) + "".join(f"\n\n{line}" for line in signatures)


def _circumstances(record: Mapping[str, Any]) -> str:
    validation = record["validation"]
    duration = datetime.timedelta(seconds=round(record["seconds"]))
    commit = record["commit"]
    source = f" at commit {commit[:12]}" if commit else ""
    command = f"python -m recipes.{record['name']} --seed {record['seed']}"
    if "training_dtype" in record:
        command += f" --dtype {record['training_dtype']}"
    return (
        f"Trained by `{command}`{source} on {record['device']} "
        f"({record['backend']} backend) in "
        f"{duration} (h:mm:ss): {record['train_steps']:,} steps, "
        f"{record['epochs']} epochs; the weights of epoch {validation['epoch']} were "
        f"chosen by {validation['monitor']} {validation['value']:.4g} on validation "
        "data. The scores are of the weights as saved here, "
        f"{record['weights_dtype']}; {record['params']:,} parameters."
    )


def _departures(card: Card) -> str:
    if not card.departures:
        return ""
    return "Departs from it:\n\n" + "\n".join(f"- {line}" for line in card.departures)
