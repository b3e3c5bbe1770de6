"""A text in the colours of one unit's activation, with the expected next tokens."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.plot.colours import colour, colour_map
from seqzoo.plot.files import checked_path, write_figure, write_page
from seqzoo.plot.page import text_page, text_part, text_style
from seqzoo.plot.unit_text import Step, steps_in_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqzoo.models.unit_trace import UnitTrace

# In points. A character of the monospaced font is 0.602 of its size wide.
CELL_WIDTH = 8.2
READ_HEIGHT, READ_SIZE = 15.0, 12.0
NEXT_HEIGHT, NEXT_SIZE = 9.0, 8.0
GAP = 7.0  # below a line
HEAD = 36.0  # the words and the scale above the text
MIN_CELLS = 48  # room for them


def plot_text(trace: "UnitTrace", out: str | os.PathLike[str]) -> Path:
    """Draws a text, each character on the colour of one unit's activation.

    After Karpathy (2015), "The unreasonable effectiveness of recurrent neural
    networks": from blue (-1) over white (0) to orange (1), values beyond cut off.
    Below each character stand the expected next ones, the darker the more probable; a
    classifier expects none. Lines have at most 64 characters or end at a newline, which
    is drawn as ↵, a tab as ⇥, an expected space as ␣.

    Args:
        trace: From `RecurrentLM.read` or `RecurrentTextClassifier.read`.
        out: The file to write. A .html page needs no other file and shows the numbers
            of the character under the pointer.

    Raises:
        ValueError: If the trace is empty or its parts do not fit together.
    """
    path, file_format = checked_path(out, html=True)
    title, lines = _title(trace), steps_in_lines(trace)
    if file_format == "html":
        return write_page(text_page(title, lines), path)
    return write_figure(_text_figure(title, lines), path, file_format)


def text_html(trace: "UnitTrace") -> str:
    """The figure of `plot_text` as part of a page: a style sheet and an element.

    Arguments and errors are those of `plot_text`.
    """
    part = text_part(_title(trace), steps_in_lines(trace))
    return f"<style>\n{text_style()}</style>\n{part}"


def _title(trace: "UnitTrace") -> str:
    return f"{trace.quantity} of unit {trace.unit}, layer {trace.layer}"


def _text_figure(title: str, lines: Sequence[Sequence[Step]]) -> "Figure":
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    line_height = READ_HEIGHT + NEXT_HEIGHT * len(lines[0][0].expected) + GAP
    width = CELL_WIDTH * max(MIN_CELLS, *(len(line) for line in lines))
    height = HEAD + line_height * len(lines)
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    boxes, colours = [], []
    for i, line in enumerate(lines):
        top = HEAD + i * line_height
        for j, step in enumerate(line):
            left, right = j * CELL_WIDTH, (j + 1) * CELL_WIDTH
            bottom = top + READ_HEIGHT
            boxes.append([(left, top), (right, top), (right, bottom), (left, bottom)])
            colours.append(colour(step.activation))
            middle = (left + right) / 2
            letters = [(top + READ_HEIGHT / 2, READ_SIZE, step.token, "black")]
            for k, (token, probability) in enumerate(step.expected):
                y = bottom + (k + 0.6) * NEXT_HEIGHT
                letters.append((y, NEXT_SIZE, token, _grey(probability)))
            for y, size, token, shade in letters:
                if token.isspace():
                    continue
                axes.text(
                    middle,
                    y,
                    token,
                    fontsize=size,
                    color=shade,
                    family="monospace",
                    ha="center",
                    va="center_baseline",
                    parse_math=False,
                )
    axes.add_collection(
        PolyCollection(boxes, facecolors=colours, edgecolors="none"), autolim=False
    )
    _head(figure, title, width, height, bool(lines[0][0].expected))
    return figure


def _head(
    figure: "Figure", title: str, width: float, height: float, expects: bool
) -> None:
    """Draws the title at the left and the colour scale at the right."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axes = figure.axes[0]
    axes.text(0, 6, title, fontsize=9, va="center", parse_math=False)
    if expects:
        note = "below each character: what is expected next, darker = likelier"
        axes.text(0, 18, note, fontsize=7.5, va="center", color="0.35")
    bar = figure.add_axes((1 - 90 / width, 1 - 11 / height, 80 / width, 8 / height))
    scale = ScalarMappable(Normalize(-1, 1), colour_map())
    figure.colorbar(scale, cax=bar, orientation="horizontal", ticks=[-1, 0, 1])
    bar.tick_params(labelsize=7.5, length=2, pad=1)


def _grey(probability: float) -> str:
    """Black for probability 1; at probability 0 it is still legible on white."""
    return str(round(0.55 * (1 - probability**0.5), 3))
