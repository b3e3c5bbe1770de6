"""The attention of every head of a layer over a text."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.plot.files import checked_path, write_figure
from seqzoo.plot.unit_text import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqzoo.models.text_attention import TextAttention

COLUMNS = 4  # panels in a row
MAX_SIDE = 5.0  # inches of a panel
MIN_CELL = 0.055  # inches; labels of narrower cells are not legible


def plot_heads(
    attention: "TextAttention",
    out: str | os.PathLike[str],
    layer: int = -1,
    head: int | None = None,
) -> Path:
    """Draws which tokens each token attends to, a panel for each head of a layer.

    Queries go down the side, keys along the top. A cell goes from black (weight 0) to
    white (weight 1).

    Args:
        attention: From `read_attention` of a transformer.
        out: The file to write.
        layer: Layer index, from 0, or from the last with -1.
        head: Head index, from 0. Default: all heads.

    Raises:
        ValueError: If there is no such layer or head.
    """
    path, file_format = checked_path(out)
    layers, heads = attention.weights.shape[:2]
    if not -layers <= layer < layers:
        raise ValueError(
            f"`layer` must be in [{-layers}, {layers}). Received: layer={layer}."
        )
    if head is not None and not 0 <= head < heads:
        raise ValueError(f"`head` must be in [0, {heads}). Received: head={head}.")
    drawn = range(heads) if head is None else [head]
    panels = {
        f"layer {layer % layers}, head {i}": attention.weights[layer, i] for i in drawn
    }
    return write_figure(_heads_figure(attention, panels), path, file_format)


def _heads_figure(
    attention: "TextAttention", panels: dict[str, np.ndarray]
) -> "Figure":
    from matplotlib.figure import Figure

    queries = [printable(token, space="␣") for token in attention.queries]
    keys = [printable(token, space="␣") for token in attention.keys]
    cell = min(0.3, MAX_SIDE / max(len(queries), len(keys)))  # inches
    width, height = cell * len(keys), cell * len(queries)
    font_size = min(9.0, 50 * cell)  # points
    label = max(map(len, queries + keys)) * font_size * 0.62 / 72  # inches
    if cell < MIN_CELL:
        queries, keys, label = [], [], 0.0
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    step_x, step_y = width + label + 0.25, height + label + 0.45
    page = (columns * step_x, rows * step_y)
    figure = Figure(figsize=page)
    for i, (title, weights) in enumerate(panels.items()):
        row, column = divmod(i, columns)
        left, bottom = column * step_x + label, page[1] - (row + 1) * step_y
        axes = figure.add_axes(
            (left / page[0], bottom / page[1], width / page[0], height / page[1])
        )
        axes.imshow(weights, cmap="gray", vmin=0.0, vmax=1.0, aspect="auto")
        axes.xaxis.tick_top()
        for axis, tokens, angle in ((axes.xaxis, keys, 90), (axes.yaxis, queries, 0)):
            axis.set_ticks(
                range(len(tokens)),
                tokens,
                rotation=angle,
                parse_math=False,
                fontsize=font_size,
                family="monospace",
            )
        axes.tick_params(length=0, pad=2)
        axes.set_title(title, fontsize=9)
    return figure
