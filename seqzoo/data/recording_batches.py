"""Batches of recordings as log-mel frames."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqzoo.data.batches import ShuffledBatches
from seqzoo.data.labelled import LabelledArrays
from seqzoo.ops.types import Array
from seqzoo.processors.speech import LogMelProcessor, padded_frames


class RecordingBatches(ShuffledBatches):
    """Shuffled batches `(inputs, labels)` of recordings, changed at random.

    Args:
        data: Samples of each recording, and its class.
        processor: Makes the frames, once.
        batch_size: Recordings in a batch; fewer recordings are one batch.
        augment: Random changes of the frames of a recording, in this order.
    """

    stream = 5

    def __init__(
        self,
        data: LabelledArrays,
        processor: LogMelProcessor,
        batch_size: int,
        augment: Sequence[Callable[[Array, np.random.Generator], Array]] = (),
    ):
        super().__init__(len(data), batch_size)
        self.frames = [processor.frames(samples) for samples in data.examples]
        self.labels, self.augment = data.labels, tuple(augment)

    def make(self, epoch: int, part: Any) -> tuple[dict[str, Array], Array]:
        rng = self.generator(epoch, part)
        recordings = []
        for row in part:
            frames = self.frames[row]
            for change in self.augment:
                frames = change(frames, rng)
            recordings.append(frames)
        return padded_frames(recordings), self.labels[part]


@dataclass(frozen=True)
class SpeakerVariation:
    """Changes frames `(frames, bands)` as another speaker or take might.

    Speaking rate, length of the vocal tract (Jaitly and Hinton 2013), noise, and blanks
    in frequency and time (SpecAugment, Park et al. 2019).

    Args:
        rate: Smallest and largest factor of the duration.
        shift: Bands are shifted by up to so many, either way.
        noise: Largest standard deviation of the noise; frames have 1.
        blanks: How many blanks of each kind.
        blank_size: Most bands, or frames, of a blank.
    """

    rate: tuple[float, float]
    shift: float
    noise: float
    blanks: int
    blank_size: int

    def __call__(self, frames: Array, rng: np.random.Generator) -> Array:
        steps, bands = frames.shape
        new_steps = round(steps * rng.uniform(*self.rate))
        frames = interpolated(frames, np.linspace(0, steps - 1, new_steps))
        shift = rng.uniform(-self.shift, self.shift)
        places = np.clip(np.arange(bands) + shift, 0, bands - 1)
        frames = interpolated(frames.T, places).T
        noise = rng.normal(scale=rng.uniform(0, self.noise), size=(len(frames), bands))
        frames = frames + noise.astype("float32")
        for _ in range(self.blanks):
            band, step = rng.integers(bands), rng.integers(len(frames))
            frames[:, band : band + rng.integers(self.blank_size + 1)] = 0
            frames[step : step + rng.integers(self.blank_size + 1)] = 0
        return frames


def interpolated(rows: Array, places: Array) -> Array:
    """Rows at fractional places, each a mixture of its two neighbours."""
    low = np.minimum(places.astype("int64"), len(rows) - 2)
    share = (places - low)[:, None].astype("float32")
    return (1 - share) * rows[low] + share * rows[low + 1]
