"""The curves of a training."""

import csv
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.plot.files import checked_path, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_training(
    csv_file: str | os.PathLike[str], out: str | os.PathLike[str]
) -> Path:
    """Draws the curves of a `train_log.csv`, one panel for each quantity.

    The first column is the horizontal axis. A column `validation_x` shares the panel of
    the column `x`. `step` and `seconds` are not drawn. Cells that are empty or no
    number are left out.

    Args:
        csv_file: A table with a header line.
        out: The file to write.

    Raises:
        ValueError: If the table holds no curve.
    """
    path, file_format = checked_path(out)
    with open(csv_file, newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file)) or [[]]
    columns = {
        name: [_number(row[i]) if i < len(row) else math.nan for row in rows]
        for i, name in enumerate(header)
    }
    curves = [
        name
        for name in header[1:]
        if name not in ("step", "seconds")
        and any(math.isfinite(value) for value in columns[name])
    ]
    if not curves:
        raise ValueError(
            f"{csv_file} must be a table with a header line, a first column to count "
            f"by and at least one column of numbers. Received: {len(rows)} rows of "
            f"{header}."
        )
    figure = _training_figure(columns, header[0], curves)
    return write_figure(figure, path, file_format)


def _training_figure(
    columns: dict[str, list[float]], x_name: str, curves: Sequence[str]
) -> "Figure":
    from matplotlib.figure import Figure

    panels: dict[str, list[str]] = {}
    for name in curves:
        base = name.removeprefix("validation_")
        panels.setdefault(base if base in curves else name, []).append(name)
    figure = Figure(figsize=(6.4, 2.4 * len(panels)), layout="constrained")
    all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    x = columns[x_name]
    for axes, (title, names) in zip(all_axes, panels.items(), strict=True):
        for name in names:
            finite = [
                (a, b)
                for a, b in zip(x, columns[name], strict=True)
                if math.isfinite(a) and math.isfinite(b)
            ]
            label = "validation" if name != title else "training"
            marker = "o" if len(finite) == 1 else ""
            axes.plot(*zip(*finite, strict=True), label=label, marker=marker)
        axes.set_ylabel(title, parse_math=False)
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.legend(frameon=False)
    all_axes[-1].set_xlabel(x_name, parse_math=False)
    return figure


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
