"""Questions about a story: the answer, and the sentences that each hop attended to."""

from typing import Any

import gradio as gr

from seqzoo import plot
from seqzoo.demo import models
from seqzoo.demo.html import figure_html
from seqzoo.demo.panels.base import html_field, on_event
from seqzoo.demo.validation import SENTENCE, STORY, checked_text
from seqzoo.tasks import QuestionAnswerer


def answer(name: str, story: str, question: str) -> tuple[str, str]:
    """The answer, and the attention as HTML."""
    story = checked_text(story, STORY, "a story")
    question = checked_text(question, SENTENCE, "a question")
    found = models.model(name).answer(story, question, return_attention=True)
    alt = f"The sentences that the answer “{found.text}” comes from, hop by hop"
    return found.text, figure_html(plot.plot_hops, alt, "svg", found)


def panel(name: gr.Dropdown) -> list[Any]:
    """The panel for question answerers."""
    with gr.Row():
        story = gr.Textbox(
            label="Story",
            info="Short sentences of words that the model knows; at most "
            f"{STORY:,} characters",
            lines=5,
            max_lines=12,
        )
        with gr.Column():
            question = gr.Textbox(label="Question", lines=1, max_lines=3)
            text = gr.Textbox(label="Answer", lines=1, interactive=False)
    button = gr.Button("Answer", variant="primary")
    examples = [example.rpartition(". ") for example in QuestionAnswerer.examples]
    gr.Examples(
        [[f"{told}.", asked] for told, _, asked in examples],
        [story, question],
        label="For example",
    )
    outputs = [text, html_field()]
    on_event(answer, [button.click, question.submit], [name, story, question], outputs)
    return outputs
