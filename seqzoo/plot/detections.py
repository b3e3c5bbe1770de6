"""The objects that a detector finds in an image, and where its queries attend."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.plot.attention_map import draw_map, even_shares
from seqzoo.plot.files import checked_path, write_figure
from seqzoo.processors.image_input import read_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from seqzoo.tasks import Detections

WIDTH = 6.4  # inches
MAX_HEIGHT = 6.4
PANELS = 4  # in a row
TITLE = 0.24  # inches above a panel
GAP = 0.06


def plot_detections(
    image: Any,
    detections: "Detections",
    out: str | os.PathLike[str],
    attention: Any = None,
) -> Path:
    """Draws an image with the boxes of its objects, and below it attention maps.

    Boxes of a class share a colour. Each attention map belongs to one of the first
    objects. It lies over the image in grey, from dark (its least weight) to bright (its
    greatest), with the object's own box.

    Args:
        image: As for `plot_attention_map`.
        detections: From `ObjectDetector.detect`.
        out: The file to write.
        attention: Float array `(maps, rows, columns)`: the attention of the first
            objects' queries, stretched over the image; at most one map for each
            object. None draws no maps.

    Raises:
        ValueError: If the image cannot be read, or the parts of the detections do not
            fit together.
        FileNotFoundError: If the image's path does not exist.
    """
    path, file_format = checked_path(out)
    image = read_image(image).convert("RGB")
    boxes = np.asarray(detections.boxes_xyxy, "float64")
    scores = np.asarray(detections.scores, "float64")
    labels = list(detections.labels)
    maps = [] if attention is None else list(attention)
    count = len(labels)
    if (boxes.shape, scores.shape) != ((count, 4), (count,)) or len(maps) > count:
        raise ValueError(
            "Detections must have a box of 4 numbers, a score and a label for each "
            "object, and at most as many maps. Received: boxes of shape "
            f"{boxes.shape}, scores of shape {scores.shape}, {count} labels, "
            f"{len(maps)} maps."
        )
    names = [f"{k} {score:.2f}" for k, score in zip(labels, scores, strict=True)]
    shares = [even_shares(weights) for weights in maps]
    figure = _detections_figure(image, boxes, names, _colours(labels), shares)
    return write_figure(figure, path, file_format)


def _colours(labels: Sequence[str]) -> list[str]:
    """A colour for each object by its class; the eleventh class repeats the first."""
    classes = sorted(set(labels))
    return [f"C{classes.index(label) % 10}" for label in labels]


def _detections_figure(
    image: Any,
    boxes: np.ndarray,
    names: Sequence[str],
    colours: Sequence[str],
    maps: Sequence[np.ndarray],
) -> "Figure":
    from matplotlib.figure import Figure

    height = min(WIDTH * image.height / image.width, MAX_HEIGHT)
    small = (WIDTH - (PANELS - 1) * GAP) / PANELS
    low = min(small * image.height / image.width, small)
    rows = -(-len(maps) // PANELS)
    full = height + rows * (TITLE + low)
    figure = Figure(figsize=(WIDTH, full))
    axes = figure.add_axes((0, 1 - height / full, 1, height / full))
    axes.imshow(image, extent=(0, image.width, image.height, 0))
    axes.axis("off")
    for box, name, colour in zip(boxes, names, colours, strict=True):
        _draw_box(axes, box, colour)
        axes.text(
            min(max(box[0], 0), image.width),
            min(max(box[1], 0), image.height),
            name,
            fontsize=7,
            color="white",
            va="bottom",
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 1},
            parse_math=False,
        )
    axes.set(xlim=(0, image.width), ylim=(image.height, 0))
    for i, shares in enumerate(maps):
        row, column = divmod(i, PANELS)
        left = column * (small + GAP)
        bottom = full - height - row * (TITLE + low) - TITLE - low
        panel = figure.add_axes(
            (left / WIDTH, bottom / full, small / WIDTH, low / full)
        )
        draw_map(panel, image, shares)
        _draw_box(panel, boxes[i], colours[i])
        panel.set_title(names[i], fontsize=8, pad=3, parse_math=False)
    return figure


def _draw_box(axes: "Axes", box: np.ndarray, colour: str) -> None:
    from matplotlib.patches import Rectangle

    left, upper, right, lower = box
    axes.add_patch(
        Rectangle(
            (left, upper),
            right - left,
            lower - upper,
            fill=False,
            edgecolor=colour,
            linewidth=1.5,
        )
    )
