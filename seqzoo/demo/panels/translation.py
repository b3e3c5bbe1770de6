"""A sentence, its translation, and which words each word is from."""

import gradio as gr

from seqzoo import plot
from seqzoo.demo import models
from seqzoo.demo.html import drawn
from seqzoo.demo.panels.base import Panel, asked
from seqzoo.demo.validation import SENTENCE, checked_text

EXAMPLES = (
    "Two dogs are playing in the snow.",
    "A man in a blue shirt is standing on a ladder.",
    "A little girl climbing into a wooden playhouse.",
)


def translate(name: str, text: str) -> tuple[str, str]:
    """The translation, and its alignment as HTML, empty if the model has none.

    Args:
        name: The model's.
        text: At most `SENTENCE` characters.

    Raises:
        ValueError: If the text is empty or too long.
    """
    text = checked_text(text, SENTENCE, "a sentence")
    found = models.model(name).translate(text, return_attention=True)
    if found.attention is None or not len(found.target_tokens):
        return found.text, ""
    words = f"Which words of the source each word of “{found.text}” is from"
    return found.text, drawn(lambda path: plot.plot_alignment(found, path), words)


def panel(name: gr.Dropdown) -> Panel:
    """The panel, for the model whose name is chosen."""
    with gr.Column(visible=False, elem_id="translation") as group:
        with gr.Row():
            text = gr.Textbox(
                label="Sentence",
                info="English, as in the caption of a photograph; at most "
                f"{SENTENCE:,} characters",
                lines=3,
                max_lines=8,
            )
            translation = gr.Textbox(
                label="Translation", lines=3, max_lines=8, interactive=False
            )
        button = gr.Button("Translate", variant="primary")
        gr.Examples([[each] for each in EXAMPLES], [text], label="For example")
        alignment = gr.HTML(apply_default_css=False, elem_classes="answer")
        asked(
            translate,
            [button.click, text.submit],
            [name, text],
            [translation, alignment],
        )
    return Panel(group, [translation, alignment])
