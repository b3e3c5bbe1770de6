"""Generates the parts of pages and cards that follow from code, weights and records.

    python docs/generate.py tables              # in the README and the pages
    python docs/generate.py figures [NAME ...]  # architectures, cells, trained models
    python docs/generate.py examples [NAME ...] # code that uses a model, and its output
    python docs/generate.py cards               # weights/*/{README.md,metrics.json}

A command writes what is out of date, or what is named. With `--check` it writes nothing
and exits with 1 if something is out of date. All files are committed, so that they show
in the repository and the site is built without Keras, data sets or a network.
"""

import argparse
import hashlib
import importlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from builder import (  # noqa: E402
    cell_figures,
    examples,
    plots,
    recurrent_figures,
    transformer_figures,
)
from builder import records as read  # noqa: E402
from builder.drawing import svg  # noqa: E402
from builder.records import DOCS, FIGURES, ROOT, WEIGHTS, read_json, records  # noqa: E402
from builder.tables import filled  # noqa: E402

DRAWINGS = {
    "architectures": recurrent_figures.FIGURES | transformer_figures.FIGURES,
    "cells": cell_figures.FIGURES,
}
# Digests of the files from which each model's figures and example were generated.
SOURCES = FIGURES / "sources.json"


class Target(NamedTuple):
    """Something to generate: its name, whether it is out of date, how to write it."""

    name: str
    is_stale: bool
    write: Callable[[], object]


def text_target(name: str, path: Path, text: str) -> Target:
    """A text file. It is out of date if its content differs."""
    is_stale = not path.exists() or path.read_text("utf-8") != text
    return Target(name, is_stale, partial(path.write_text, text, "utf-8"))


def table_targets() -> Iterator[Target]:
    """The README and the pages, with their tables and numbers."""
    for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))):
        yield text_target(page.relative_to(ROOT).as_posix(), page, filled(page))


def figure_targets() -> Iterator[Target]:
    """Architectures, cells, the figures of each trained model, and of all cells."""
    for folder, figures in DRAWINGS.items():
        for name, figure in figures.items():
            path = FIGURES / folder / f"{name}.svg"
            yield text_target(f"{folder}/{name}", path, svg(figure))
    yield from model_targets("figures", plots.plot_model)
    result = (read.RESULTS / "gradients.json").read_text("utf-8")
    source = digest(*map(model_digest, read.character_models()), result)
    yield source_target("figures", "comparison", source, plots.plot_comparison)


def example_targets() -> Iterator[Target]:
    """The example of each trained model."""
    return model_targets("examples", examples.write_example)


def model_targets(kind: str, generate: Callable[[str], object]) -> Iterator[Target]:
    """A target for each trained model, and one for each that is gone."""
    for name in records():
        source = model_digest(name)
        yield source_target(kind, name, source, partial(generate, name))
    for name in read_json(SOURCES)[kind].keys() - {*records(), "comparison"}:
        remove = partial(shutil.rmtree, FIGURES / name, ignore_errors=True)
        yield source_target(kind, name, None, remove)


def source_target(
    kind: str, name: str, source: str | None, generate: Callable[[], object]
) -> Target:
    """Files that are out of date if the digest of their sources differs."""

    def write() -> None:
        generate()
        sources = read_json(SOURCES)
        sources[kind][name] = source
        sources[kind] = {key: value for key, value in sources[kind].items() if value}
        SOURCES.write_text(json.dumps(sources, indent=1, sort_keys=True) + "\n")

    return Target(name, read_json(SOURCES)[kind].get(name) != source, write)


def model_digest(name: str) -> str:
    """The digest of a model's files that its figures and its example depend on."""
    files = read_json(WEIGHTS / name / "manifest.json")["files"]
    names = ("config.json", "model.safetensors", "train_log.csv", "golden.safetensors")
    return digest(*(files[file]["sha256"] for file in names))


def digest(*texts: str) -> str:
    """The first 16 digits of the texts' sha256."""
    return hashlib.sha256("".join(texts).encode()).hexdigest()[:16]


def card_targets() -> Iterator[Target]:
    """The card of each trained model and its texts in `metrics.json`, from its recipe.

    The folder then gets a new manifest.
    """
    from seqzoo.hub import write_manifest
    from seqzoo.hub.manifest import read_manifest
    from seqzoo.training.card import card_texts, model_card
    from seqzoo.training.record import json_text

    for name, record in records().items():
        folder = WEIGHTS / name
        card = importlib.import_module(f"recipes.{name}").CARD
        record |= card_texts(card)
        texts = {
            "metrics.json": json_text(record),
            "README.md": model_card(card, record, read_json(folder / "config.json")),
        }
        is_stale = any(
            (folder / file).read_text("utf-8") != text for file, text in texts.items()
        )

        def write(folder: Path = folder, texts: dict[str, str] = texts) -> None:
            for file, text in texts.items():
                (folder / file).write_text(text, "utf-8")
            manifest = read_manifest(folder)
            write_manifest(folder, revision=manifest and manifest.revision)

        yield Target(name, is_stale, write)


KINDS = {
    "tables": table_targets,
    "figures": figure_targets,
    "examples": example_targets,
    "cards": card_targets,
}


def stale(kind: str) -> list[str]:
    """The names of the targets of a kind that are out of date."""
    return [target.name for target in KINDS[kind]() if target.is_stale]


def main() -> int:
    """Runs the command line; returns 1 if a check finds something out of date."""
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    targets = {target.name: target for target in KINDS[arguments.kind]()}
    if unknown := {*arguments.names} - targets.keys():
        parser.error(f"No {arguments.kind} of {unknown}. Known: {sorted(targets)}.")
    chosen = arguments.names or [name for name in targets if targets[name].is_stale]
    for name in chosen:
        print(name, flush=True)
        if not arguments.check:
            targets[name].write()
    return int(arguments.check and any(targets[name].is_stale for name in chosen))


if __name__ == "__main__":
    raise SystemExit(main())
