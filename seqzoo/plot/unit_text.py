"""What a model read, as lines of steps ready to be drawn."""

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

WIDTH = 64  # steps a line
# Characters that leave no mark of their own, by signs that the usual fonts have.
SIGNS = {"\n": "↵", "\t": "⇥"}
OTHER = "\ufffd"  # Unicode's replacement character


class Reading(Protocol):
    """What `RecurrentLM.read` returns, as far as it is drawn."""

    @property
    def characters(self) -> Sequence[str]:
        """The tokens that were read."""

    @property
    def layer(self) -> int:
        """Index of the unit's layer."""

    @property
    def unit(self) -> int:
        """Index of the unit in its layer."""

    @property
    def quantity(self) -> str:
        """What the activation is, such as "tanh(c)"."""

    @property
    def activations(self) -> Any:
        """Float array `(steps,)`."""

    @property
    def top(self) -> Sequence[Sequence[str]]:
        """Of each step the k tokens most probable to come next."""

    @property
    def probabilities(self) -> Any:
        """Float array `(steps, k)`, those of `top`."""


class Step(NamedTuple):
    """One token that was read, and those expected next with their probabilities."""

    token: str
    activation: float
    expected: list[tuple[str, float]]


def steps_in_lines(reading: Reading) -> list[list[Step]]:
    """The steps of each line; one ends after `WIDTH` steps or with a newline.

    Raises:
        ValueError: If there is no step, or the parts do not fit together.
    """
    activations = np.asarray(reading.activations, "float64")
    probabilities = np.asarray(reading.probabilities, "float64")
    steps, tokens = len(reading.characters), [len(row) for row in reading.top]
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
    for i, token in enumerate(reading.characters):
        expected = [
            (shown(each, space="␣"), float(probability))
            for each, probability in zip(reading.top[i], probabilities[i], strict=True)
        ]
        lines[-1].append(Step(shown(token), float(activations[i]), expected))
        if token == "\n" or len(lines[-1]) == WIDTH:
            lines.append([])
    return [line for line in lines if line]


def shown(token: str, space: str = " ") -> str:
    """The token with a sign for each character that would leave none.

    Args:
        token: Any text.
        space: What stands for a space.

    Example:
        >>> shown("a b" + chr(10)), shown(" ", space="␣")
        ('a b↵', '␣')
    """
    signs = {**SIGNS, " ": space}
    return "".join(
        signs.get(c, OTHER if unicodedata.category(c)[0] == "C" else c) for c in token
    )
