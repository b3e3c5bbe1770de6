"""The page of each trained model, put together from its folder in `weights/`.

Figure and equations are those of `docs/equations.md`; pictures and answers are what
`docs/pictures.py` wrote; numbers are of `metrics.json`.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from builder import records

DOCS = Path(__file__).resolve().parents[1]
FIGURES = DOCS / "figures"
CAPTIONS = {
    "alignment": (
        "What it looks at",
        "Source words along the top, the translation down the side; the brighter a "
        "cell, the more that source word counts for that word of the translation.",
    ),
    "text": (
        "What a unit does while it reads",
        "Each character stands on the colour of one unit of the last layer, from blue "
        "(-1) to orange (1); below it, what the model expected next.",
    ),
    "gates": (
        "What its gates do while it reads",
        "How far each gate of each unit of the last layer opens at each step of the "
        "input of `golden.safetensors`, dark is shut and bright is open.",
    ),
    "attention": (
        "What it looks at",
        "Where the attention goes in the picture of `golden.safetensors`.",
    ),
    "detections": (
        "What it finds",
        "Boxes with their classes and probabilities, and below them where the queries "
        "of the four best looked.",
    ),
}
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)")


def model_pages() -> dict[str, str]:
    """The Markdown of every trained model's page, by its path in `docs`."""
    speed = records.milliseconds()
    return {
        f"weights/{name}.md": _page(name, record, speed.get(name))
        for name, record in records.records().items()
    }


def answer(name: str) -> dict[str, str]:
    """The code of a model's usage and what it printed, or nothing."""
    file = FIGURES / name / "example.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def equations(heading: str) -> str:
    """The section of `docs/equations.md` under a heading, as a page below sees it."""
    text = (DOCS / "equations.md").read_text("utf-8")
    found = re.search(
        rf"^### `{re.escape(heading)}`.*?\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.M
    )
    return LINK.sub("../", found[1].strip()) if found else ""


def figure_of(config: dict[str, Any]) -> str:
    """The heading of the architecture's section: its class, and how it reads."""
    both = config["config"].get("bidirectional")
    return f"{config['class']}-bidirectional" if both else str(config["class"])


def _page(name: str, record: dict[str, Any], speed: float | None) -> str:
    config = records.config(name)
    parts = [
        f"# {name}",
        f"{records.title(name)}. {records.description(name)}",
        _facts(name, record, config, speed),
        _usage(name),
        "## Architecture and equations",
        equations(figure_of(config)),
        _cell(config),
        _scores(record),
        _pictures(name),
        _under("Paper and departures", records.section(name, "Paper")),
        _under("Limits", records.section(name, "Limits")),
        _api(config),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(
    name: str, record: dict[str, Any], config: dict[str, Any], speed: float | None
) -> str:
    story = os.path.relpath(records.story(name), DOCS / "weights")
    own = records.story(name).parent == records.WEIGHTS / name
    seeds = sorted({s for m in record["metrics"].values() for s in m["seeds"]})
    rows = {
        "task": record["task"],
        "class": f"`{config['class']}`",
        "parameters": f"{record['params']:,}",
        "data": record["data"],
        "licence of the weights": record["licence"],
        "recipe": f"[{record['recipe']}](../../{record['recipe']})",
        "trained": f"{record['epochs']} epochs, {record['train_steps']:,} steps, "
        f"{records.minutes(name):.0f} minutes on {record['device']} "
        f"({record['backend']} backend), seed {', '.join(map(str, seeds))}",
        "one answer, batch of 1": f"{speed:.1f} ms on two cores" if speed else "",
        "more": "" if own else f"[its story]({story})",
    }
    lines = [f"| {label} | {text} |" for label, text in rows.items() if text]
    return "\n".join(["| | |", "|---|---|", *lines])


def _usage(name: str) -> str:
    found = answer(name)
    if not found:
        return ""
    shown = _under("Usage", f"```python\n{found['code']}\n```")
    if found.get("image"):
        shown += f"\n\n![{found['alt']}](../figures/{name}/{found['image']})"
        shown += "{ .pixels }"
    return f"{shown}\n\nprints\n\n```text\n{found['output']}\n```"


def _cell(config: dict[str, Any]) -> str:
    cell = config["config"].get("cell")
    text = equations(cell) if cell else ""
    return f"### The cell: {cell}\n\n{text}" if text else ""


def _scores(record: dict[str, Any]) -> str:
    lines = ["| metric | here | of | examples | published |", "|---|---|---|---|---|"]
    for metric, found in record["metrics"].items():
        beside = record["published"].get(metric)
        published = (
            f"{records.format_score(found, beside['value'])}: {beside['source']}"
            if beside
            else "-"
        )
        lines.append(
            f"| `{metric}` | {records.format_score(found)} | {found['split']} | "
            f"{found['examples']:,} | {published} |"
        )
    chosen = record["validation"]
    note = (
        f"The weights of epoch {chosen['epoch']} were chosen by {chosen['monitor']} on "
        "validation data; the scores are of the weights as they are stored, "
        f"{record['weights_dtype']}. [Results](../results.md) says how each metric is "
        "measured."
    )
    return "## Scores\n\n" + "\n".join(lines) + f"\n\n{note}"


def _pictures(name: str) -> str:
    folder = FIGURES / name
    parts = []
    if (folder / "training.svg").exists():
        alt = f"Curves of the training of {name}: loss and validation score by epoch."
        parts.append(f"## Training curve\n\n![{alt}](../figures/{name}/training.svg)")
    for kind, (heading, caption) in CAPTIONS.items():
        for suffix in ("svg", "png"):
            if (folder / f"{kind}.{suffix}").exists():
                link = f"../figures/{name}/{kind}.{suffix}"
                parts.append(f"## {heading}\n\n![{caption}]({link})\n\n{caption}")
    return "\n\n".join(parts)


def _under(heading: str, text: str) -> str:
    return f"## {heading}\n\n{text}" if text else ""


def _api(config: dict[str, Any]) -> str:
    options = "    options:\n      heading_level: 3\n"
    names = (config["class"], f"{config['class']}Config")
    docs = "\n\n".join(f"::: seqzoo.models.{name}\n{options}" for name in names)
    return f"## API\n\n{docs}"
