"""The processor of series: measurements, each with its time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor, class_names, padded

STEP_MULTIPLE = 32  # batches are padded to a multiple of so many steps


class TimedSeriesProcessor(Processor):
    """Measurements at any times, in the order of the times.

    A series is the path of a CSV file or an array `(steps, 1 + features)`: the time, in
    the unit of the training data, and then the measurements. The first line of a file
    may be a header.

    Args:
        labels: Name of each class; also a dict, by index or with the index of each.
        features: Number of measurements at each time.
        max_steps: Longest series that is accepted.
    """

    settings = ("labels", "features", "max_steps")

    def __init__(
        self, labels: Sequence[str], features: int = 1, max_steps: int = 10_000
    ):
        self.labels = class_names(labels)
        self.features = features
        self.max_steps = max_steps

    def encode(self, series: Sequence[Any]) -> dict[str, Array]:
        """The inputs of the model, padded with 0 to one length.

        Returns:
            `{"sequences": (batch, steps, features), "mask": (batch, steps), "times":
            (batch, steps)}`.

        Raises:
            ValueError: If an input is no series, too long, or out of order.
            FileNotFoundError: If a path does not exist.
        """
        values, mask = padded([self.timed(one) for one in series], STEP_MULTIPLE)
        return {"sequences": values[..., 1:], "mask": mask, "times": values[..., 0]}

    def timed(self, series: Any) -> Array:
        """A series as float32 `(steps, 1 + features)`, the time first."""
        given = "an array"
        if isinstance(series, str | Path):
            given = str(series)
            series = _read_csv(Path(series))
        array = np.asarray(series)
        needs = (
            f"A series must be a CSV file or an array (steps, {1 + self.features}) of "
            "numbers, the time first. "
        )
        if (
            array.ndim != 2
            or array.shape[1] != 1 + self.features
            or not len(array)
            or array.dtype.kind not in "iuf"
        ):
            raise ValueError(
                f"{needs}Received: {given} of shape {array.shape}, dtype {array.dtype}."
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{needs}Received: {given} with NaN or infinity.")
        if (np.diff(array[:, 0]) < 0).any():
            raise ValueError(
                f"{needs}Times must not fall. Received: {given}, out of order. Sort it."
            )
        if len(array) > self.max_steps:
            raise ValueError(
                f"A series may have at most {self.max_steps} steps. Received: "
                f"{len(array)} steps. Cut it."
            )
        return array.astype("float32")


def _read_csv(path: Path) -> Array:
    lines = path.read_text(encoding="utf-8-sig").strip().splitlines()
    try:
        [float(cell) for cell in lines[0].split(",")] if lines else []
    except ValueError:
        lines = lines[1:]
    try:
        return np.array([[float(cell) for cell in line.split(",")] for line in lines])
    except ValueError as error:
        raise ValueError(
            f"A series file must have lines of numbers with commas between them. "
            f"Received: {path}, where {error}."
        ) from error
