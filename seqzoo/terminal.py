"""What a command shows and hides: the streams of a process, and errors in one line."""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from textwrap import shorten

import typer


def one_line(error: Exception) -> str:
    """What an error says, whatever its kind, without line breaks."""
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "seqzoo"
        message = " ".join(error.format_message().split()).rstrip(".")
        return f"{message}. Try {command} --help."
    if isinstance(error, typer.Abort):
        return "stopped."
    # str(KeyError) is the repr of its message.
    is_key = isinstance(error, KeyError) and error.args
    message = " ".join(str(error.args[0] if is_key else error).split())
    if isinstance(error, (ValueError, KeyError, OSError, ImportError)) and message:
        return message
    # A mistake in the program, or a library's own error, which may be pages long.
    described = shorten(f"{type(error).__name__}: {message}", 300, placeholder=" ...")
    return f"{described} Run it with --debug to see where it came from."


def prefer_utf8() -> None:
    """Reads and writes text that any locale can carry.

    Where the locale is ASCII, UTF-8 takes its place; where it is another, a character
    that it lacks becomes a question mark instead of an error.
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = stream.encoding.lower() in (
                "ascii",
                "us-ascii",
                "ansi_x3.4-1968",
            )
            stream.reconfigure(
                encoding="utf-8" if ascii_only else stream.encoding, errors="replace"
            )


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drops what libraries say to programmers: warnings, and C++ code's log.

    TensorFlow's C++ code writes to file descriptor 2 while it is imported and compiles,
    past every setting of its own; Python's standard error keeps the real descriptor.
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
            raise OSError("standard error is somebody else's file")
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
