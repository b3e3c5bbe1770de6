"""A picture, what is in it, and which parts of it say so."""

from typing import Any

import gradio as gr

from seqzoo.demo import models
from seqzoo.demo.html import drawn
from seqzoo.demo.panels.base import Panel, asked, picture_field, shares
from seqzoo.demo.validation import checked_picture
from seqzoo.plot import model_plots


def classify(name: str, path: Any) -> tuple[dict[str, float], str]:
    """The most probable classes, and the map of attention as HTML.

    Args:
        name: The model's.
        path: The file of the picture.

    Returns:
        The map is empty if the model has no attention.

    Raises:
        ValueError: If it is no picture, or too large.
    """
    image = checked_picture(path)
    model = models.model(name)
    found = shares(model, image)
    if not hasattr(model, "attention_map"):
        return found, ""
    words = f"Which parts of the picture “{next(iter(found))}” is made of"
    return found, drawn(
        lambda out: model_plots.draw_attention(model, image, out), words, "png"
    )


def panel(name: gr.Dropdown) -> Panel:
    """The panel, for the model whose name is chosen."""
    with gr.Column(visible=False, elem_id="image") as group:
        with gr.Row():
            with gr.Column():
                picture = picture_field()
                button = gr.Button("Classify", variant="primary")
            answer = gr.Label(label="Class")
        attention = gr.HTML(apply_default_css=False, elem_classes="answer")
        outputs = [answer, attention]
        asked(classify, [button.click], [name, picture], outputs)
    return Panel(group, outputs)
