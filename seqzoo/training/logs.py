"""The progress of a run: a bar or lines, CSV, TensorBoard."""

import csv
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def tensorboard(folder: Path) -> Iterator[Callable[[dict[str, float]], None]]:
    """A function that writes a row of the history for TensorBoard, at its step."""
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        say("No log for TensorBoard: pip install tensorboardX. The CSV log is written.")
        yield lambda row: None
        return

    with SummaryWriter(str(folder)) as writer:

        def write(row: dict[str, float]) -> None:
            for name, value in row.items():
                writer.add_scalar(name, value, int(row["step"]))
            writer.flush()

        yield write


def csv_of(history: Sequence[dict[str, float]]) -> bytes:
    """The history as CSV; a score that an epoch lacks is an empty field."""
    names = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue().encode()


def duration(seconds: float) -> str:
    """Roughly how long: "about 3 minutes"."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        count = round(seconds / length)
        if count > 2 or (unit == "minute" and count):
            return f"about {count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def say(text: str) -> None:
    """A line on standard output, at once, also into a pipe."""
    print(text, flush=True)
