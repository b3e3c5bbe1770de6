"""What the panels share: how a model is asked, and what takes in a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from seqzoo.demo.html import in_words

LABELS = 5  # most probable ones that are shown


@dataclass(frozen=True)
class Panel:
    """A part of the page.

    Attributes:
        group: What is shown or hidden as a whole.
        answers: What another model's answer must not be left in.
    """

    group: gr.Column
    answers: Sequence[Any]


def picture_field() -> gr.Image:
    """Where a picture is dropped, pasted or chosen; its file is what is handed on."""
    field = gr.Image(
        label="Picture",
        sources=["upload", "clipboard", "webcam"],
        type="filepath",
        height=300,
    )
    # Gradio's own would decode the file before anybody has looked how large it is.
    field.preprocess = lambda payload: payload and payload.path
    return field


def asked(
    function: Callable[..., Any],
    triggers: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    **options: Any,
) -> Any:
    """Runs a function of the model when something is pressed.

    One at a time, whoever asks: the others wait in the queue, and see that they do.

    Args:
        function: Its errors are shown in words.
        triggers: Such as `button.click`.
        inputs: The fields that it reads.
        outputs: What shows what it returns.
        **options: As for `gr.on`.
    """
    return gr.on(
        list(triggers),
        in_words(function),
        inputs=list(inputs),
        outputs=list(outputs),
        concurrency_limit=1,
        concurrency_id="model",
        api_visibility="private",
        **options,
    )


def shares(model: Any, given: Any) -> dict[str, float]:
    """The most probable labels of one input, for `gr.Label`.

    Args:
        model: A classifier.
        given: What its `classify` takes.
    """
    top = min(LABELS, len(model.processor.labels))
    found = model.classify(given, top=top)
    found = found if isinstance(found, list) else [found]
    return {each.label: each.probability for each in found}
