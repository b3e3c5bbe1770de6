"""A text that goes on while one looks, in the colours of one unit."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from seqzoo import plot
from seqzoo.demo import models
from seqzoo.demo.panels.base import Panel, asked
from seqzoo.demo.validation import (
    NEW_CHARACTERS,
    PROMPT,
    checked_choice,
    checked_number,
    checked_prompt,
)

EXAMPLES = ("ROMEO:", "To be, or not to be", "First Citizen:\nBefore we proceed")
STEP = 20  # characters between two pictures
HOTTEST = 5.0
LARGEST_SEED = 2**31 - 1


def write(
    name: str,
    prompt: str,
    characters: float,
    temperature: float,
    seed: str,
    unit: str,
) -> Iterator[tuple[str, str]]:
    """The text so far, prompt included, and its picture as HTML, as it is written.

    Args:
        name: The model's.
        prompt: How the text begins, at most `PROMPT` characters.
        characters: How many to add, at most `NEW_CHARACTERS`.
        temperature: 0 takes the most probable one.
        seed: A number that repeats a text; empty for a fresh one.
        unit: The number of the one whose activation is drawn; empty for the one that
            varies most.

    Raises:
        ValueError: If the prompt or a setting is not as it must be.
    """
    prompt = checked_prompt(prompt)
    new = int(checked_number(characters, 1, NEW_CHARACTERS, "a number of characters"))
    temperature = checked_number(temperature, 0, HOTTEST, "a temperature")
    draws = checked_choice(seed, LARGEST_SEED, "a seed")
    model = models.model(name)
    number = checked_unit(model, unit)
    text, shown = prompt, 0
    for token in model.stream(prompt, new, temperature, seed=draws):
        text += token
        if len(text) - shown >= STEP:
            yield text, coloured(model, text, number)
            shown = len(text)
    yield text, coloured(model, text, number)


def colour(name: str, text: str, unit: str) -> str:
    """The picture of a text that is written already, for another unit.

    Arguments are those of `write`.
    """
    model = models.model(name)
    return coloured(model, text, checked_unit(model, unit)) if text else ""


def checked_unit(model: Any, unit: str) -> int | None:
    """The number of the unit asked for, None for the model to choose."""
    if not hasattr(model, "read"):
        return None
    return checked_choice(unit, model.config.units - 1, "a unit")


def coloured(model: Any, text: str, unit: int | None) -> str:
    """The text in the colours of a unit, empty if the model has no units to show."""
    return plot.text_html(model.read(text, unit=unit)) if hasattr(model, "read") else ""


def panel(name: gr.Dropdown) -> Panel:
    """The panel, for the model whose name is chosen."""
    with gr.Column(visible=False, elem_id="generation") as group:
        prompt = gr.Textbox(
            "ROMEO:",
            label="Prompt",
            info=f"How the text begins; at most {PROMPT:,} characters",
            lines=2,
            max_lines=8,
        )
        gr.Examples([[each] for each in EXAMPLES], [prompt], label="For example")
        with gr.Row():
            characters = gr.Slider(
                1, NEW_CHARACTERS, 300, step=1, label="Characters to write"
            )
            temperature = gr.Slider(0, 2, 0.7, step=0.05, label="Temperature")
        with gr.Row():
            seed = gr.Textbox(
                label="Seed", placeholder="a number repeats a text", max_lines=1
            )
            unit = gr.Textbox(
                label="Unit to colour by",
                placeholder="the one that varies most, or a number",
                max_lines=1,
            )
        with gr.Row():
            button = gr.Button("Write", variant="primary")
            stop = gr.Button("Stop")
        text = gr.Textbox(
            label="Text", lines=6, max_lines=20, interactive=False, buttons=["copy"]
        )
        picture = gr.HTML(apply_default_css=False, elem_classes="answer")
        writing = asked(
            write,
            [button.click],
            [name, prompt, characters, temperature, seed, unit],
            [text, picture],
        )
        stop.click(None, cancels=writing, api_visibility="private")
        asked(colour, [unit.submit, unit.blur], [name, text, unit], [picture])
    return Panel(group, [text, picture])
