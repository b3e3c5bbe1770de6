"""What a detector found in a picture, and where it looked for it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from seqzoo.plot.attention_map import draw_map, even_shares
from seqzoo.plot.files import checked_path, write_figure
from seqzoo.processors.base import read_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 6.4  # inches
TALLEST = 6.4
PANELS = 4  # in a row
TITLE = 0.24  # inches above a panel
GAP = 0.06


class Found(Protocol):
    """What `ObjectDetector.detect` returns, as far as it is drawn."""

    @property
    def boxes_xyxy(self) -> Any:
        """Float array `(objects, 4)`, pixels of the picture."""

    @property
    def labels(self) -> Sequence[str]:
        """Name of each object's class."""

    @property
    def scores(self) -> Any:
        """Float array `(objects,)`."""


def plot_detections(
    picture: Any,
    detections: Found,
    out: str | os.PathLike[str],
    attention: Any = None,
) -> Path:
    """Draws a picture with the boxes found in it, and small ones with where each looks.

    Boxes of a class share a colour. Below, for each of the first objects, is the
    picture in grey under the colours of its map of attention, from dark (the least
    weight) to bright (the greatest), with the object's own box.

    Args:
        picture: As for `plot_attention_map`.
        detections: Has `boxes_xyxy`, `labels` and `scores`, the best first.
        out: The file to write; its suffix (.png, .svg or .pdf) is the format.
        attention: Float array `(maps, rows, columns)`: of each of the first objects
            where it looked, stretched over the picture; at most as many as there are
            objects. None draws no small pictures.

    Returns:
        The path of the file.

    Raises:
        ValueError: If the suffix is unknown, the picture is none, or the parts of the
            detections do not fit together.
        FileNotFoundError: If the picture's path leads nowhere.
        ImportError: If matplotlib is not installed.
    """
    path, file_format = checked_path(out)
    image = read_image(picture).convert("RGB")
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
    shares = [even_shares(each) for each in maps]
    figure = _detections_figure(image, boxes, names, _colours(labels), shares)
    return write_figure(figure, path, file_format)


def _colours(labels: Sequence[str]) -> list[str]:
    """A colour for each object, the same for each class; ten classes have their own."""
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

    height = min(WIDTH * image.height / image.width, TALLEST)
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
