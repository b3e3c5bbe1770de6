"""Classification of images, with the parts they attend to, and of spoken words."""

from typing import Any

import gradio as gr

from seqzoo.demo import models
from seqzoo.demo.html import figure_html
from seqzoo.demo.panels.base import (
    as_path,
    html_field,
    image_field,
    on_event,
    probabilities,
)
from seqzoo.demo.validation import SECONDS, checked_image, checked_recording
from seqzoo.plot.model_plots import draw_attention


def classify(name: str, path: Any) -> tuple[dict[str, float], str]:
    """The most probable classes, and the attention map as HTML, empty if none."""
    image = checked_image(path)
    model = models.model(name)
    classes = probabilities(model, image)
    if not hasattr(model, "attention_map"):
        return classes, ""
    alt = f"The parts of the image that “{next(iter(classes))}” is made of"
    return classes, figure_html(draw_attention, alt, "png", model, image)


def hear(name: str, path: Any) -> dict[str, float]:
    """The most probable words of a recording."""
    recording = checked_recording(path)
    return probabilities(models.model(name), recording)


def image_panel(name: gr.Dropdown) -> list[Any]:
    """The panel for images."""
    with gr.Row():
        with gr.Column():
            image = image_field()
            button = gr.Button("Classify", variant="primary")
        classes = gr.Label(label="Class")
    outputs = [classes, html_field()]
    on_event(classify, [button.click], [name, image], outputs)
    return outputs


def recording_panel(name: gr.Dropdown) -> list[Any]:
    """The panel for recordings."""
    with gr.Row():
        with gr.Column():
            sound = as_path(
                gr.Audio(
                    label=f"One digit in English, at most {SECONDS} seconds; WAV",
                    sources=["microphone", "upload"],
                    type="filepath",
                    buttons=[],
                )
            )
            button = gr.Button("Listen", variant="primary")
        word = gr.Label(label="Digit")
    on_event(hear, [button.click], [name, sound], [word])
    return [word]
