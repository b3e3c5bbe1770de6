"""How the gradient vanishes or grows over the steps that it goes back in time."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.plot.files import checked_path, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_gradients(
    curves: Mapping[str, tuple[Any, Any]], out: str | os.PathLike[str]
) -> Path:
    """Draws the norm of the gradient over the number of steps back in time.

    The norm's axis is logarithmic, so a norm that shrinks by the same factor at every
    step is a straight line. A norm of 0 is left out.

    Args:
        curves: `(lags, norms)` by label: the lags given to
            `seqzoo.tasks.gradients.gradient_norms`, and its result.
        out: The file to write.

    Raises:
        ValueError: If there is no curve, or a curve has not one norm for each lag.
    """
    path, file_format = checked_path(out)
    arrays = {
        label: (np.asarray(lags, "float64"), np.asarray(norms, "float64"))
        for label, (lags, norms) in curves.items()
    }
    for label, (lags, norms) in arrays.items():
        if lags.ndim != 1 or lags.shape != norms.shape or not (norms > 0).any():
            raise ValueError(
                f"The curve {label!r} must be as many norms as lags, one of them above "
                f"0. Received: lags of shape {lags.shape}, norms {norms.tolist()}."
            )
    if not arrays:
        raise ValueError("There is nothing to draw: no curve was given.")
    return write_figure(_gradients_figure(arrays), path, file_format)


def _gradients_figure(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for label, (lags, norms) in curves.items():
        order = np.argsort(lags, kind="stable")
        lags, norms = lags[order], np.where(norms[order] > 0, norms[order], np.nan)
        (line,) = axes.plot(lags, norms, marker="o", markersize=3)
        line.set_label(label)
    axes.set_yscale("log")
    axes.set_xlabel("lag k (steps back)")
    axes.set_ylabel("gradient by the states at T - k, relative to k = 0")
    axes.grid(alpha=0.3)
    for text in axes.legend(frameon=False).get_texts():
        text.set_parse_math(False)
    return figure
