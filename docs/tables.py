"""Writes the tables of the README and the pages from `weights/*/metrics.json`.

    python docs/tables.py            # writes
    python docs/tables.py --check    # exits with 1 if a page is not as it would be

A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import functools
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

from builder import (  # noqa: E402
    lecture_table,
    recurrent_tables,
    speed_tables,
    zoo_tables,
)
from builder.facts import with_facts  # noqa: E402
from builder.records import (  # noqa: E402
    CHAR_LM_ORDER,
    duration,
    page_of,
    records,
    size,
    title,
)

PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def models(page: Path) -> str:
    """All trained models, for the README."""
    lines = [
        "| name | what it is | parameters | score | trained in |",
        "|---|---|---|---|---|",
    ]
    for name, record in records().items():
        link = Path(os.path.relpath(page_of(name), page.parent)).as_posix()
        lines.append(
            f"| [{name}]({link}) | {title(name)} | {size(record['params'])} | "
            f"{score(record)} | {duration(name)} |"
        )
    return "\n".join(lines)


def score(record: dict[str, Any]) -> str:
    """The metrics that a model is known by."""

    def value(name: str, digits: int) -> str:
        return f"{record['metrics'][name]['value']:.{digits}f}"

    if record["task"] == "translation":
        years = " / ".join(
            value(f"bleu_test_{year}_flickr", 1) for year in (2016, 2017)
        )
        return f"BLEU {years}, test 2016 / 2017"
    if record["task"] == "text-generation":
        return f"{value('nats_per_character_last_tenth', 2)} nats a character"
    if record["task"] == "object-detection":
        return f"mAP {value('map', 1)} %, at IoU 0.5 {value('map_50', 1)} %"
    return " / ".join(f"{value(name, 2)} %" for name in record["metrics"])


def char_lm(page: Path) -> str:
    """The character models beside each other."""
    del page
    lines = [
        "| name | units | parameters | validation | test, whole context | last tenth, "
        "whole context | last tenth, windows |",
        "|---|---|---|---|---|---|---|",
    ]
    found = records()
    for name in (f"{cell}_char_lm" for cell in CHAR_LM_ORDER):
        if name not in found:
            continue
        record = found[name]
        config = json.loads((ROOT / "weights" / name / "config.json").read_text())
        values = [record["validation"]["value"]] + [
            record["metrics"][f"nats_per_character_{split}"]["value"]
            for split in ("test", "last_tenth", "nanogpt")
        ]
        lines.append(
            f"| `{name}` | {config['config']['units']} | {record['params']:,} | "
            + " | ".join(f"{value:.3f}" for value in values)
            + " |"
        )
    return "\n".join(lines)


def accuracies(ending: str, page: Path) -> str:
    """Models whose names end alike and whose metrics are accuracies."""
    del page
    lines = [
        "| name | parameters | accuracy, % | of | examples | published, % |",
        "|---|---|---|---|---|---|",
    ]
    for name, record in records().items():
        if not name.endswith(ending):
            continue
        for metric, found in record["metrics"].items():
            published = record["published"].get(metric)
            beside = (
                f"{published['value']} ({published['source']})" if published else ""
            )
            lines.append(
                f"| `{name}` | {record['params']:,} | {found['value']:.2f} | "
                f"{found['split']} | {found['examples']:,} | {beside or '-'} |"
            )
    return "\n".join(lines)


def detection(page: Path) -> str:
    """Detectors, each class of what they find, too."""
    del page
    lines = [
        "| name | parameters | of | pictures | | mAP, % | at IoU 0.5, % |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, record in records().items():
        if record["task"] != "object-detection":
            continue
        whole, half = (record["metrics"][metric] for metric in ("map", "map_50"))
        start = f"`{name}` | {record['params']:,} | {whole['split']} | "
        lines.append(
            f"| {start}{whole['examples']:,} | all | **{whole['value']:.1f}** | "
            f"**{half['value']:.1f}** |"
        )
        for label, value in whole["by_class"].items():
            lines.append(
                f"| | | | | {label} | {value:.1f} | {half['by_class'][label]:.1f} |"
            )
    return "\n".join(lines)


TABLES: dict[str, Callable[[Path], str]] = {
    "models": models,
    "front": zoo_tables.front,
    "zoo": zoo_tables.zoo,
    "results": zoo_tables.results,
    "cells": zoo_tables.cells,
    "lectures": lecture_table.lectures,
    "char_lm": char_lm,
    "mnist": functools.partial(accuracies, "_mnist"),
    "cifar10": functools.partial(accuracies, "_cifar10"),
    "detection": detection,
    "sines": functools.partial(accuracies, "_sines"),
    "spoken_digit": functools.partial(accuracies, "_spoken_digit"),
    "generation": speed_tables.generation,
    "gradients": speed_tables.gradients,
    "loading": speed_tables.loading,
    "long_range": recurrent_tables.long_range,
    "sine_cells": recurrent_tables.sine_cells,
    "unheard_speakers": recurrent_tables.unheard_speakers,
    "inference": functools.partial(speed_tables.recurrent, "inference"),
    "training": functools.partial(speed_tables.recurrent, "training"),
    "translation": speed_tables.translation,
    "vision": speed_tables.vision,
}


def filled(page: Path) -> str:
    """The page's text with its tables and numbers as the records have them now."""
    return PLACE.sub(
        lambda found: f"{found[1]}{TABLES[found[2]](page)}\n{found[3]}",
        with_facts(page.read_text("utf-8")),
    )


def main() -> int:
    """Writes or checks; 1 if a page was not as it should be and is only checked."""
    changed = False
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = filled(page)
        if text != page.read_text("utf-8"):
            changed = True
            print(page.relative_to(ROOT))
            if "--check" not in sys.argv:
                page.write_text(text, "utf-8")
    return int(changed and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
