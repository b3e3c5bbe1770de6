"""Fields and events that the panels share."""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from seqzoo.demo.html import friendly_errors

LABELS = 5  # the most probable ones


def image_field() -> gr.Image:
    """A field for an uploaded, pasted or photographed image; its value is a path."""
    return as_path(
        gr.Image(
            label="Image",
            sources=["upload", "clipboard", "webcam"],
            type="filepath",
            height=300,
        )
    )


def as_path(field: Any) -> Any:
    """The field, whose value is the path of its file.

    Gradio's own preprocessing would decode the file before its size is checked.
    """
    field.preprocess = lambda payload: payload and payload.path
    return field


def html_field() -> gr.HTML:
    """A field that shows a figure."""
    return gr.HTML(apply_default_css=False, elem_classes="answer")


def on_event(
    function: Callable[..., Any],
    triggers: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
) -> Any:
    """Runs a function of the model at an event; requests wait for each other.

    Args:
        function: Its errors are shown as messages.
        triggers: Events, such as `button.click`.
        inputs: The fields that hold its arguments.
        outputs: The fields that show its results.
    """
    return gr.on(
        list(triggers),
        friendly_errors(function),
        inputs=list(inputs),
        outputs=list(outputs),
        concurrency_limit=1,
        concurrency_id="model",
        api_visibility="private",
    )


def probabilities(model: Any, example: Any) -> dict[str, float]:
    """The most probable labels of one input of a classifier, for `gr.Label`."""
    top = min(LABELS, len(model.processor.labels))
    answer = model.classify(example, top=top)
    predictions = answer if isinstance(answer, list) else [answer]
    return {each.label: each.probability for each in predictions}
