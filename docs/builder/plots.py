"""Pictures of trained models for the site, drawn by `seqzoo.plot`.

SVGs are made without ground, and their black is `currentColor`, so that the page, light
or dark, gives them theirs; a style inside does it where the file stands alone.
"""

import base64
import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import seqzoo
from builder.examples import golden, threshold_of
from builder.records import ROOT, records, spec
from seqzoo import plot
from seqzoo.plot.model_plots import KIND_OF_TASK, draw

READ = (
    "What's in a name? that which we call a rose\n"
    "By any other name would smell as sweet;"
)
TRANSLATED = "Two dogs are playing in the snow."
# Shakespeare's sonnet 18, long enough to follow gradients 64 characters back.
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
GRADIENT_CELLS = ("elman", "lstm")  # what fades, and what does not
LONG = re.compile(r"-?\d+\.\d{3,}")
# Told apart on white and on black alike.
CURVES = ("#3d86d1", "#e07b2e", "#3a9e68", "#d2506b", "#8d6fcb", "#a37a4d", "#d667b0")
INK = "#010203"  # stands for currentColor until the file is written
STYLE = (
    "<style>svg{color:#333}@media(prefers-color-scheme:dark){svg{color:#ddd}}</style>"
)


@contextlib.contextmanager
def ink() -> Iterator[None]:
    """Figures without ground and with words that stay words."""
    import matplotlib
    from cycler import cycler

    coloured = ("text.color", "axes.edgecolor", "axes.labelcolor")
    ticks = ("xtick.color", "ytick.color")
    grounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    settings: dict[Any, Any] = {
        **dict.fromkeys((*coloured, *ticks), INK),
        **dict.fromkeys(grounds, "none"),
        "axes.prop_cycle": cycler(color=CURVES),
        "svg.fonttype": "none",
        "image.interpolation": "none",
        "image.composite_image": False,
    }
    with matplotlib.rc_context(settings):
        yield


def finished(path: Path) -> Path:
    """Gives an SVG the reader's colours and takes out what nothing refers to."""
    text = path.read_text("utf-8")
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor")
    used = set(re.findall(r"#([\w.-]+)", text))
    text = re.sub(
        r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", text
    )
    text = re.sub(r"<svg\b[^>]*>", lambda tag: tag[0] + STYLE, text, count=1)
    text = re.sub(r"<[^>]+>", lambda tag: LONG.sub(_short, tag[0]), text)
    text = re.sub(r"(?<=base64,)[^\"]+", _fewer_colours_inside, text)
    text = re.sub(r">\s+<", ">\n<", text.strip())
    path.write_text(text + "\n", "utf-8")
    return path


def plots(name: str, folder: Path, picture: Path | None) -> None:
    """Draws what there is to draw of one model.

    Args:
        name: The model.
        folder: Where to.
        picture: A picture for it to look at, if it reads pictures.
    """
    task = records()[name]["task"]
    with ink():
        finished(draw(name, None, folder / "training.svg", "training", {}))
        if task == "translation":
            out = folder / "alignment.svg"
            finished(draw(name, TRANSLATED, out, "alignment", {}))
        if spec(name)["config"].get("cell") in GRADIENT_CELLS and task == (
            "text-generation"
        ):
            out = folder / "gradients.svg"
            finished(draw(name, SONNET, out, "gradients", {}))
        if task == "sequence-classification":
            gates(name, folder / "gates.svg")
    if task == "text-generation":
        fewer_colours(draw(name, READ, folder / "text.png", "text", {}))
    kind = KIND_OF_TASK.get(task)
    if picture and kind in ("attention", "detections"):
        options = {"threshold": threshold_of(name)} if kind == "detections" else {}
        drawn = draw(name, str(picture), folder / f"{kind}.png", kind, options)
        fewer_colours(drawn, colours=200)


def gates(name: str, out: Path) -> None:
    """Draws the gates of a classifier's last recurrent layer over its golden input."""
    import numpy as np

    model = seqzoo.load(name)
    layers = getattr(model, "recurrent", None)
    if not layers:
        return
    inputs = {key: array[:1] for key, array in golden(name).items()}
    steps = int(np.asarray(inputs["mask"]).sum())
    inputs = {key: array[:, :steps] for key, array in inputs.items()}
    x = inputs["sequences"]
    # A cell with a rhythm reads the times, others have them as a feature.
    timed = getattr(getattr(layers[0], "cell", None), "timed", False)
    times = inputs.get("times") if timed else None
    if "times" in inputs and not timed:
        feature = inputs["times"][..., None] / model.config.time_unit
        x = np.concatenate([x, feature], axis=-1)
    for layer in layers[:-1]:
        x = layer(x, times=times)
    traced = layers[-1].trace(x, times=times)
    sides = traced if "forward" in traced else {"": traced}
    arrays: dict[str, Any] = {
        " ".join([side, gate]).strip(): np.asarray(values)[0]
        for side, each in sides.items()
        for gate, values in each.items()
        if gate.endswith("_gate")
    }
    if arrays:
        finished(plot.plot_gates(arrays, out))


def compare_cells(out: Path) -> None:
    """Draws the validation curves of all character models in one picture."""
    import csv

    from matplotlib.figure import Figure

    from builder.records import WEIGHTS
    from seqzoo.plot.files import write_figure

    with ink():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        axes = figure.subplots()
        for name in records():
            if not name.endswith("_char_lm"):
                continue
            with (WEIGHTS / name / "train_log.csv").open(encoding="utf-8") as log:
                rows = list(csv.DictReader(log))
            losses = [float(row["validation_nats_per_character"]) for row in rows]
            label = name.removesuffix("_char_lm").replace("_", " ")
            axes.plot(range(1, len(rows) + 1), losses, label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel("validation, nats a character")
        axes.set_ylim(1.35, 2.4)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, ncols=2)
        finished(write_figure(figure, out, "svg"))


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"


def _fewer_colours_inside(found: re.Match[str]) -> str:
    """A picture within an SVG, with a palette and its transparency."""
    from PIL import Image

    data = io.BytesIO(base64.b64decode(found[0]))
    image = Image.open(data).convert("RGBA").quantize(48, dither=Image.Dither.NONE)
    smaller = io.BytesIO()
    image.save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def compare_gradients(folder: Path) -> None:
    """Draws what `benchmarks/gradients.py` measured, if it has: fresh and trained."""
    file = ROOT / "benchmarks" / "results" / "gradients.json"
    if not file.exists():
        return
    found = json.loads(file.read_text("utf-8"))
    for state in ("fresh", "trained"):
        curves = {
            name.removesuffix("_char_lm").replace("_", " "): (
                found["lags"],
                both[state],
            )
            for name, both in found["models"].items()
        }
        with ink():
            finished(plot.plot_gradients(curves, folder / f"gradients_{state}.svg"))


def fewer_colours(path: Path, colours: int = 48, width: int = 1100) -> Path:
    """Makes a PNG small: no wider than it is shown, and with a palette."""
    from PIL import Image

    image = Image.open(path).convert("RGB")
    if image.width > width:
        size = (width, round(image.height * width / image.width))
        image = image.resize(size, Image.Resampling.LANCZOS)
    # By an octree rare colours stay, as those of boxes, that a median cut merges.
    octree = Image.Quantize.FASTOCTREE
    image = image.quantize(colours, method=octree, dither=Image.Dither.NONE)
    image.save(path, optimize=True)
    return path
