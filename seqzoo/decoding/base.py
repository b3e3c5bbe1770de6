"""What all searches share."""

from collections.abc import Callable
from typing import Any, NamedTuple

Tensor = Any
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


class Hypotheses(NamedTuple):
    """What a search found, best first.

    Attributes:
        tokens: Integer tensor `(batch, beams, max_steps)`: ends with `end_id` where
            the search finished, then `pad_id`. The start token is not part of it.
        scores: Float tensor `(batch, beams)`: log-probability, divided by the
            length penalty.
    """

    tokens: Tensor
    scores: Tensor
