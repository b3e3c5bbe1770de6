"""The processor of series: measurements, each with its time."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.base import Processor, class_names, padded
from seqzoo.processors.files import as_numpy, file_content, is_file

STEP_MULTIPLE = 32  # batches are padded to a multiple of so many steps


class TimedSeriesProcessor(Processor):
    """Measurements at any times, in the order of the times.

    A series is a CSV file (its path, its bytes, or open) or an array `(steps, 1 +
    features)`: the time, in the unit of the training data, and then the measurements.
    The first line of a file may be a header.

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

    @property
    def sample(self) -> str:
        """A sine."""
        return "sine"

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
        if is_file(series):
            given, content = file_content(series)
            series = _read_csv(given, content)
        array = as_numpy(series)
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
        times = array[:, 0].astype("float64")  # differences of unsigned ones wrap
        if (np.diff(times) < 0).any():
            raise ValueError(
                f"{needs}Times must not fall. Received: {given}, out of order. Sort it."
            )
        if len(array) > self.max_steps:
            raise ValueError(
                f"A series may have at most {self.max_steps} steps. Received: "
                f"{len(array)} steps. Cut it."
            )
        coarse = times.astype("float32")
        if (np.diff(times) > 0).sum() > (np.diff(coarse) > 0).sum():
            raise ValueError(
                f"{needs}Its times must differ in float32. Received: {given}, from "
                f"{times[0]} to {times[-1]}. Subtract the first time from all."
            )
        return array.astype("float32")


def _read_csv(name: str, content: bytes) -> Array:
    needs = "A series file must have lines of numbers with commas between them."
    try:
        lines = content.decode("utf-8-sig").strip().splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{needs} Received: {name}, which is no text.") from error
    rows = [line.split(",") for line in lines]
    # A line without any number is a header; an empty cell is no name of a column.
    header = bool(rows) and all(c.strip() and not _is_number(c) for c in rows[0])
    for number, row in list(enumerate(rows, 1))[header:]:
        if len(row) != len(rows[0]) or not all(map(_is_number, row)):
            raise ValueError(
                f"{needs} Received: {name}, where line {number} is "
                f"{lines[number - 1]!r}."
            )
    rows = rows[header:]
    return np.array([[float(cell) for cell in row] for row in rows])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
