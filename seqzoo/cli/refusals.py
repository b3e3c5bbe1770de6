"""What `seqzoo run` says of inputs that are refused, and of doubtful ones."""

import enum
import sys
from typing import Any

from seqzoo.cli.inputs import Input, is_text_of_a_file
from seqzoo.hub.errors import one_line

UNSURE = 0.5  # a classifier whose best label is less probable is unsure


class OnError(enum.StrEnum):
    """What happens after an input that is refused."""

    fail = "fail"
    skip = "skip"


def located(error: Exception, given: Input) -> Exception:
    """The error, with the number of the line that it is about."""
    return ValueError(f"{given}: {one_line(error)}") if given.line else error


class Refused:
    """Counts and reports inputs that are refused."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def report(self, error: Exception, given: Input) -> None:
        """Prints the error of an input.

        Raises:
            ValueError: If two arguments have the same error: it is not about them, but
                about an option.
        """
        self.count += 1
        text = one_line(error)
        if text == self.last and not given.line:
            raise error
        self.last = text
        name = "" if given.text in text and not given.line else f"{given}: "
        print(f"seqzoo: error: {name}{text}", file=sys.stderr, flush=True)

    def conclude(self, count: int, is_error: bool) -> None:
        """Prints how many of the inputs were refused.

        Raises:
            ValueError: If some were, and that is an error.
        """
        if not self.count:
            return
        if is_error:
            raise ValueError(f"{self.count} of {count} inputs were refused.")
        print(f"{self.count} of {count} inputs were skipped", file=sys.stderr)


def print_hints(model: Any, given: Input, answer: Any, name: str) -> None:
    """Prints why the answer to an argument may not be what was wanted."""
    if given.line:  # a job of many lines is not commented on
        return
    from seqzoo.processors.base import TextProcessor

    hint = ""
    processor = getattr(model, "processor", None)
    if isinstance(processor, TextProcessor):
        if not given.text.strip():
            hint = "The text is empty."
        elif is_text_of_a_file(given.text):
            hint = (
                "The text is the name of a file, which was not read. For its lines: "
                f"seqzoo run {name} - < {given.text}"
            )
    doubt = getattr(processor, "doubt", None)
    if not hint and doubt is not None:
        hint = doubt(given.text)
    best = answer[0] if isinstance(answer, list) and answer else answer
    is_label = hasattr(best, "label")
    if not hint and is_label and best.probability < UNSURE:
        hint = (
            "The model is unsure: its best label is less probable than "
            f"{UNSURE:g}. The input may be none of its classes."
        )
    if hint:
        print(f"seqzoo: {given}: {hint}", file=sys.stderr, flush=True)
