"""A score with its circumstances."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Metric:
    """A score with its circumstances; a number without them is not a result.

    `extra` holds what the field prints beside a score, such as sacreBLEU's signature.
    `training.run` fills in `seeds` where they are empty.
    """

    value: float
    unit: str  # "BLEU", "%", "nats/character"
    split: str  # the data set and part, such as "test_2016_flickr"
    examples: int  # how many were scored
    seeds: tuple[int, ...] = ()
    spread: float | None = None  # standard deviation over the seeds
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __float__(self) -> float:
        return self.value
