"""Where a model looks, over the picture that it looks at."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.plot.files import checked_path, write_figure
from seqzoo.processors.base import read_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

# Left, upper, right and lower border, in pixels of a picture.
Region = tuple[float, float, float, float]

HEIGHT = 3.2  # inches, of a panel
WIDEST = 6.4
NARROWEST = 1.2
GAP = 0.15
BAR = 0.12
COVER = 0.55  # how much of the picture the colours hide


def plot_attention_map(
    picture: Any,
    weights: Any,
    out: str | os.PathLike[str],
    region: Region | None = None,
    label: str = "",
    source: str = "",
) -> Path:
    """Draws a picture, and beside it in grey under the colours of a map of attention.

    From dark (the least weight in the map) to bright (the greatest); the scale counts
    in even shares, so that at 1 a place is looked at as much as if all were alike.

    Args:
        picture: A path, a `PIL.Image` or an array `(height, width)` or `(height, width,
            3)`.
        weights: Float array `(rows, columns)`, not negative.
        out: The file to write; its suffix (.png, .svg or .pdf) is the format.
        region: What part of the picture the map is of; by default the whole. It may
            reach beyond the picture, which cuts the map off.
        label: Stands above the picture, such as what the model takes it for.
        source: Stands above the map, such as which layer it is of.

    Returns:
        The path of the file.

    Raises:
        ValueError: If the suffix is unknown, the picture is none, or the weights are
            no such array.
        FileNotFoundError: If the picture's path leads nowhere.
        ImportError: If matplotlib is not installed.
    """
    path, file_format = checked_path(out)
    image = read_image(picture).convert("RGB")
    shares = even_shares(weights)
    figure = _attention_figure(image, shares, region, label, source)
    return write_figure(figure, path, file_format)


def even_shares(weights: Any) -> np.ndarray:
    """A map of attention as multiples of what each place would get if all were alike.

    Args:
        weights: Float array `(rows, columns)`, not negative, not all 0.

    Raises:
        ValueError: If it is none such.

    Example:
        >>> even_shares([[1, 3]]).tolist()
        [[0.5, 1.5]]
    """
    found = np.asarray(weights, "float64")
    wrong = found.ndim != 2 or not found.size or not np.isfinite(found).all()
    if wrong or found.min() < 0 or not found.any():
        raise ValueError(
            "A map of attention must be an array (rows, columns) of weights from 0 on, "
            f"not all 0. Received: shape {found.shape}"
            + (f", from {found.min()} to {found.max()}." if found.size else ".")
        )
    return found / found.mean()


def draw_map(
    axes: "Axes", image: Any, shares: np.ndarray, region: Region | None = None
) -> "AxesImage":
    """Draws a picture in grey with a map over it, and returns the map.

    Args:
        axes: Where to draw.
        image: A `PIL.Image`.
        shares: Float array `(rows, columns)`.
        region: As for `plot_attention_map`.
    """
    width, height = image.size
    left, upper, right, lower = region or (0, 0, width, height)
    axes.imshow(image.convert("L"), cmap="gray", vmin=0, vmax=255, extent=_whole(image))
    drawn = axes.imshow(
        shares,
        cmap="inferno",
        alpha=COVER,
        extent=(left, right, lower, upper),
        interpolation="nearest",
    )
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return drawn


def _whole(image: Any) -> tuple[float, float, float, float]:
    """All of a picture, as matplotlib says it: left, right, lower, upper."""
    return (0, image.width, image.height, 0)


def _attention_figure(
    image: Any, shares: np.ndarray, region: Region | None, label: str, source: str
) -> "Figure":
    from matplotlib.figure import Figure

    width = min(max(HEIGHT * image.width / image.height, NARROWEST), WIDEST)
    height = min(HEIGHT, width * image.height / image.width)
    full = 2 * width + 2 * GAP + BAR
    # The margins grow with the words when the file is written.
    figure = Figure(figsize=(full, height))
    plain = figure.add_axes((0, 0, width / full, 1))
    plain.imshow(image, extent=_whole(image))
    plain.axis("off")
    over = figure.add_axes(((width + GAP) / full, 0, width / full, 1))
    drawn = draw_map(over, image, shares, region)
    for axes, words in ((plain, label), (over, source)):
        axes.set_title(words, fontsize=10, parse_math=False)
    bar = figure.add_axes((1 - BAR / full, 0, BAR / full, 1))
    figure.colorbar(drawn, cax=bar)
    bar.set_ylabel("times an even share", fontsize=9)
    bar.tick_params(labelsize=8)
    return figure
