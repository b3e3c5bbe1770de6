"""The soft alignment of a translation."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqzoo.plot.files import checked_path, write_figure
from seqzoo.processors.special_tokens import BOS, EOS, PAD, SPECIAL_TOKENS
from seqzoo.processors.translation import WORD_MARK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from seqzoo.tasks import Translation

# Unlike <unk>, these are never part of a word.
MARKS = frozenset(SPECIAL_TOKENS[i] for i in (PAD, BOS, EOS))


def plot_alignment(
    translation: "Translation", out: str | os.PathLike[str], pieces: bool = False
) -> Path:
    """Draws which source words each target word was translated from.

    As figure 3 of Bahdanau et al. (2015): source words along the top, target words down
    the side, a cell for each pair, from black (weight 0) to white (weight 1).

    Args:
        translation: From `translate(..., return_attention=True)`.
        out: The file to write.
        pieces: Whether to draw sub-word pieces as the model sees them, not words.

    Raises:
        ValueError: If there is no attention or no token, or they do not fit.
    """
    path, file_format = checked_path(out)
    if translation.attention is None:
        raise ValueError(
            "There is no alignment to draw: the model has no attention. Translate "
            "with a model that has, and with return_attention=True."
        )
    weights = np.asarray(translation.attention, dtype="float64")
    source, target = list(translation.source_tokens), list(translation.target_tokens)
    if weights.shape != (len(target), len(source)):
        raise ValueError(
            "`attention` must have the shape (target_steps, source_steps) = "
            f"({len(target)}, {len(source)}). Received: {weights.shape}."
        )
    if not weights.size:
        raise ValueError("There is nothing to draw: the translation has no tokens.")
    if not pieces:
        source, target, weights = join_pieces(source, target, weights)
    figure = _alignment_figure(source, target, weights)
    return write_figure(figure, path, file_format)


def join_pieces(
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    attention: np.ndarray,
) -> tuple[list[str], list[str], np.ndarray]:
    """The alignment between words, given the one between their pieces.

    A source word gets the sum over its pieces, and a target word the mean over its
    pieces, so each row still sums to 1. Punctuation marks and special tokens are words.

    Args:
        source_tokens: Pieces; `▁` in front of one marks the start of a word.
        target_tokens: The same for the target.
        attention: Float array `(target_steps, source_steps)`.

    Returns:
        `(source_words, target_words, weights)`, the last one `(target words, source
        words)`.

    Example:
        >>> source, target, weights = join_pieces(
        ...     ["▁snow", "ball", "."], ["▁Schnee"], np.array([[0.5, 0.3, 0.2]])
        ... )
        >>> source, target, weights.round(1).tolist()
        (['snowball', '.'], ['Schnee'], [[0.8, 0.2]])
    """
    source_words, source_starts = _words(source_tokens)
    target_words, target_starts = _words(target_tokens)
    weights = np.add.reduceat(np.asarray(attention), source_starts, axis=1)
    weights = np.add.reduceat(weights, target_starts, axis=0)
    lengths = np.diff([*target_starts, len(target_tokens)])
    return source_words, target_words, weights / lengths[:, None]


def _words(tokens: Sequence[str]) -> tuple[list[str], list[int]]:
    """The words that the pieces make, and the index of each word's first piece."""
    words: list[str] = []
    starts: list[int] = []
    previous_is_single = True  # whether the piece before is a word of its own
    for i, token in enumerate(tokens):
        text = token.removeprefix(WORD_MARK)
        is_single = token in MARKS or _is_punctuation(text)
        after_lone_mark = bool(words) and not words[-1]
        begins = token.startswith(WORD_MARK) or is_single or previous_is_single
        if begins and not (after_lone_mark and not token.startswith(WORD_MARK)):
            words.append(text)
            starts.append(i)
        else:
            words[-1] += text
        previous_is_single = is_single
    return words, starts


def _is_punctuation(text: str) -> bool:
    return bool(text) and all(unicodedata.category(c)[0] in "PS" for c in text)


def _alignment_figure(
    source: Sequence[str], target: Sequence[str], weights: np.ndarray
) -> "Figure":
    from matplotlib.figure import Figure

    # One square a cell at a size that fits its word; a very long sentence shrinks to
    # a page of 24 inches. The margins grow with the labels when the file is written.
    cell = min(0.34, 24 / max(len(source), len(target)))  # inches
    font_size = max(3.0, 32 * cell)  # points
    width, height = cell * len(source), cell * len(target)
    bar_height = min(max(height, 1.2), 3.0)
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    image = axes.imshow(weights, cmap="gray", vmin=0.0, vmax=1.0, aspect="equal")
    axes.set_xticks(range(len(source)))
    axes.set_yticks(range(len(target)))
    # parse_math: a dollar sign in a sentence is a dollar sign.
    axes.set_xticklabels(source, parse_math=False, fontsize=font_size, rotation=90)
    axes.set_yticklabels(target, parse_math=False, fontsize=font_size)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=3)
    bar = figure.add_axes(
        (1 + 0.18 / width, 1 - bar_height / height, 0.14 / width, bar_height / height)
    )
    figure.colorbar(image, cax=bar, ticks=[0.0, 0.5, 1.0])
    bar.set_ylabel("attention weight", fontsize=9)
    bar.tick_params(labelsize=9)
    return figure
