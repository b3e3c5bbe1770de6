"""Generates the parts of pages and cards that follow from code, weights and records.

    python docs/generate.py tables              # in the README and the pages
    python docs/generate.py figures [NAME ...]  # architectures, cells, trained models
    python docs/generate.py examples [NAME ...] # code that uses a model, and its output
    python docs/generate.py cards               # weights/*/{README.md,metrics.json}

A command writes stale files, or those of the given names. With `--check` it writes
nothing and exits with 1 if a file is stale. All files are committed, so that the site
is built without Keras, data sets or a network.
"""

import argparse
import hashlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from builder import records as read  # noqa: E402
from builder.drawing import svg  # noqa: E402
from builder.examples import write_example  # noqa: E402
from builder.figures import FIGURES as DRAWINGS  # noqa: E402
from builder.records import DOCS, FIGURES, ROOT, WEIGHTS, read_json, records  # noqa: E402
from builder.tables import filled  # noqa: E402

# The digests of the files from which figures and examples were generated.
DIGESTS = FIGURES / "sources.json"
SOURCES = ("config.json", "model.safetensors", "train_log.csv", "golden.safetensors")
Write = Callable[[], object]


class Target(NamedTuple):
    """Something to generate: its name, whether it is out of date, how to write it."""

    name: str
    is_stale: bool
    write: Write


def of_texts(name: str, texts: dict[Path, str], finish: Write = bool) -> Target:
    """Text files. They are out of date if the content of one differs."""

    def write() -> None:
        for path, text in texts.items():
            path.write_text(text, "utf-8")
        finish()

    old = {path: path.read_text("utf-8") for path in texts if path.exists()}
    return Target(name, old != texts, write)


def of_sources(kind: str, name: str, digest: str, generate: Write) -> Target:
    """Files that are out of date if the digest of their sources differs."""

    def write() -> None:
        generate()
        digests = read_json(DIGESTS)
        digests[kind][name] = digest
        DIGESTS.write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n")

    return Target(name, read_json(DIGESTS)[kind].get(name) != digest, write)


def digest(models: Iterable[str], text: str = "") -> str:
    """The digest of a text and of the files that the figures of models depend on."""
    manifests = (
        read_json(WEIGHTS / name / "manifest.json")["files"] for name in models
    )
    hashes = [files[file]["sha256"] for files in manifests for file in SOURCES]
    return hashlib.sha256("".join([text, *hashes]).encode()).hexdigest()[:16]


def tables() -> Iterator[Target]:
    """The README and the pages, with their tables and numbers."""
    for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))):
        yield of_texts(page.relative_to(ROOT).as_posix(), {page: filled(page)})


def figures() -> Iterator[Target]:
    """Architectures, cells, the figures of each trained model, and of all cells."""
    from builder.plots import plot_comparison, plot_model  # needs matplotlib

    for name, draw in DRAWINGS.items():
        yield of_texts(name, {FIGURES / f"{name}.svg": svg(draw)})
    for name in records():
        yield of_sources("figures", name, digest([name]), partial(plot_model, name))
    result = (read.RESULTS / "gradients.json").read_text("utf-8")
    comparison = digest(read.character_models(), result)
    yield of_sources("figures", "comparison", comparison, plot_comparison)


def examples() -> Iterator[Target]:
    """The example of each trained model."""
    for name in records():
        yield of_sources("examples", name, digest([name]), partial(write_example, name))


def cards() -> Iterator[Target]:
    """The card of each trained model and its texts in `metrics.json`, from its recipe.

    The folder then gets a new manifest.
    """
    from seqzoo.hub import write_manifest
    from seqzoo.hub.manifest import read_manifest
    from seqzoo.training.card import card_texts, model_card
    from seqzoo.training.record import json_text

    for name, old_record in records().items():
        folder, card = WEIGHTS / name, importlib.import_module(f"recipes.{name}").CARD
        record = old_record | card_texts(card)
        text = model_card(card, record, read.config(name))
        texts = {folder / "README.md": text, folder / "metrics.json": json_text(record)}
        revision = read_manifest(folder).revision
        yield of_texts(name, texts, partial(write_manifest, folder, revision=revision))


KINDS = {kind.__name__: kind for kind in (tables, figures, examples, cards)}


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
