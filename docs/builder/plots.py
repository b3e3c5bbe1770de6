"""Figures of trained models, drawn by `seqzoo.plot`.

An SVG has no background, and its black becomes `currentColor`, so that it takes the
colours of a light or dark page; where it stands alone, a style inside sets them.
"""

import base64
import contextlib
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builder.examples import golden_inputs, image_path, threshold, write_image
from builder.records import (
    FIGURES,
    WEIGHTS,
    benchmark,
    cell_name,
    character_models,
    config,
    records,
)

UNIT_TEXT = (
    "What's in a name? that which we call a rose\n"
    "By any other name would smell as sweet;"
)
# Shakespeare's sonnet 18 is long enough to follow gradients 64 characters back.
SONNET = """\
Shall I compare thee to a summer's day?
Thou art more lovely and more temperate:
Rough winds do shake the darling buds of May,
And summer's lease hath all too short a date:
Sometime too hot the eye of heaven shines,
And often is his gold complexion dimm'd;
And every fair from fair sometime declines,
By chance or nature's changing course untrimm'd;
But thy eternal summer shall not fade
Nor lose possession of that fair thou owest;
Nor shall Death brag thou wander'st in his shade,
When in eternal lines to time thou growest:
So long as men can breathe or eyes can see,
So long lives this and this gives life to thee.
"""
GRADIENT_CELLS = ("elman", "lstm")  # one whose gradient vanishes, one whose does not
LONG = re.compile(r"-?\d+\.\d{3,}")
# Distinct on white and on black.
CURVES = ("#3d86d1", "#e07b2e", "#3a9e68", "#d2506b", "#8d6fcb", "#a37a4d", "#d667b0")
INK = "#010203"  # replaced by currentColor
STYLE = (
    "<style>svg{color:#333}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>"
)


@contextlib.contextmanager
def ink() -> Iterator[None]:
    """Settings of matplotlib: no background, and text as text, not as outlines."""
    import matplotlib
    from cycler import cycler

    coloured = ("text.color", "axes.edgecolor", "axes.labelcolor")
    ticks = ("xtick.color", "ytick.color")
    backgrounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    settings: dict[Any, Any] = {
        **dict.fromkeys((*coloured, *ticks), INK),
        **dict.fromkeys(backgrounds, "none"),
        "axes.prop_cycle": cycler(color=CURVES),
        "svg.fonttype": "none",
        "image.interpolation": "none",
        "image.composite_image": False,
    }
    with matplotlib.rc_context(settings):
        yield


def finished(path: Path) -> Path:
    """Gives an SVG the page's colours and removes unused ids and metadata."""
    text = path.read_text("utf-8")
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor")
    used = set(re.findall(r"#([\w.-]+)", text))
    text = re.sub(
        r' id="([^"]*)"', lambda match: match[0] if match[1] in used else "", text
    )
    text = re.sub(r"<svg\b[^>]*>", lambda tag: tag[0] + STYLE, text, count=1)
    text = re.sub(r"<[^>]+>", lambda tag: LONG.sub(_short, tag[0]), text)
    text = re.sub(r"(?<=base64,)[^\"]+", _fewer_colours_inside, text)
    text = re.sub(r">\s+<", ">\n<", text.strip())
    path.write_text(text + "\n", "utf-8")
    return path


def plot_model(name: str) -> None:
    """Draws the figures of one model."""
    from seqzoo.plot.model_plots import draw
    from seqzoo.tasks import TASKS

    folder, task = FIGURES / name, TASKS[records()[name]["task"]]
    figure = task.figure
    folder.mkdir(exist_ok=True)
    for old in (*folder.glob("*.svg"), *folder.glob("*.png")):
        old.unlink()
    with ink():
        finished(draw(name, None, folder / "training.svg", "training"))
        if figure == "alignment":
            finished(draw(name, task.examples[0], folder / "alignment.svg", figure))
        if figure == "text" and config(name)["config"]["cell"] in GRADIENT_CELLS:
            finished(draw(name, SONNET, folder / "gradients.svg", "gradients"))
        if figure == "training":  # of a classifier of sequences
            plot_gates(name, folder / "gates.svg")
    if figure == "text":
        fewer_colours(draw(name, UNIT_TEXT, folder / "text.png", figure))
    if image := image_path(name):
        write_image(name)
    if image and figure in ("attention", "detections"):
        options = {"threshold": threshold(name)} if figure == "detections" else {}
        path = draw(name, str(image), folder / f"{figure}.png", figure, options)
        fewer_colours(path, colours=200)


def plot_gates(name: str, out: Path) -> None:
    """Draws the gates of a classifier's last recurrent layer over its golden input."""
    import numpy as np

    import seqzoo
    from seqzoo import plot
    from seqzoo.layers import PhasedLSTMCell

    model = seqzoo.load(name)
    layers = getattr(model, "recurrent", None)
    if not layers:
        return
    inputs = {key: array[:1] for key, array in golden_inputs(name).items()}
    steps = int(np.asarray(inputs["mask"]).sum())
    inputs = {key: array[:, :steps] for key, array in inputs.items()}
    x = inputs["sequences"]
    # A Phased LSTM's gates depend on the times; other cells read them as a feature.
    timed = isinstance(getattr(layers[0], "cell", None), PhasedLSTMCell)
    times = inputs.get("times") if timed else None
    if "times" in inputs and not timed:
        feature = inputs["times"][..., None] / model.config.time_unit
        x = np.concatenate([x, feature], axis=-1)
    for layer in layers[:-1]:
        x = layer(x, times=times)
    traced = layers[-1].trace(x, times=times)
    directions = traced if "forward" in traced else {"": traced}
    gates: dict[str, Any] = {
        f"{direction} {gate}".strip(): np.asarray(values)[0]
        for direction, trace in directions.items()
        for gate, values in trace.items()
        if gate.endswith("_gate")
    }
    if gates:
        finished(plot.plot_gates(gates, out))


def plot_comparison() -> None:
    """Draws the curves of all character models: their training, their gradients."""
    from matplotlib.figure import Figure

    from seqzoo import plot
    from seqzoo.plot.files import write_figure

    with ink():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.subplots()
        for name in sorted(character_models()):
            with (WEIGHTS / name / "train_log.csv").open(encoding="utf-8") as log:
                rows = list(csv.DictReader(log))
            losses = [float(row["validation_nats_per_character"]) for row in rows]
            axes.plot(range(1, len(rows) + 1), losses, label=cell_name(name))
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation, nats a character")
        axes.set_ylim(1.35, 2.4)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, ncols=2)
        finished(write_figure(figure, FIGURES / "cells.svg", "svg"))
        result = benchmark("gradients")
        for state in ("fresh", "trained"):
            curves = {
                cell_name(name): (result["lags"], norms[state])
                for name, norms in result["models"].items()
            }
            out = FIGURES / f"gradients_{state}.svg"
            finished(plot.plot_gradients(curves, out))


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"


def _fewer_colours_inside(match: re.Match[str]) -> str:
    """An image inside an SVG, with a palette and its transparency."""
    from PIL import Image

    data = io.BytesIO(base64.b64decode(match[0]))
    image = Image.open(data).convert("RGBA").quantize(48, dither=Image.Dither.NONE)
    smaller = io.BytesIO()
    image.save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def fewer_colours(path: Path, colours: int = 48, width: int = 1100) -> Path:
    """Makes a PNG small: at most as wide as a page, and with a palette."""
    from PIL import Image

    image = Image.open(path).convert("RGB")
    if image.width > width:
        size = (width, round(image.height * width / image.width))
        image = image.resize(size, Image.Resampling.LANCZOS)
    # An octree keeps rare colours, such as those of boxes; a median cut merges them.
    octree = Image.Quantize.FASTOCTREE
    image = image.quantize(colours, method=octree, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    return path
