"""Whole numbers, rounded up."""

from typing import Any, TypeVar

import numpy as np

Whole = TypeVar("Whole", int, np.ndarray[Any, Any])


def ceil_div(number: Whole, divisor: int) -> Whole:
    """The quotient, rounded up: `ceil_div(9, 4)` is 3."""
    return -(-number // divisor)


def round_up(number: Whole, multiple: int) -> Whole:
    """The least multiple that is not below the number: `round_up(9, 4)` is 12."""
    return ceil_div(number, multiple) * multiple


def next_power_of_two(number: int) -> int:
    """The least power of two that is not below a positive number.

    Sizes that are rounded up so take few values, each of which is compiled once.
    """
    return 1 << (number - 1).bit_length()
