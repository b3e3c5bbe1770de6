"""Division of whole numbers, rounded up."""

from typing import Any, TypeVar

import numpy as np

Whole = TypeVar("Whole", int, np.ndarray[Any, Any])


def ceil_div(number: Whole, divisor: int) -> Whole:
    """The quotient, rounded up: `ceil_div(9, 4)` is 3."""
    return -(-number // divisor)


def round_up(number: Whole, multiple: int) -> Whole:
    """The least multiple that is not below the number: `round_up(9, 4)` is 12."""
    return ceil_div(number, multiple) * multiple
