"""How far the gates of a layer open, step by step."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.plot.colours import colour_map
from seqzoo.plot.files import checked_path, write_figure
from seqzoo.plot.unit_text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GATE = "_gate"  # suffix of the names of gates
TIME_GATE = "time_gate"  # of the Phased LSTM
MAX_WIDTH = 24.0  # inches
SPACE = 0.35  # inches between panels
MIN_LABEL_WIDTH = 3.5  # points; narrower labels are not legible


def plot_gates(
    gates: Mapping[str, Any],
    out: str | os.PathLike[str],
    labels: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
) -> Path:
    """Draws how far every unit's gates open at every step, a panel for each gate.

    Steps run along the horizontal axis, units down the vertical axis. Gates go from
    dark (0, shut) to bright (1, open). States and candidates go from blue (-1) over
    white (0) to orange (1); values beyond are cut off.

    The units of a Phased LSTM are sorted by how often their time gate opens, the most
    frequent at the top; other units by their index.

    Args:
        gates: Arrays `(steps, units)` by name: one example of the result of
            `Recurrent.trace`.
        out: The file to write.
        labels: One for each step, such as the characters that the model reads. They
            are left out if there are too many to be legible (about 490).
        names: The arrays to draw, in this order. Default: all whose names end in
            "_gate".

    Raises:
        ValueError: If there is no gate or none of a name, or the arrays and labels do
            not fit together.
    """
    path, file_format = checked_path(out)
    if names is None:
        names = [name for name in gates if name.endswith(GATE)]
    if not names or not set(names) <= set(gates):
        raise ValueError(
            "`gates` must have one whose name ends in "
            f"{GATE!r}, or those in `names`. Received: {', '.join(gates)}; "
            f"names={list(names)}."
        )
    panels = {name: np.asarray(gates[name], "float64") for name in names}
    shapes = {values.shape for values in panels.values()}
    steps = {shape[:1] for shape in shapes}
    if labels is not None:
        steps.add((len(labels),))
    if len(steps) != 1 or any(len(s) != 2 or not all(s) for s in shapes):
        raise ValueError(
            "Each gate must be an array (steps, units) of the same number of steps, "
            f"as many as there are labels. Received: shapes {sorted(shapes)}, "
            f"{'no' if labels is None else len(labels)} labels."
        )
    if TIME_GATE in panels:
        order = np.argsort(-_openings(panels[TIME_GATE]), kind="stable")
        panels = {name: values[:, order] for name, values in panels.items()}
    return write_figure(_gates_figure(panels, labels), path, file_format)


def _openings(gate: np.ndarray) -> np.ndarray:
    """How many times each unit's gate opens, `(units,)`."""
    is_open = np.pad(gate > 0, ((1, 0), (0, 0)))
    return (is_open[1:] & ~is_open[:-1]).sum(axis=0)


def _gates_figure(
    panels: Mapping[str, np.ndarray], labels: Sequence[str] | None
) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    steps = len(next(iter(panels.values())))
    heights = [min(max(0.04 * p.shape[1], 1.1), 3.0) for p in panels.values()]
    width = min(max(0.115 * steps, 4.0), MAX_WIDTH)
    height = sum(heights) + SPACE * (len(panels) - 1)
    # The margins grow with the labels when the file is written.
    figure = Figure(figsize=(width, height))
    scales: set[bool] = set()  # one for all gates, one for all others
    top = height
    for (name, values), panel_height in zip(panels.items(), heights, strict=True):
        bottom = top - panel_height
        axes = figure.add_axes((0.0, bottom / height, 1.0, panel_height / height))
        is_gate = name.endswith(GATE)
        image = axes.imshow(
            values.T,
            cmap="viridis" if is_gate else colour_map(),
            vmin=0.0 if is_gate else -1.0,
            vmax=1.0,
            aspect="auto",
            interpolation="nearest",
        )
        axes.set_title(name.replace("_", " "), fontsize=10, parse_math=False)
        axes.set_ylabel("unit" if TIME_GATE not in panels else "unit, by rhythm")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xticks([])
        if is_gate not in scales:
            scales.add(is_gate)
            bar = figure.add_axes(
                (1 + 0.18 / width, bottom / height, 0.14 / width, panel_height / height)
            )
            figure.colorbar(
                image, cax=bar, ticks=[0, 0.5, 1] if is_gate else [-1, 0, 1]
            )
            bar.set_ylabel("open" if is_gate else "value")
        top = bottom - SPACE
    _label_steps(axes, steps, labels, 72 * width / steps)
    return figure


def _label_steps(
    axes: "Axes", steps: int, labels: Sequence[str] | None, room: float
) -> None:
    """Writes the labels under the lowest panel, each `room` points wide, or steps."""
    from matplotlib.ticker import MaxNLocator

    if labels is None or room < MIN_LABEL_WIDTH:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("step")
        return
    axes.set_xticks(range(steps))
    axes.set_xticklabels(
        [printable(label, space="␣") for label in labels],
        parse_math=False,
        family="monospace",
        fontsize=min(9.0, room / 0.65),
    )
    axes.tick_params(axis="x", length=0)
