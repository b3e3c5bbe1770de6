"""The attention of a question answerer to the sentences of a story, hop by hop."""

import os
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.plot.files import checked_path, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqzoo.tasks import Answer

LINE = 60  # characters of a sentence in one line of its label


def plot_hops(answer: "Answer", out: str | os.PathLike[str]) -> Path:
    """Draws which sentences of the story each hop attended to.

    As table 2 of Sukhbaatar et al. (2015): a row for each sentence, a column for each
    hop, and the weights as numbers in cells from white (0) to blue (1). Below stand the
    question and the answer.

    Args:
        answer: From `answer(..., return_attention=True)`.
        out: The file to write.

    Raises:
        ValueError: If sentences and attention do not fit, or there are none.
    """
    path, file_format = checked_path(out)
    weights = np.asarray(answer.attention, "float64")
    if weights.ndim != 2 or weights.shape[1] != len(answer.sentences):
        raise ValueError(
            "`attention` must have the shape (hops, sentences) = (hops, "
            f"{len(answer.sentences)}). Received: {weights.shape}."
        )
    if not weights.size:
        raise ValueError("There is nothing to draw: the answer read no sentence.")
    caption = f"{answer.question}  {answer.text} ({answer.probability:.2f})"
    return write_figure(
        _figure(answer.sentences, weights.T, caption), path, file_format
    )


def _figure(sentences: Sequence[str], weights: np.ndarray, caption: str) -> "Figure":
    """The figure; `weights` are `(sentences, hops)`."""
    from matplotlib.figure import Figure

    rows, hops = weights.shape
    height, width = 0.34, 0.62  # inches of a cell, which its number fits
    figure = Figure(figsize=(width * hops, height * rows))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(weights, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for row, column in np.ndindex(weights.shape):
        value = weights[row, column]
        # Both stand out from their blue on a light and on a dark page.
        colour = "white" if value > 0.5 else "#222222"
        text = f"{value:.2f}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(hops))
    axes.set_yticks(range(rows))
    axes.set_xticklabels([f"hop {k + 1}" for k in range(hops)], fontsize=9)
    labels = [fill(sentence, LINE) for sentence in sentences]
    axes.set_yticklabels(labels, parse_math=False, fontsize=9)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=4)
    axes.set_xlabel(fill(caption, LINE), parse_math=False, fontsize=9, labelpad=8)
    return figure
