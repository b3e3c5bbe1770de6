"""The page: build it, serve it. Run as a file it is a Space of the Hugging Face Hub.

    seqzoo demo                    # on this machine, for this machine alone
    python app.py                  # a copy of this file in a Space, for everybody

Nothing is sent to another host: no fonts, no telemetry, no link that shares the page.
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
from seqzoo.demo.html import in_words
from seqzoo.demo.panels import PANELS
from seqzoo.demo.security import LOCAL, middleware, without_proxy
from seqzoo.demo.validation import FILE, PIXELS

PORT = 7860  # where Gradio's pages usually are
PORTS_TRIED = 100
CLEAN_UP = 3600  # seconds after which uploads are deleted
WAITING = 20  # people, at most

TITLE = "seqzoo: try the models"
CSS = """
.gradio-container { max-width: 1100px !important; width: 100%; margin: auto; }
.answer img.drawn { max-width: 100%; max-height: 90vh; background: white; }
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
        chosen: The model that it begins with.
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
        shown = sorted(set(panels.values()), key=list(PANELS).index)
        made = {kind: PANELS[kind](name) for kind in shown}
        made[panels[chosen]].group.visible = True

        def choose(name: str) -> list[Any]:
            groups = [gr.update(visible=kind == panels[name]) for kind in made]
            empty = [
                gr.update(value=None) for each in made.values() for _ in each.answers
            ]
            return [models.card(name), *groups, *empty]

        name.change(
            in_words(choose),
            [name],
            [
                card,
                *(each.group for each in made.values()),
                *(answer for each in made.values() for answer in each.answers),
            ],
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
        name: The model to begin with, as for `seqzoo.load`; a translator by default.
        host: The address to listen at: this machine's own, which no other reaches, or
            None for what Gradio's environment says, which on a Space is every one.
        port: Where to listen; `PORT` by default, or the next one that is free.
        browse: Whether to open the page in the browser.
        started: Called with the page's address as soon as it is there.

    Raises:
        UnknownModelError: A KeyError, if no model has the name.
        ValueError: If there is no panel for the model, or the port is taken.
    """
    from PIL import Image

    panels = models.panels(name)
    chosen = name or models.first(panels)
    if host is not None:
        port = free_port(port)
    # Beyond twice as many, Pillow refuses to open a picture, whoever asks it.
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
                app_kwargs={"middleware": middleware() if host == LOCAL else []},
                theme=theme(),
                css=CSS,
            )
            started(address)
            if browse:
                webbrowser.open(address)
            while not threading.Event().wait(3600):  # a bare wait hears no Ctrl-C
                pass
        finally:
            page.close(verbose=False)


def theme() -> gr.themes.Base:
    """Gradio's look, with the fonts that the reader has."""
    look = gr.themes.Default(
        primary_hue="indigo",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return look.set(
        block_info_text_color="*neutral_600", block_info_text_color_dark="*neutral_300"
    )


def free_port(wanted: int | None) -> int:
    """A port of this machine that nobody listens at.

    Args:
        wanted: The only one that will do; None for the first from `PORT` on.

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
