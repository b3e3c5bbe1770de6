"""Tables, numbers and lists in the README and the pages, from the records.

A mark above a table names the source of its rows and the format of a row. Header and
ruler are the page's own; a cell that needs an absent value becomes a dash:

    <!-- table: scores *_mnist | `{name}` | {value:.2f} | -->
    | name | accuracy, % |
    |---|---:|
    <!-- end -->

A number in a sentence stands before a mark with a source, a path in it and a format.
The source is a model, for its `metrics.json`, or `results/NAME`, for a benchmark, or
`zoo`, for all models:

    It reaches 79.52<!-- fact: vit_patch_cifar10 accuracy .2f --> %.

A list of links follows tags of models, or patterns of files in `docs/figures`:

    <!-- models: ViT Swin -->[swin_cifar10](../weights/swin_cifar10)<!-- end -->
"""

import operator
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from builder.records import FIGURES, WEIGHTS, benchmark, config, link, records
from builder.rows import ROWS, summary

TABLE = re.compile(
    r"(<!-- table: (\S+) (\S*) ?(\|.*\|) -->\n\|.*\n\|.*\n)(?:\|.*\n)*(<!-- end -->)"
)
FACT = re.compile(r"[\d,.]*\d(?=\s*<!-- fact: (\S+) (\S+) (\S+) -->)")
LIST = re.compile(r"(<!-- (models|figures): (.*?) -->).*?(<!-- end -->)")


def filled(page: Path) -> str:
    """The page's text with tables, numbers and lists as the records have them now."""
    text = with_facts(page.read_text("utf-8"))
    lists = {"models": model_links, "figures": figure_links}
    text = LIST.sub(lambda m: f"{m[1]}{lists[m[2]](m[3].split(), page)}{m[4]}", text)
    return TABLE.sub(
        lambda m: f"{m[1]}{table(m[4], ROWS[m[2]](m[3] or '*', page))}{m[5]}", text
    )


def with_facts(text: str) -> str:
    """The text with each marked number as its record has it now."""
    return FACT.sub(lambda m: format(fact(m[1], m[2]), m[3]), text)


def table(form: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows of a table, by the format of a row."""
    cells = [cell.strip() for cell in form.strip("|").split("|")]
    lines = ([_cell(cell, row) for cell in cells] for row in rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(form: str, row: Mapping[str, Any]) -> str:
    try:
        return form.format_map(row)
    except KeyError:
        return "-"


def fact(source: str, path: str) -> Any:
    """The number that a mark names; a path `a/b` is a ratio.

    Raises:
        KeyError: If the record has no such entry.
    """
    if "/" in path:
        return operator.truediv(*(fact(source, part) for part in path.split("/")))
    if source == "zoo":
        entry = summary()
    elif source.startswith("results/"):
        entry = benchmark(source.removeprefix("results/"))
    else:
        entry = records()[source]
    if path in entry.get("metrics", {}):
        return entry["metrics"][path]["value"]
    for key in path.split("."):
        entry = entry[int(key) if isinstance(entry, list) else key]
    return entry


def model_links(tags: list[str], page: Path) -> str:
    """Links to the models with one of the tags: see `model_tags`."""
    names = [name for name in records() if {*tags} & model_tags(name)]
    return ", ".join(link(name, WEIGHTS / name, page) for name in names)


def model_tags(name: str) -> set[str]:
    """A model's class, its cell, both as `Class/cell`, and the settings that are on."""
    content = config(name)
    kind, settings = content["class"], content["config"]
    cell = str(settings.get("cell"))
    return {kind, cell, f"{kind}/{cell}", *(key for key in settings if settings[key])}


def figure_links(patterns: list[str], page: Path) -> str:
    """Links to the figures, each with its content and with its model if it has one."""
    links = []
    for path in (path for name in patterns for path in sorted(FIGURES.glob(name))):
        model, label = path.parent.name, path.stem.replace("_", " ")
        label += f" of {model}" if model in records() else ""
        links.append(link(label, path, page))
    return ", ".join(links)
