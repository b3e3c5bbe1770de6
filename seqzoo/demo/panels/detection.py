"""Object detection: an image, and its objects in their boxes."""

import inspect
from html import escape
from typing import Any

import gradio as gr

from seqzoo.demo import models
from seqzoo.demo.html import figure_html
from seqzoo.demo.panels.base import html_field, image_field, on_event
from seqzoo.demo.validation import checked_image, checked_number
from seqzoo.plot.model_plots import draw_detections
from seqzoo.tasks import ObjectDetector


def detect(name: str, path: Any, threshold: float) -> tuple[str, str]:
    """The objects with this score or more as a table, and the figure of their boxes."""
    threshold = checked_number(threshold, 0, 1, "a score")
    image = checked_image(path)
    model = models.model(name)
    detections = model.detect(image, threshold=threshold)
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{score:.2f}</td>"
        f"<td>{', '.join(f'{side:.0f}' for side in box)}</td></tr>"
        for label, score, box in detections
    )
    table = (
        "<table><tr><th>object</th><th>score</th>"
        f"<th>left, upper, right, lower</th></tr>{rows}</table>"
        if rows
        else "<p>No object has that score. Lower it.</p>"
    )
    alt = f"The image with {len(detections)} boxes, and where the best of them attend"
    figure = figure_html(draw_detections, alt, "png", model, image, threshold=threshold)
    return table, figure


def panel(name: gr.Dropdown) -> list[Any]:
    """The panel for detectors."""
    default = inspect.signature(ObjectDetector.detect).parameters["threshold"].default
    with gr.Row():
        with gr.Column():
            image = image_field()
            threshold = gr.Slider(0, 1, default, step=0.01, label="Lowest score")
            button = gr.Button("Detect", variant="primary")
        table = gr.HTML(elem_classes="answer")
    outputs = [table, html_field()]
    on_event(detect, [button.click], [name, image, threshold], outputs)
    return outputs
