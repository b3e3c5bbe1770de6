"""Figures of trained models, drawn by `seqzoo.plot`.

An SVG has no background, and its black becomes `currentColor`, so that it takes the
colours of a light or dark page; where it stands alone, a style inside sets them.
"""

import base64
import csv
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

import seqzoo
from builder import records as read
from builder.examples import golden_inputs, image_path, threshold, write_image
from builder.records import FIGURES, WEIGHTS, cell_name
from seqzoo import plot
from seqzoo.layers import PhasedLSTMCell
from seqzoo.plot.files import write_figure
from seqzoo.plot.model_plots import draw
from seqzoo.tasks import TASKS

UNIT_TEXT = (
    "What's in a name? that which we call a rose\n"
    "By any other name would smell as sweet;"
)
# Shakespeare's sonnet is long enough to follow gradients 64 characters back.
SONNET = Path(__file__).with_name("sonnet_18.txt")
GRADIENT_CELLS = ("elman", "lstm")  # one whose gradient vanishes, one whose does not
UNUSED = re.compile(r"(?s)<metadata>.*?</metadata>|<!--.*?-->|<\?.*?\?>|<!DOCTYPE.*?>")
LONG = re.compile(r"-?\d+\.\d{3,}(?=[^<]*>)")  # within a tag
STYLE_SHEET = Path(__file__).with_name("site.mplstyle")
INK = "#010203"  # becomes currentColor
STYLE = (
    "<style>svg{color:#333}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>"
)


def finish(path: Path) -> None:
    """Gives an SVG the page's colours, and makes it small."""
    text = UNUSED.sub("", path.read_text("utf-8")).replace(INK, "currentColor")
    used = set(re.findall(r"#([\w.-]+)", text))
    text = re.sub(r' id="([^"]*)"', lambda m: m[0] if m[1] in used else "", text)
    text = re.sub(r"<svg\b[^>]*>", lambda tag: tag[0] + STYLE, text, count=1)
    text = LONG.sub(lambda number: f"{float(number[0]):.2f}", text)
    text = re.sub(r"(?<=base64,)[^\"]+", _with_palette, text)
    text = re.sub(r">\s+<", ">\n<", text.strip())
    path.write_text(text + "\n", "utf-8")


def _with_palette(match: re.Match[str]) -> str:
    """An image inside an SVG, with a palette and its transparency."""
    data = io.BytesIO(base64.b64decode(match[0]))
    image = Image.open(data).convert("RGBA").quantize(48, dither=Image.Dither.NONE)
    smaller = io.BytesIO()
    image.save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def shrink(path: Path) -> None:
    """Makes a PNG small: at most as wide as a page, and with a palette."""
    image = Image.open(path).convert("RGB")
    image.thumbnail((1100, image.height), Image.Resampling.LANCZOS, reducing_gap=None)
    # An octree keeps rare colours, such as those of boxes; a median cut merges them.
    octree = Image.Quantize.FASTOCTREE
    image = image.quantize(200, method=octree, dither=Image.Dither.NONE)
    image.save(path, optimize=True)


def plot_model(name: str) -> None:
    """Draws the figures of one model."""
    folder, task = FIGURES / name, TASKS[read.records()[name]["task"]]
    folder.mkdir(exist_ok=True)
    for old in (*folder.glob("*.svg"), *folder.glob("*.png")):
        old.unlink()
    image = image_path(name)
    if image:
        write_image(name)
    given = {
        "training": None,
        "alignment": next(iter(task.examples), None),
        "hops": next(iter(task.examples), None),
        "text": UNIT_TEXT,
        "gradients": SONNET.read_text("utf-8"),
    }
    kinds = ["training", task.figure]
    if read.config(name)["class"] == "RecurrentTextClassifier":
        kinds.append("text")
        given["text"] = task.examples[0]
    if task.figure == "text" and read.config(name)["config"]["cell"] in GRADIENT_CELLS:
        kinds.append("gradients")
    for kind in dict.fromkeys(kinds):
        is_png = kind in ("text", "attention", "detections")
        out = folder / f"{kind}.{'png' if is_png else 'svg'}"
        options = {"threshold": threshold(name)} if kind == "detections" else {}
        with rc_context(fname=None if is_png else STYLE_SHEET):
            draw(name, given.get(kind, str(image)), out, kind, options)
        (shrink if is_png else finish)(out)
    if task.figure == "training":
        plot_gates(name, folder / "gates.svg")


def plot_gates(name: str, out: Path) -> None:
    """Draws the gates of a classifier's last recurrent layer over its golden input."""
    model = seqzoo.load(name)
    layers = getattr(model, "recurrent", None)
    if not layers:
        return
    inputs = {key: array[:1] for key, array in golden_inputs(name).items()}
    steps = int(np.asarray(inputs["mask"]).sum())
    inputs = {key: array[:, :steps] for key, array in inputs.items()}
    if "token_ids" in inputs:
        inputs["sequences"] = model.embedding(inputs["token_ids"])
    x, times = inputs["sequences"], inputs.get("times")
    # A Phased LSTM's gates depend on the times; other cells read them as a feature.
    is_timed = isinstance(getattr(layers[0], "cell", None), PhasedLSTMCell)
    if times is not None and not is_timed:
        x = np.concatenate([x, times[..., None] / model.config.time_unit], axis=-1)
        times = None
    for layer in layers[:-1]:
        x = layer(x, times=times)
    trace = layers[-1].trace(x, times=times)
    directions = trace if "forward" in trace else {"": trace}
    gates: dict[str, Any] = {
        f"{direction} {gate}".strip(): np.asarray(values)[0]
        for direction, values_of in directions.items()
        for gate, values in values_of.items()
        if gate.endswith("_gate")
    }
    if gates:
        with rc_context(fname=STYLE_SHEET):
            finish(plot.plot_gates(gates, out))


def plot_comparison() -> None:
    """Draws the curves of all character models: their training, their gradients."""
    with rc_context(fname=STYLE_SHEET):
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.subplots()
        for name in sorted(read.character_models()):
            with (WEIGHTS / name / "train_log.csv").open(encoding="utf-8") as log:
                rows = list(csv.DictReader(log))
            losses = [float(row["validation_nats_per_character"]) for row in rows]
            axes.plot(range(1, len(rows) + 1), losses, label=cell_name(name))
        axes.set(
            xlabel="epoch", ylabel="validation, nats a character", ylim=(1.35, 2.4)
        )
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, ncols=2)
        finish(write_figure(figure, FIGURES / "cells.svg", "svg"))
        result = read.benchmark("gradients")
        for state in ("fresh", "trained"):
            curves = {
                cell_name(name): (result["lags"], norms[state])
                for name, norms in result["models"].items()
            }
            finish(plot.plot_gradients(curves, FIGURES / f"gradients_{state}.svg"))
