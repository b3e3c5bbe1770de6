"""The inputs of `seqzoo run`: arguments, and lines of standard input as they come."""

import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

STDIN = "-"
# Errors of one input; others are mistakes in the program.
REFUSALS = (ValueError, OSError)


@dataclass(frozen=True)
class Input:
    """One input of a model.

    Attributes:
        text: A text or a path.
        line: The number of its line in standard input, from 1; 0 for an argument.
    """

    text: str
    line: int = 0

    def __str__(self) -> str:
        shown = shorten(repr(self.text), 80, placeholder=" ...'")
        return f"line {self.line} of standard input" if self.line else shown


class Lines:
    """The lines of standard input, read from now on in the background.

    Args:
        limit: How many lines to read ahead.

    Raises:
        ValueError: If standard input is closed.
    """

    def __init__(self, limit: int):
        if sys.stdin is None:
            raise ValueError("`-` stands for standard input, which is closed.")
        self.queue: queue.Queue[str | Exception | None] = queue.Queue(limit)
        # A daemon, so that an error ends the process while the other end is open.
        threading.Thread(target=self._read, args=(_stdin(),), daemon=True).start()

    def _read(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                self.queue.put(line.rstrip("\r\n"))
        except Exception as error:
            self.queue.put(error)
        self.queue.put(None)

    def __iter__(self) -> Iterator[list[Input]]:
        """Lists of the lines that have come, at least one at a time."""
        number, part = 0, []
        while True:
            item = self.queue.get()
            if isinstance(item, str):
                number += 1
                part.append(Input(item, number))
                if len(part) < self.queue.maxsize and not self.queue.empty():
                    continue
            if part:
                yield part
                part = []
            if isinstance(item, Exception):
                raise item
            if item is None:
                self.queue.put(None)  # for a second `-`
                return


def _stdin() -> Iterable[str]:
    """A second file object for standard input.

    At its end, the interpreter waits for the lock of `sys.stdin`, which a blocked
    thread would hold.
    """
    try:
        number = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # not of the process, as in a test
        return sys.stdin
    encoding = sys.stdin.encoding
    return open(number, encoding=encoding, errors="replace", closefd=False)


def parts(
    inputs: Sequence[str], lines: Iterable[list[Input]], limit: int
) -> Iterator[list[Input]]:
    """The inputs in order, in lists of at most `limit`, with lines in place of `-`."""
    part: list[Input] = []
    for text in inputs:
        if text != STDIN:
            part.append(Input(text))
        if part and (text == STDIN or len(part) == limit):
            yield part
            part = []
        if text == STDIN:
            yield from lines
    if part:
        yield part


def answered(
    answer: Callable[[list[str]], Iterable[Any]], part: Sequence[Input]
) -> Iterator[tuple[Input, Any]]:
    """Each input with its answer, or with the error that refuses it, in order.

    Args:
        answer: Gives the answers to a list of texts; it may be an iterator.
        part: The inputs.
    """
    part = list(part)
    while part:
        try:
            results = iter(answer([one.text for one in part]))
        except REFUSALS as error:
            if len(part) == 1:
                yield part[0], error
                return
            # A call for all inputs does not say which of them it refuses.
            half = len(part) // 2
            yield from answered(answer, part[:half])
            yield from answered(answer, part[half:])
            return
        done = 0
        for one in part:
            try:
                result = next(results)
            except REFUSALS as error:
                result = error
            yield one, result
            done += 1
            if isinstance(result, Exception):  # the end of an iterator
                break
        part = part[done:]


def is_text_of_a_file(text: str) -> bool:
    """Whether a text is the name of a file."""
    with contextlib.suppress(OSError, ValueError):  # too long, or with a NUL
        return len(text) < 300 and Path(text).is_file()
    return False
