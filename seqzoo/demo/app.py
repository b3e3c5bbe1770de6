"""Builds and serves the page. As a program, this file is a Space of the Hub.

    seqzoo demo                    # for this machine alone
    python app.py                  # in a Space, for everybody

The page sends nothing to other hosts: it has no fonts of theirs, no telemetry and no
public link.
"""

import os
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from seqzoo.demo import models
from seqzoo.demo.html import friendly_errors
from seqzoo.demo.panels import PANELS
from seqzoo.demo.security import LOCAL, middleware, without_proxy
from seqzoo.demo.validation import FILE, PIXELS

PORT = 7860  # Gradio's own
PORTS_TRIED = 100
CLEAN_UP = 3600  # seconds after which uploads are deleted
WAITING = 20  # requests in the queue, at most

TITLE = "seqzoo: try the models"
CSS = """
.gradio-container { max-width: 1100px !important; width: 100%; margin: auto; }
.answer img.figure { max-width: 100%; max-height: 90vh; background: white; }
.answer img.pixels { width: 224px; max-width: 100%; image-rendering: pixelated; }
.answer canvas { display: block; width: 280px; max-width: 100%; touch-action: none;
    border: 1px solid var(--border-color-primary); cursor: crosshair; }
.answer button { text-decoration: underline; margin-top: 0.5em; }
.answer table { border-spacing: 1em 0.2em; text-align: left; }
.reading div { white-space: pre-wrap !important; }
.reading .next { color: var(--body-text-color); }
.card { overflow-wrap: anywhere; }
footer { display: none !important; }
"""


def build(panels: Mapping[str, str], chosen: str) -> gr.Blocks:
    """The page.

    Args:
        panels: The panel of each model, as `seqzoo.demo.models.panels` gives them.
        chosen: The model that the page begins with.
    """
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(CLEAN_UP, CLEAN_UP)
    ) as page:
        gr.Markdown("# seqzoo\nTrained sequence models: choose one, try it.")
        name = gr.Dropdown(
            list(panels), value=chosen, label="Model", filterable=False, elem_id="model"
        )
        with gr.Accordion("About this model", open=False):
            card = gr.Markdown(models.card(chosen), elem_classes="card")
        groups: dict[str, gr.Column] = {}
        outputs: list[Any] = []
        for kind in sorted(set(panels.values()), key=list(PANELS).index):
            with gr.Column(visible=kind == panels[chosen], elem_id=kind) as group:
                groups[kind] = group
                outputs += PANELS[kind](name)

        def choose(name: str) -> list[Any]:
            visible = [gr.update(visible=kind == panels[name]) for kind in groups]
            # The answers of another model must not stay.
            return [
                models.card(name),
                *visible,
                *[gr.update(value=None)] * len(outputs),
            ]

        name.change(
            friendly_errors(choose),
            [name],
            [card, *groups.values(), *outputs],
            api_visibility="private",
            show_progress="hidden",
        )
    page.queue(max_size=WAITING, api_open=False)
    return page


def serve(
    name: str | None = None,
    *,
    host: str | None = LOCAL,
    port: int | None = None,
    browse: bool = False,
    started: Callable[[str], None] = lambda address: None,
) -> None:
    """Serves the page until it is interrupted.

    Args:
        name: The first model, as for `seqzoo.load`. Default: a translator.
        host: The address to listen at. `LOCAL` cannot be reached from other machines;
            None leaves it to Gradio's environment: in a Space, all addresses.
        port: Default: `PORT`, or the next one that is free.
        browse: Whether to open the page in the browser.
        started: Called with the page's address once the page is served.

    Raises:
        UnknownModelError: A KeyError, if no model has the name.
        ValueError: If there is no panel for the model, or the port is taken.
    """
    from PIL import Image

    panels = models.panels(name)
    chosen = name or models.first(panels)
    if host is not None:
        port = free_port(port)
    # Pillow refuses to open images of more than twice as many.
    Image.MAX_IMAGE_PIXELS = PIXELS // 2
    with tempfile.TemporaryDirectory(prefix="seqzoo-demo-") as folder, without_proxy():
        os.environ["GRADIO_TEMP_DIR"] = folder  # for uploads
        page = build(panels, chosen)
        try:
            _, address, _ = page.launch(
                server_name=host,
                server_port=port,
                share=False,
                inline=False,
                quiet=True,
                prevent_thread_lock=True,
                max_file_size=FILE,
                footer_links=[],
                run_history=False,
                enable_monitoring=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                app_kwargs={
                    "middleware": middleware(folder, set(page.fns), host == LOCAL)
                },
                theme=theme(),
                css=CSS,
            )
            started(address)
            if browse:
                webbrowser.open(address)
            while not threading.Event().wait(
                3600
            ):  # without a limit, Ctrl-C does not end it
                pass
        finally:
            page.close(verbose=False)


def theme() -> gr.themes.Base:
    """Gradio's theme with the fonts of the reader's machine."""
    look = gr.themes.Default(
        primary_hue="indigo",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return look.set(
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300"
    )


def free_port(wanted: int | None) -> int:
    """A free port of this machine.

    Args:
        wanted: The port to check; None for the first free one from `PORT` on.

    Raises:
        ValueError: If it is taken, or all are.
    """
    tried = range(PORT, PORT + PORTS_TRIED) if wanted is None else [wanted]
    for port in tried:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCAL, port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise ValueError(
        f"Wanted: a free port. Received: {wanted or f'{tried[0]} to {tried[-1]}'}, "
        "which is taken or not allowed. Give another one with --port."
    )


if __name__ == "__main__":
    serve(host=None)
