"""Text generation: a text that grows on the page, in the colours of one unit."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from seqzoo import plot
from seqzoo.demo import models
from seqzoo.demo.panels.base import html_field, on_event
from seqzoo.demo.validation import (
    NEW_CHARACTERS,
    PROMPT,
    checked_choice,
    checked_number,
    checked_prompt,
)
from seqzoo.tasks import TextGenerator

STEP = 20  # characters between two figures
MAX_TEMPERATURE = 5.0
MAX_SEED = 2**31 - 1


def write(
    name: str, prompt: str, characters: float, temperature: float, seed: str, unit: str
) -> Iterator[tuple[str, str]]:
    """The growing text, prompt included, and its figure as HTML.

    Args:
        name: The model's name.
        prompt: How the text begins, at most `PROMPT` characters.
        characters: How many to add, at most `NEW_CHARACTERS`.
        temperature: 0 takes the most probable character.
        seed: A number that makes the text repeatable; empty for a fresh one.
        unit: Index of the unit to draw; empty for the unit that varies most.
    """
    prompt = checked_prompt(prompt)
    new = int(checked_number(characters, 1, NEW_CHARACTERS, "a number of characters"))
    temperature = checked_number(temperature, 0, MAX_TEMPERATURE, "a temperature")
    seed_number = checked_choice(seed, MAX_SEED, "a seed")
    model = models.model(name)
    index = checked_unit(model, unit)
    text, drawn_length = prompt, 0
    for token in model.stream(prompt, new, temperature, seed=seed_number):
        text += token
        if len(text) - drawn_length >= STEP:
            yield text, unit_html(model, text, index)
            drawn_length = len(text)
    yield text, unit_html(model, text, index)


def colour(name: str, text: str, unit: str) -> str:
    """The figure of a finished text for another unit; arguments as for `write`."""
    if not text:
        return ""
    text = checked_prompt(text, PROMPT + NEW_CHARACTERS)
    model = models.model(name)
    return unit_html(model, text, checked_unit(model, unit))


def checked_unit(model: Any, unit: str) -> int | None:
    """The index of the chosen unit, None to let the model choose."""
    if not hasattr(model, "read"):
        return None
    return checked_choice(unit, model.config.units - 1, "a unit")


def unit_html(model: Any, text: str, unit: int | None) -> str:
    """The text in the colours of a unit, empty if the model has no units."""
    return plot.text_html(model.read(text, unit=unit)) if hasattr(model, "read") else ""


def panel(name: gr.Dropdown) -> list[Any]:
    """The panel for text generators."""
    prompt = gr.Textbox(
        TextGenerator.examples[0],
        label="Prompt",
        info=f"How the text begins; at most {PROMPT:,} characters",
        lines=2,
        max_lines=8,
    )
    gr.Examples([[t] for t in TextGenerator.examples], [prompt], label="For example")
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
    figure = html_field()
    settings = [name, prompt, characters, temperature, seed, unit]
    writing = on_event(write, [button.click], settings, [text, figure])
    stop.click(None, cancels=writing, api_visibility="private")
    on_event(colour, [unit.submit, unit.blur], [name, text, unit], [figure])
    return [text, figure]
