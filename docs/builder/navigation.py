"""The site's navigation: what is named here, and whatever lies in a folder."""

import re
from pathlib import Path
from typing import Any

# Part of the package -> its module and what to say before its names.
API = {
    "seqzoo": ("seqzoo.zoo", "The public names: `seqzoo.load` is `seqzoo.zoo.load`."),
    "models": ("seqzoo.models", "The architectures, each with its Config."),
    "tasks": ("seqzoo.tasks", "What a model does: the verb and the loss of a task."),
    "layers": ("seqzoo.layers", "Layers with weights: cells, attention, blocks."),
    "ops": ("seqzoo.ops", "Functions of tensors, without weights."),
    "decoding": ("seqzoo.decoding", "Greedy decoding, sampling and beam search."),
    "processors": ("seqzoo.processors", "Raw input to arrays and back."),
    "plot": ("seqzoo.plot", "Pictures of what a model looks at, does and learned."),
    "training": ("seqzoo.training", "A recipe, and what runs it."),
    "data": ("seqzoo.data", "Public data sets as arrays."),
    "hub": ("seqzoo.hub", "Folders and repositories of models: read, check, save."),
}

START = {
    "Home": "index.md",
    "Quick start": "quick-start.md",
    "A page to try the models": "demo.md",
    "How it is built": "how-it-is-built.md",
    "Glossary": "glossary.md",
    "Changelog": "changelog.md",
    "Contributing": "contributing.md",
}
ZOO = {
    "All models": "zoo.md",
    "Comparison of cells": "cell-comparison.md",
    "Results": "results.md",
}
IDEAS = {
    "From lecture to model": "lectures.md",
    "Equations": "equations.md",
    "Cells and regularisers": "cells.md",
}
GUIDES = {
    "Loading": "loading.md",
    "Fine-tuning": "fine-tuning.md",
    "Fine-tuning on pictures": "fine-tuning-images.md",
    "Training": "training.md",
    "Your own data": "own-data.md",
    "Adding a model": "adding-a-model.md",
    "Migrating from TensorFlow Addons": "migrating.md",
    "Publishing": "publishing.md",
    "Backends and speed": "backends.md",
    "Speed, measured": "speed.md",
    "What can be relied on": "reliability.md",
}
MADE_WHILE_BUILDING = {"changelog.md", "contributing.md"}


def navigation(docs: Path, names: list[str]) -> list[dict[str, Any]]:
    """The `nav` of mkdocs.yml: pages that exist, and every page that no list names.

    Args:
        docs: The folder of the pages.
        names: The trained models.
    """
    listed = {page for part in (START, ZOO, IDEAS, GUIDES) for page in part.values()}
    stories = [
        page.relative_to(docs).as_posix()
        for page in (*sorted(docs.glob("models/*.md")), docs / "vision.md")
        if page.exists()
    ]
    others = [
        page.name
        for page in sorted(docs.glob("*.md"))
        if page.name not in listed and page.name not in stories
    ]
    guides = {**GUIDES, **{heading(docs / page): page for page in others}}
    return [
        {"Start": _present(START, docs)},
        {
            "Zoo": [
                *_present(ZOO, docs),
                {"Trained models": [{name: f"weights/{name}.md"} for name in names]},
            ]
        },
        {
            "Ideas": [
                *_present(IDEAS, docs),
                {"Architectures": [{heading(docs / page): page} for page in stories]},
            ]
        },
        {"Guides": _present(guides, docs)},
        {"Reference": [{part: f"api/{part}.md"} for part in API]},
    ]


def heading(page: Path) -> str:
    """The page's first heading."""
    found = re.search(r"^# (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else page.stem


def _present(part: dict[str, str], docs: Path) -> list[dict[str, str]]:
    return [
        {label: page}
        for label, page in part.items()
        if page in MADE_WHILE_BUILDING or (docs / page).exists()
    ]
