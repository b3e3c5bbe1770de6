"""Sine waves to tell apart by period, sampled in three ways (Neil et al. 2016)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqzoo.data.batches import Batches
from seqzoo.ops.arithmetic import round_up
from seqzoo.ops.types import Array

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
        name: Sampling, in words.
    """

    values: Array
    times: Array
    mask: Array
    labels: Array
    name: str

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def examples(self) -> list[Array]:
        """Each wave for `TimedSeriesProcessor`: `(steps, 2)`, time and value."""
        both = np.stack([self.times, self.values], axis=-1)
        return [wave[mask] for wave, mask in zip(both, self.mask, strict=True)]

    @property
    def inputs(self) -> dict[str, Array]:
        """The inputs of a timed classifier."""
        return {
            "sequences": self.values[..., None],
            "mask": self.mask,
            "times": self.times,
        }


def sine_waves(sampling: str, count: int, seed: Sequence[int] | int) -> Waves:
    """Waves sin(2 pi (t + phase) / period), half of them with a target period.

    As in section 4.1 of Neil et al. (2016): target periods are uniform in 5 to 6 ms,
    the others log-uniform in the rest of 1 to 100 ms. A wave lasts 15 to 125 ms and
    ends by 125 ms. "standard" samples every millisecond, "high_resolution" ten times as
    often, "asynchronous" at uniformly random times, one for each millisecond.

    Args:
        sampling: A name of `SAMPLINGS`.
        count: Number of waves.
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
    while (missing := periods == 0).any():
        drawn = np.exp(rng.uniform(low, high, int(missing.sum())))
        is_target = (drawn >= TARGET_PERIODS[0]) & (drawn <= TARGET_PERIODS[1])
        periods[missing] = np.where(is_target, 0.0, drawn)
    durations = rng.uniform(*DURATIONS, count)
    starts = rng.uniform(0, DURATIONS[1] - durations)
    steps = _longest(interval)
    lengths = np.floor(durations / (interval or 1.0)).astype("int64")
    mask = np.arange(steps) < lengths[:, None]  # (waves, steps)
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
        f"fresh waves, {sampling.replace('_', ' ')} sampling",
    )


def _longest(interval: float | None) -> int:
    """Steps of the longest wave, rounded up to a multiple of 32."""
    return round_up(round(DURATIONS[1] / (interval or 1.0)), 32)


class SineBatches(Batches):
    """Batches `(inputs, labels)` of fresh waves, each batch of one sampling.

    Args:
        samplings: The sampling of each batch of an epoch, in order.
        batch_size: Waves in a batch.
        seed: Equal seed, epoch and index, equal waves.
    """

    def __init__(self, samplings: Sequence[str], batch_size: int, seed: int = 0):
        self.samplings, self.batch_size = list(samplings), batch_size
        self.seed = seed

    def plan(self, epoch: int) -> list[tuple[int, str]]:
        return list(enumerate(self.samplings))

    def make(self, epoch: int, part: tuple[int, str]) -> tuple[dict[str, Array], Array]:
        index, sampling = part
        waves = sine_waves(sampling, self.batch_size, (self.seed, epoch, index))
        return waves.inputs, waves.labels
