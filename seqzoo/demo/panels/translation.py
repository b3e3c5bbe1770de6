"""Translation: a sentence, its translation, and the source words of each word."""

from typing import Any

import gradio as gr

from seqzoo import plot
from seqzoo.demo import models
from seqzoo.demo.html import figure_html
from seqzoo.demo.panels.base import html_field, on_event
from seqzoo.demo.validation import SENTENCE, checked_text
from seqzoo.tasks import Translator


def translate(name: str, text: str) -> tuple[str, str]:
    """The translation, and its alignment as HTML, empty if the model has none."""
    text = checked_text(text, SENTENCE, "a sentence")
    translation = models.model(name).translate(text, return_attention=True)
    if translation.attention is None or not len(translation.target_tokens):
        return translation.text, ""
    alt = f"The source words that each word of “{translation.text}” comes from"
    figure = figure_html(plot.plot_alignment, alt, "svg", translation)
    return translation.text, figure


def panel(name: gr.Dropdown) -> list[Any]:
    """The panel for translators."""
    with gr.Row():
        text = gr.Textbox(
            label="Sentence",
            info="English, like the caption of a photograph; at most "
            f"{SENTENCE:,} characters",
            lines=3,
            max_lines=8,
        )
        translation = gr.Textbox(
            label="Translation", lines=3, max_lines=8, interactive=False
        )
    button = gr.Button("Translate", variant="primary")
    gr.Examples([[text] for text in Translator.examples], [text], label="For example")
    outputs = [translation, html_field()]
    on_event(translate, [button.click, text.submit], [name, text], outputs)
    return outputs
