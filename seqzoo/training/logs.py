"""What a run shows and writes while it trains: a bar or lines, CSV, TensorBoard."""

import csv
import io
import sys
import time
from collections.abc import Sequence, Sized
from pathlib import Path
from types import TracebackType
from typing import Any

import keras

SECONDS_BETWEEN_LINES = 60.0  # within an epoch, where no bar can be drawn


class EpochBar:
    """Keras's progress bar on a terminal; elsewhere a line now and then.

    Args:
        title: Such as "epoch 3/30".
        batches: The epoch; a bar needs its length if it has one.
    """

    def __init__(self, title: str, batches: object):
        self._title = title
        self._line_due = time.monotonic() + SECONDS_BETWEEN_LINES
        self._bar = None
        if sys.stdout.isatty():
            say(title)
            target = len(batches) if isinstance(batches, Sized) else None
            self._bar = keras.utils.Progbar(
                target, stateful_metrics=["loss"], unit_name="step"
            )

    def step(self, step: int, loss: float) -> None:
        """Shows that `step` steps are done, with `loss` as their mean loss."""
        if self._bar is not None:
            self._bar.update(step, [("loss", loss)])
        elif time.monotonic() >= self._line_due:
            say(f"{self._title}  step {step}  loss {loss:.4f}")
            self._line_due = time.monotonic() + SECONDS_BETWEEN_LINES

    def close(self) -> None:
        """Ends the bar's line where the number of steps was not known before."""
        if self._bar is not None and self._bar.target is None:
            say("")


class TensorBoard:
    """Scalars for TensorBoard, one point an epoch, where TensorFlow is the backend.

    On other backends TensorFlow would claim the accelerator for itself, or is not
    installed: nothing is written there, and `run` says so.
    """

    def __init__(self, folder: Path):
        self._writer: Any = None
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            self._writer = tf.summary.create_file_writer(str(folder))
        else:
            say("No TensorBoard log: it needs the TensorFlow backend. CSV is written.")

    def __enter__(self) -> "TensorBoard":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, row: dict[str, float]) -> None:
        """Writes a row of the history at its step."""
        if self._writer is None:
            return
        import tensorflow as tf

        points = [
            tf.compat.v1.Summary.Value(tag=name, simple_value=value)
            for name, value in row.items()
        ]
        summary = tf.compat.v1.Summary(value=points).SerializeToString()
        with self._writer.as_default():
            # Not tf.summary.scalar, which wants TensorBoard itself to be installed.
            tf.summary.experimental.write_raw_pb(summary, step=int(row["step"]))
        self._writer.flush()


def csv_of(history: Sequence[dict[str, float]]) -> bytes:
    """The history as CSV; a score that an epoch lacks is an empty field."""
    names = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue().encode()


def say(text: str) -> None:
    """A line on standard output, at once, also into a pipe."""
    print(text, flush=True)
