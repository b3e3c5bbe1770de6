"""What the page shows: pictures that need no file, and errors in words."""

import base64
import functools
import inspect
import io
import tempfile
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from seqzoo.hub.errors import one_line

TYPES = {"svg": "image/svg+xml", "png": "image/png"}


def drawn(draw: Callable[[Path], Any], words: str, suffix: str = "svg") -> str:
    """The picture that a function of `seqzoo.plot` draws, as HTML.

    Args:
        draw: Writes the picture to the path that it is given.
        words: What there is to see, for who cannot see it.
        suffix: "svg" or "png".
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture.{suffix}"
        draw(path)
        return _image(path.read_bytes(), suffix, words)


def enlarged(image: Any, words: str) -> str:
    """A small `PIL.Image` as HTML, each pixel a square, and below it the words."""
    file = io.BytesIO()
    image.save(file, "png")
    image = _image(file.getvalue(), "png", words, "pixels")
    return f"{image}<p>{escape(words)}</p>"


def _image(data: bytes, suffix: str, words: str, kind: str = "drawn") -> str:
    encoded = base64.b64encode(data).decode("ascii")
    source = f"data:{TYPES[suffix]};base64,{encoded}"
    return f'<img class="{kind}" alt="{escape(words)}" src="{source}">'


def in_words(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose errors the page shows as a message of one line."""
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def generate(*arguments: Any) -> Iterator[Any]:
            try:
                yield from function(*arguments)
            except Exception as error:
                raise _message(error) from error

        return generate

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:
            raise _message(error) from error

    return call


def _message(error: Exception) -> gr.Error:
    # The page takes a message for HTML; it may quote what a stranger typed.
    return gr.Error(escape(one_line(error)), title="", print_exception=False)
