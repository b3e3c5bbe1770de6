"""Sine waves to tell apart by period, sampled in three ways (Neil et al. 2016)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Milliseconds between samples; None: at random times.
SAMPLINGS = {"standard": 1.0, "high_resolution": 0.1, "asynchronous": None}
TARGET_PERIODS = (5.0, 6.0)  # milliseconds
OTHER_PERIODS = (1.0, 100.0)
DURATIONS = (15.0, 125.0)
SINE_LABELS = ("another period", "period of 5 to 6 ms")


@dataclass(frozen=True)
class Waves:
    """Sampled waves, padded with 0 to the longest that the sampling can give.

    Attributes:
        values: Float32 `(waves, steps)`.
        times: Float32 `(waves, steps)`, milliseconds, rising.
        mask: Boolean `(waves, steps)`, True = real.
        labels: Int32 `(waves,)`: 1 for the target periods.
    """

    values: Array
    times: Array
    mask: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def inputs(self) -> dict[str, Array]:
        """What a timed classifier is called on."""
        return {
            "sequences": self.values[..., None],
            "mask": self.mask,
            "times": self.times,
        }


def sine_waves(sampling: str, count: int, seed: Sequence[int] | int) -> Waves:
    """Waves sin(2 pi (t + phase) / period), half of them of the target's periods.

    As in section 4.1 of Neil et al. (2016): the target's periods are uniform in 5 to 6
    ms, all others log-uniform in 1 to 100 ms without those; a wave lasts 15 to 125 ms
    and starts where it still ends by 125 ms. "standard" samples every millisecond,
    "high_resolution" ten times as often, "asynchronous" at as many uniformly random
    times as the wave lasts milliseconds.

    Args:
        sampling: A name of `SAMPLINGS`.
        count: How many waves.
        seed: Equal seeds, equal waves.

    Raises:
        ValueError: If the sampling is unknown.
    """
    if sampling not in SAMPLINGS:
        raise ValueError(
            f"`sampling` must be one of {', '.join(SAMPLINGS)}. Received: {sampling!r}"
        )
    interval = SAMPLINGS[sampling]
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 2).astype("int32")
    periods = np.where(labels == 1, rng.uniform(*TARGET_PERIODS, count), 0.0)
    low, high = np.log(OTHER_PERIODS)
    while (again := periods == 0).any():
        drawn = np.exp(rng.uniform(low, high, int(again.sum())))
        inside = (drawn >= TARGET_PERIODS[0]) & (drawn <= TARGET_PERIODS[1])
        periods[again] = np.where(inside, 0.0, drawn)
    durations = rng.uniform(*DURATIONS, count)
    starts = rng.uniform(0, DURATIONS[1] - durations)
    steps = _longest(interval)
    lengths = np.floor(durations / (interval or 1.0)).astype("int64")
    mask = np.arange(steps) < lengths[:, None]
    if interval is None:
        random = np.where(mask, rng.random((count, steps)), 2.0)
        times = starts[:, None] + durations[:, None] * np.sort(random, axis=1)
    else:
        times = starts[:, None] + interval * np.arange(steps)
    phases = rng.uniform(0, periods)
    values = np.sin(2 * np.pi * (times + phases[:, None]) / periods[:, None])
    return Waves(
        np.where(mask, values, 0).astype("float32"),
        np.where(mask, times, 0).astype("float32"),
        mask,
        labels,
    )


def _longest(interval: float | None) -> int:
    """Steps of the longest wave, rounded up to a multiple of 32."""
    return -(-round(DURATIONS[1] / (interval or 1.0)) // 32) * 32


class SineBatches(Sequence[Any]):
    """One epoch of fresh waves: every batch of one sampling, in the order given.

    Args:
        samplings: The sampling of each batch.
        batch_size: Waves in a batch.
        seed: Equal seed and epoch, equal waves.
        epoch: Each epoch has waves of its own.
    """

    def __init__(
        self, samplings: Sequence[str], batch_size: int, seed: int = 0, epoch: int = 0
    ):
        self._samplings = list(samplings)
        self._batch_size = batch_size
        self._seed = (seed, epoch)

    def __len__(self) -> int:
        return len(self._samplings)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        sampling = self._samplings[index]
        waves = sine_waves(sampling, self._batch_size, (*self._seed, index))
        return waves.inputs, waves.labels

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))
