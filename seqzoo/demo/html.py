"""Figures as HTML without files, and errors as messages of one line."""

import base64
import contextlib
import functools
import inspect
import io
import tempfile
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from seqzoo.hub.errors import is_expected, one_line

ADVICE = "The terminal of seqzoo demo shows where it came from."
TYPES = {"svg": "image/svg+xml", "png": "image/png"}


def figure_html(
    draw: Callable[..., Any], alt: str, suffix: str, *inputs: Any, **options: Any
) -> str:
    """A figure of `seqzoo.plot` as HTML.

    Args:
        draw: The function that draws it.
        alt: Describes the figure to people who cannot see it.
        suffix: "svg" or "png".
        *inputs: The arguments of `draw` before the path of the file.
        **options: The arguments after it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"figure.{suffix}"
        draw(*inputs, path, **options)
        return _img(path.read_bytes(), suffix, alt, "figure")


def pixels_html(image: Any, caption: str) -> str:
    """A small `PIL.Image` as HTML, enlarged to squares, with its caption."""
    file = io.BytesIO()
    image.save(file, "png")
    return f"{_img(file.getvalue(), 'png', caption, 'pixels')}<p>{escape(caption)}</p>"


def _img(data: bytes, suffix: str, alt: str, kind: str) -> str:
    encoded = base64.b64encode(data).decode("ascii")
    source = f"data:{TYPES[suffix]};base64,{encoded}"
    return f'<img class="{kind}" alt="{escape(alt)}" src="{source}">'


def friendly_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function or generator, whose errors the page shows as a line of text."""

    def generate(*arguments: Any) -> Iterator[Any]:
        with _message():
            yield from function(*arguments)

    def call(*arguments: Any) -> Any:
        with _message():
            return function(*arguments)

    is_generator = inspect.isgeneratorfunction(function)
    return functools.wraps(function)(generate if is_generator else call)


@contextlib.contextmanager
def _message() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Gradio shows a message as HTML, and it may quote what a stranger typed.
        text = escape(one_line(error, ADVICE))
        raise gr.Error(
            text, title="", print_exception=not is_expected(error)
        ) from error
