"""Attention maps over the image that a model reads."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.plot.files import checked_path, write_figure
from seqzoo.processors.image_input import read_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

# Left, upper, right and lower border, in pixels of an image.
Region = tuple[float, float, float, float]

HEIGHT = 3.2  # inches, of a panel
MAX_WIDTH = 6.4
MIN_WIDTH = 1.2
GAP = 0.15
BAR = 0.12
COVER = 0.55  # opacity of the colours over the image


def plot_attention_map(
    image: Any,
    weights: Any,
    out: str | os.PathLike[str],
    region: Region | None = None,
    label: str = "",
    source: str = "",
) -> Path:
    """Draws an image, and beside it the image in grey under its attention map.

    The map's colours go from dark (its least weight) to bright (its greatest). The
    scale is relative to uniform attention: 1 is the weight of every place if all had
    the same.

    Args:
        image: A path, a `PIL.Image` or an array `(height, width)` or `(height, width,
            3)`.
        weights: Float array `(rows, columns)`, not negative.
        out: The file to write.
        region: The part of the image that the map covers. Default: the whole. What
            reaches beyond the image is cut off.
        label: Title of the image, such as the predicted class.
        source: Title of the map, such as its layer.

    Raises:
        ValueError: If the image cannot be read, or `weights` is no such array.
        FileNotFoundError: If the image's path does not exist.
    """
    path, file_format = checked_path(out)
    image = read_image(image).convert("RGB")
    shares = even_shares(weights)
    figure = _attention_figure(image, shares, region, label, source)
    return write_figure(figure, path, file_format)


def even_shares(weights: Any) -> np.ndarray:
    """An attention map divided by its mean, so that uniform attention is 1 everywhere.

    Args:
        weights: Float array `(rows, columns)`, not negative, not all 0.

    Raises:
        ValueError: If `weights` is no such array.

    Example:
        >>> even_shares([[1, 3]]).tolist()
        [[0.5, 1.5]]
    """
    array = np.asarray(weights, "float64")
    is_map = array.ndim == 2 and array.size and np.isfinite(array).all()
    if not is_map or array.min() < 0 or not array.any():
        raise ValueError(
            "A map of attention must be an array (rows, columns) of weights from 0 on, "
            f"not all 0. Received: shape {array.shape}"
            + (f", from {array.min()} to {array.max()}." if array.size else ".")
        )
    return array / array.mean()


def draw_map(
    axes: "Axes", image: Any, shares: np.ndarray, region: Region | None = None
) -> "AxesImage":
    """Draws a `PIL.Image` in grey under a map of `even_shares`; returns the map."""
    width, height = image.size
    left, upper, right, lower = region or (0, 0, width, height)
    axes.imshow(image.convert("L"), cmap="gray", vmin=0, vmax=255, extent=_whole(image))
    drawn_map = axes.imshow(
        shares,
        cmap="inferno",
        alpha=COVER,
        extent=(left, right, lower, upper),
        interpolation="nearest",
    )
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    return drawn_map


def _whole(image: Any) -> tuple[float, float, float, float]:
    """The extent of an image in matplotlib's order: left, right, lower, upper."""
    return (0, image.width, image.height, 0)


def _attention_figure(
    image: Any, shares: np.ndarray, region: Region | None, label: str, source: str
) -> "Figure":
    from matplotlib.figure import Figure

    width = min(max(HEIGHT * image.width / image.height, MIN_WIDTH), MAX_WIDTH)
    height = min(HEIGHT, width * image.height / image.width)
    full = 2 * width + 2 * GAP + BAR
    # The margins grow with the words when the file is written.
    figure = Figure(figsize=(full, height))
    image_axes = figure.add_axes((0, 0, width / full, 1))
    image_axes.imshow(image, extent=_whole(image))
    image_axes.axis("off")
    map_axes = figure.add_axes(((width + GAP) / full, 0, width / full, 1))
    drawn_map = draw_map(map_axes, image, shares, region)
    for axes, title in ((image_axes, label), (map_axes, source)):
        axes.set_title(title, fontsize=10, parse_math=False)
    bar = figure.add_axes((1 - BAR / full, 0, BAR / full, 1))
    figure.colorbar(drawn_map, cax=bar)
    bar.set_ylabel("times an even share", fontsize=9)
    bar.tick_params(labelsize=8)
    return figure
