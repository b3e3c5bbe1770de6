"""Series of measurements, each with the time it was taken at."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

STEP_MULTIPLE = 32  # batches are padded to so many steps, so that few shapes occur


class TimedSeriesProcessor:
    """Measurements at any times, in the order of the times.

    A series is the path of a CSV file or an array `(steps, 1 + features)`: the time
    first, in the unit that the model was trained in, then what was measured. A first
    line of the file that is no numbers is a header.

    Args:
        labels: Name of each class.
        features: How many numbers are measured at each time.
        max_steps: Longest series that is accepted.
    """

    def __init__(
        self, labels: Sequence[str], features: int = 1, max_steps: int = 10_000
    ):
        self.labels = [str(label) for label in labels]
        self.features = features
        self.max_steps = max_steps

    def listed(self, series: Any) -> tuple[list[Any], bool]:
        """The series as a list, and whether it was a single one."""
        if isinstance(series, list | tuple):
            return list(series), False
        return [series], True

    def encode(self, series: Sequence[Any]) -> dict[str, Array]:
        """What the model is called on, padded with 0 to one length.

        Returns:
            `{"sequences": (batch, steps, features), "mask": (batch, steps), "times":
            (batch, steps)}`.

        Raises:
            ValueError: If one of them is no series, too long, or out of order.
            FileNotFoundError: If a path leads nowhere.
        """
        arrays = [self.timed(each) for each in series]
        steps = -(-max(map(len, arrays)) // STEP_MULTIPLE) * STEP_MULTIPLE
        both = np.zeros((len(arrays), steps, 1 + self.features), "float32")
        mask = np.zeros(both.shape[:2], bool)
        for row, array in enumerate(arrays):
            both[row, : len(array)] = array
            mask[row, : len(array)] = True
        return {"sequences": both[..., 1:], "mask": mask, "times": both[..., 0]}

    def timed(self, series: Any) -> Array:
        """One series as float32 `(steps, 1 + features)`."""
        came = "an array"
        if isinstance(series, str | Path):
            came = str(series)
            series = _read_csv(Path(series))
        array = np.asarray(series)
        wanted = (
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
                f"{wanted}Received: {came} of shape {array.shape}, dtype {array.dtype}."
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{wanted}Received: {came} with NaN or infinity.")
        if (np.diff(array[:, 0]) < 0).any():
            raise ValueError(
                f"{wanted}Times must not fall. Received: {came}, out of order. Sort it."
            )
        if len(array) > self.max_steps:
            raise ValueError(
                f"A series may have at most {self.max_steps} steps. Received: "
                f"{len(array)} steps. Cut it."
            )
        return array.astype("float32")

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything."""
        return {
            "labels": self.labels,
            "features": self.features,
            "max_steps": self.max_steps,
        }

    def save(self, folder: Path) -> None:
        """Nothing: the config says it all."""

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "TimedSeriesProcessor":
        """The processor that a model was saved with."""
        return cls(**config)


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
            f"Wanted lines of numbers with commas between them. Received: {path}, "
            f"where {error}."
        ) from error
