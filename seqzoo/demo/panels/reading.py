"""Texts: their class in the colours of a unit, and the words that fill their gaps."""

from html import escape
from typing import Any

import gradio as gr

from seqzoo import plot
from seqzoo.demo import models
from seqzoo.demo.panels.base import html_field, on_event, probabilities
from seqzoo.demo.validation import PROMPT, checked_text
from seqzoo.tasks import MaskedLM, TextClassifier

TOP = 5  # words for each gap


def judge(name: str, text: str) -> tuple[dict[str, float], str]:
    """The most probable classes, and the text in a unit's colours as HTML, if it has.

    Args:
        name: The model's name.
        text: At most `PROMPT` characters.
    """
    text = checked_text(text, PROMPT, "a text")
    model = models.model(name)
    classes = probabilities(model, text)
    if not hasattr(model, "read"):
        return classes, ""
    return classes, plot.text_html(model.read(text))


def fill(name: str, text: str) -> str:
    """The words that may stand in each gap, as a table in HTML."""
    text = checked_text(text, PROMPT, "a text")
    answer = models.model(name).fill(text, top=TOP)
    places = answer if isinstance(answer[0], list) else [answer]
    rows = "".join(
        f"<tr><td>{number}</td><td>{each.probability:.3f}</td>"
        f"<td>{escape(each.text)}</td></tr>"
        for number, place in enumerate(places, 1)
        for each in place
    )
    head = "<tr><th>gap</th><th>probability</th><th>text</th></tr>"
    return f"<table>{head}{rows}</table>"


def text_panel(name: gr.Dropdown) -> list[Any]:
    """The panel for classifiers of texts."""
    text = _text_field("Text", f"At most {PROMPT:,} characters", TextClassifier)
    button = gr.Button("Classify", variant="primary")
    outputs = [gr.Label(label="Class"), html_field()]
    on_event(judge, [button.click, text.submit], [name, text], outputs)
    return outputs


def gap_panel(name: gr.Dropdown) -> list[Any]:
    """The panel for masked language models."""
    info = f"[MASK] stands for a word; at most {PROMPT:,} characters"
    text = _text_field("Text with gaps", info, MaskedLM)
    button = gr.Button("Fill", variant="primary")
    table = gr.HTML(elem_classes="answer")
    on_event(fill, [button.click, text.submit], [name, text], [table])
    return [table]


def _text_field(label: str, info: str, task: Any) -> gr.Textbox:
    text = gr.Textbox(label=label, info=info, lines=4, max_lines=16)
    gr.Examples([[example] for example in task.examples], [text], label="For example")
    return text
