"""Signals of schedulers and closed terminals, answered after a step."""

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any


class StopSignals:
    """Inside a `with` statement, SIGTERM and SIGHUP do not kill the process.

    The first one is kept in `received`, for a loop that looks at it after each step;
    the second one kills as usual. A signal that is ignored, as `nohup` ignores SIGHUP,
    stays ignored. Only the main thread of a process can receive signals.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGTERM", "SIGHUP"):
                number = getattr(signal, name, None)  # Windows lacks SIGHUP
                if number and signal.getsignal(number) is signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()

    def until_received(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The batches up to the first signal."""
        try:
            for batch in batches:
                yield batch
                if self.received is not None:
                    return
        except OSError:
            # The signal of a scheduler ends worker processes, too.
            if self.received is None:
                raise

    def stop(self, place: str) -> None:
        """Ends the process with 128 and the signal's number, as shells do.

        Raises:
            SystemExit: Always.
        """
        number = self.received or signal.SIGTERM
        print(
            f"Stopped by {number.name} after {place}; everything is saved. The "
            "same command resumes there.",
            file=sys.stderr,
        )
        raise SystemExit(128 + number)

    def _receive(self, number: int, frame: object) -> None:
        self.received = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, before = self._before.popitem()
            signal.signal(number, before)
