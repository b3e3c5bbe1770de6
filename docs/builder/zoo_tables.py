"""The tables of the site: every model beside every other, from the records."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builder.records import (
    ROOT,
    WEIGHTS,
    duration,
    main_metric,
    milliseconds,
    minutes,
    records,
    short_data,
    shown,
    size,
    spec,
    title,
)


def zoo(page: Path) -> str:
    """All models: what they do, how well, at what cost."""
    speed = milliseconds()
    lines = [
        "| name | task | data | parameters | score | published | minutes | ms |",
        "|---|---|---|---:|---|---|---:|---:|",
    ]
    for name, record in records().items():
        cells = [
            _link(name, page),
            record["task"],
            short_data(record),
            f"{record['params']:,}",
            shown(record["metrics"][main_metric(record)]),
            _published(record),
            duration(name).replace(" min", ""),
            f"{speed[name]:.1f}" if name in speed else "-",
        ]
        lines.append(_row(cells))
    return "\n".join(lines)


def results(page: Path) -> str:
    """Every score of every model, with its circumstances."""
    lines = [
        "| name | metric | value | of | examples | seeds | published | source |",
        "|---|---|---|---|---:|---|---|---|",
    ]
    for name, record in records().items():
        for metric, found in record["metrics"].items():
            beside = record["published"].get(metric)
            cells = [
                _link(name, page),
                f"`{metric}`",
                shown(found),
                found["split"],
                f"{found['examples']:,}",
                ", ".join(map(str, found["seeds"])),
                shown(found, beside["value"]) if beside else "-",
                beside["source"] if beside else "-",
            ]
            lines.append(_row(cells))
    return "\n".join(lines)


def cells(page: Path) -> str:
    """Character models that differ in their cell alone, the best first."""
    speed = milliseconds()
    lines = [
        "| cell | name | units | parameters | last tenth, nats | windows, nats | "
        "minutes | ms |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    found = {name: r for name, r in records().items() if name.endswith("_char_lm")}

    def loss(name: str, split: str = "last_tenth") -> float:
        metric = found[name]["metrics"][f"nats_per_character_{split}"]
        return float(metric["value"])

    for name in sorted(found, key=loss):
        config = spec(name)["config"]
        kind = "zoneout" if config.get("zoneout") else config.get("cell", "-")
        row = [
            kind.replace("_", " "),
            _link(name, page),
            str(config.get("units", "-")),
            f"{found[name]['params']:,}",
            f"{loss(name):.3f}",
            f"{loss(name, 'nanogpt'):.3f}",
            f"{minutes(name):.0f}",
            f"{speed[name]:.1f}" if name in speed else "-",
        ]
        lines.append(_row(row))
    return "\n".join(lines)


def front(page: Path) -> str:
    """What the first page says in numbers."""
    lines = ["| | | beside |", "|---|---|---|"]
    return "\n".join([*lines, *(_row(row) for row in _front_rows(page))])


def _front_rows(page: Path) -> Iterator[list[str]]:
    found = records()
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    yield [
        "trained models",
        f"{len(found)}, {megabytes:.0f} MB in all",
        f"trained in {min(map(minutes, found)):.0f} to "
        f"{max(map(minutes, found)):.0f} minutes each on "
        + ", ".join(sorted({record["device"] for record in found.values()})),
    ]
    best: dict[str, str] = {}
    for name, record in found.items():
        metric = main_metric(record)
        kind = f"{record['task']} {record['metrics'][metric]['split']}"
        value = record["metrics"][metric]["value"]
        known = best.get(kind)
        sign = -1 if record["metrics"][metric]["unit"].startswith("nats") else 1
        if (
            known is None
            or sign * value > sign * (found[known]["metrics"][metric]["value"])
        ):
            best[kind] = name
    for name in best.values():
        record = found[name]
        metric = record["metrics"][main_metric(record)]
        yield [
            title(name),
            f"{_link(name, page)}: {shown(metric)}, {size(record['params'])} "
            "parameters",
            f"published: {_published(record)}" if record["published"] else "",
        ]
    ratios = [
        row["better_keras_to_ours"]
        for file in sorted((ROOT / "benchmarks" / "results").glob("recurrent*.json"))
        for row in json.loads(file.read_text("utf-8"))["results"]
        if row["mode"] == "training"
    ]
    yield [
        "a training step of a recurrent layer",
        f"{min(ratios):.2f} to {max(ratios):.1f} times as fast as Keras's",
        f"{len(ratios)} cells and shapes: {_to('speed.md', page)}",
    ]
    translation = json.loads(
        (ROOT / "benchmarks" / "results" / "translation.json").read_text("utf-8")
    )["sentences_a_second"]
    yield [
        "translation, beam of 5",
        f"{translation['seqzoo']:.0f} sentences a second",
        f"the same model in PyTorch: {translation['torch']:.0f}",
    ]


def _published(record: dict[str, Any]) -> str:
    """The published number beside the main score, or the first that there is."""
    metric = main_metric(record)
    beside = record["published"]
    if metric not in beside:
        metric = next(iter(beside), metric)
    if metric not in beside:
        return "-"
    value = shown(record["metrics"][metric], beside[metric]["value"])
    if metric == main_metric(record):
        return value
    return f"{value}, where {shown(record['metrics'][metric])} is reached here"


def _link(name: str, page: Path) -> str:
    """A link to the model's folder, whose place on the site is the model's page."""
    return f"[{name}]({Path(os.path.relpath(WEIGHTS / name, page.parent)).as_posix()})"


def _to(target: str, page: Path) -> str:
    path = Path(os.path.relpath(ROOT / "docs" / target, page.parent)).as_posix()
    return f"[{Path(target).stem}]({path})"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
