"""The trace of a unit over a text, as lines of steps ready to be drawn."""

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from seqzoo.models.unit_trace import UnitTrace

WIDTH = 64  # steps a line
# Signs of common fonts for characters that are invisible.
SIGNS = {"\n": "↵", "\t": "⇥"}
OTHER = "\ufffd"  # Unicode's replacement character


class Step(NamedTuple):
    """One character, the unit's activation, and the expected next tokens."""

    token: str
    activation: float
    expected: list[tuple[str, float]]


def steps_in_lines(trace: "UnitTrace") -> list[list[Step]]:
    """The characters of each line; one ends when it is full or with a newline.

    A token of several characters gives as many steps, and begins a new line if it does
    not fit.

    Raises:
        ValueError: If there is no step, or the parts do not fit together.
    """
    activations = np.asarray(trace.activations, "float64")
    probabilities = np.asarray(trace.probabilities, "float64")
    steps, tokens = len(trace.characters), [len(row) for row in trace.top]
    if not steps or activations.shape != (steps,):
        raise ValueError(
            "`activations` must be one for each of at least one character. Received: "
            f"{steps} characters, activations of shape {activations.shape}."
        )
    if len(tokens) != steps or {(steps, k) for k in tokens} != {probabilities.shape}:
        raise ValueError(
            "`top` and `probabilities` must have the same shape (steps, k), of "
            f"{steps} steps. Received: {len(tokens)} rows of {sorted(set(tokens))} "
            f"tokens, probabilities of shape {probabilities.shape}."
        )
    lines: list[list[Step]] = [[]]
    for i, token in enumerate(trace.characters):
        expected = [
            (printable(next_token, space="␣"), float(probability))
            for next_token, probability in zip(
                trace.top[i], probabilities[i], strict=True
            )
        ]
        if lines[-1] and len(lines[-1]) + len(token) > WIDTH:
            lines.append([])
        for character in token:
            step = Step(printable(character), float(activations[i]), expected)
            lines[-1].append(step)
            if character == "\n" or len(lines[-1]) == WIDTH:
                lines.append([])
    return [line for line in lines if line]


def printable(token: str, space: str = " ") -> str:
    """The token with a visible sign for each invisible character.

    Args:
        token: Any text.
        space: The sign for a space.

    Example:
        >>> printable("a b" + chr(10)), printable(" ", space="␣")
        ('a b↵', '␣')
    """
    signs = {**SIGNS, " ": space}
    return "".join(
        signs.get(c, OTHER if unicodedata.category(c)[0] == "C" else c) for c in token
    )
