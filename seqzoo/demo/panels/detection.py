"""A picture, and the objects in it in their boxes."""

from html import escape
from typing import Any

import gradio as gr

from seqzoo.demo import models
from seqzoo.demo.html import drawn
from seqzoo.demo.panels.base import Panel, asked, picture_field
from seqzoo.demo.validation import checked_number, checked_picture
from seqzoo.plot import model_plots


def detect(name: str, path: Any, threshold: float) -> tuple[str, str]:
    """The objects as a table in HTML, and the picture with their boxes.

    Args:
        name: The model's.
        path: The file of the picture.
        threshold: Lowest score that is shown, from 0 to 1.

    Raises:
        ValueError: If it is no picture, or too large, or the threshold out of range.
    """
    threshold = checked_number(threshold, 0, 1, "a score")
    image = checked_picture(path)
    model = models.model(name)
    found = model.detect(image, threshold=threshold)
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{score:.2f}</td><td>"
        + ", ".join(f"{side:.0f}" for side in box)
        + "</td></tr>"
        for label, score, box in zip(
            found.labels, found.scores, found.boxes_xyxy, strict=True
        )
    )
    table = (
        "<table><tr><th>object</th><th>score</th>"
        f"<th>left, upper, right, lower</th></tr>{rows}</table>"
        if rows
        else "<p>No object has that score. Lower it.</p>"
    )
    words = f"The picture with {len(found)} boxes, and where the best of them look"
    return table, drawn(
        lambda out: model_plots.draw_detections(model, image, out, threshold=threshold),
        words,
        "png",
    )


def panel(name: gr.Dropdown) -> Panel:
    """The panel, for the model whose name is chosen."""
    with gr.Column(visible=False, elem_id="detection") as group:
        with gr.Row():
            with gr.Column():
                picture = picture_field()
                threshold = gr.Slider(0, 1, 0.5, step=0.01, label="Lowest score")
                button = gr.Button("Detect", variant="primary")
            table = gr.HTML(elem_classes="answer")
        boxes = gr.HTML(apply_default_css=False, elem_classes="answer")
        outputs = [table, boxes]
        asked(detect, [button.click], [name, picture, threshold], outputs)
    return Panel(group, outputs)
