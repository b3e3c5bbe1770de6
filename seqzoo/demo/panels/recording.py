"""A spoken word, and which it is."""

from typing import Any

import gradio as gr

from seqzoo.demo import models
from seqzoo.demo.panels.base import Panel, asked, shares
from seqzoo.demo.validation import SECONDS, checked_recording


def hear(name: str, path: Any) -> dict[str, float]:
    """The most probable words of a recording.

    Args:
        name: The model's.
        path: A WAV file.

    Raises:
        ValueError: If it is none, or too long.
    """
    recording = checked_recording(path)
    return shares(models.model(name), recording)


def panel(name: gr.Dropdown) -> Panel:
    """The panel, for the model whose name is chosen."""
    with gr.Column(visible=False, elem_id="recording") as group, gr.Row():
        with gr.Column():
            sound = gr.Audio(
                label=f"A digit in English, alone, at most {SECONDS} seconds; WAV",
                sources=["microphone", "upload"],
                type="filepath",
                buttons=[],
            )
            button = gr.Button("Listen", variant="primary")
        answer = gr.Label(label="Digit")
        asked(hear, [button.click], [name, sound], [answer])
    return Panel(group, [answer])
