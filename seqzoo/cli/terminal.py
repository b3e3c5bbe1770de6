"""The streams of the process, and errors in one line."""

import codecs
import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator

import typer

from seqzoo.hub.errors import one_line


def error_line(error: Exception) -> str:
    """The text of an error in one line; of a wrong command line, with its help."""
    if isinstance(error, typer.Abort):
        return "stopped."
    if not isinstance(error, typer.TyperException):
        return one_line(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "seqzoo"
    message = " ".join(error.format_message().split()).rstrip(".")
    return f"{message}. Try {command} --help."


def prefer_utf8() -> None:
    """Lets the standard streams carry any text.

    UTF-8 replaces an ASCII locale. In other locales a character that is missing becomes
    a question mark instead of an error.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            encoding = "utf-8" if ascii_only else stream.encoding
            stream.reconfigure(encoding=encoding, errors="replace")


def open_streams() -> None:
    """Opens the null device in place of standard streams that are closed.

    Otherwise the next file that is opened would take the place of the stream, and
    libraries would write their messages into it.
    """
    with contextlib.suppress(OSError):
        for descriptor in range(3):
            try:
                os.fstat(descriptor)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drops the warnings of libraries and the log of their C++ code.

    TensorFlow's C++ code writes to file descriptor 2 despite its settings, so that
    descriptor is closed. Python's standard error writes to a copy of it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with warnings.catch_warnings(), _without_descriptor_2():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _without_descriptor_2() -> Iterator[None]:
    before = sys.stderr
    try:
        if before.fileno() != 2:
            raise OSError("standard error is not descriptor 2")
    except (AttributeError, OSError, ValueError):
        yield
        return
    before.flush()
    kept = os.dup(2)
    # Never closed: log handlers made meanwhile hold it until the process ends.
    sys.stderr = os.fdopen(
        os.dup(2), "w", buffering=1, encoding=before.encoding, errors="replace"
    )
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = before
        os.dup2(kept, 2)
        os.close(kept)
