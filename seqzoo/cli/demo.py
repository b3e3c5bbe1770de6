"""The command `demo`: a page for trying the models."""

import signal
import sys
from typing import Annotated, Any

import typer

from seqzoo.ops.extras import imported


def demo(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="The first model, as for run. Default: a translator."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port to listen at; 0 takes any free one. Default: 7860, or the next "
            "free one.",
        ),
    ] = None,
    browse: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Serve a page to try the models. Ctrl-C ends it.

    Only this machine can reach the page.
    """
    imported("The page", "demo", "gradio", "matplotlib")
    from seqzoo.demo.app import serve

    def started(address: str) -> None:
        print(address, flush=True)
        print("The page is there. Ctrl-C ends it.", file=sys.stderr)

    before = signal.signal(signal.SIGTERM, _end)
    try:
        serve(name, port=port, browse=browse, started=started)
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, frame: Any) -> None:
    """Ends the process as Ctrl-C does, which removes its temporary files."""
    del frame
    raise SystemExit(128 + number)
