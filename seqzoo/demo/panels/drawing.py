"""Digits: one that is drawn on the page or uploaded, and which digit it is."""

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from seqzoo.demo import models
from seqzoo.demo.html import pixels_html
from seqzoo.demo.panels.base import html_field, image_field, on_event, probabilities
from seqzoo.demo.validation import checked_drawing, checked_image
from seqzoo.processors.digits import as_in_mnist

# A canvas for mouse, finger or stylus. Gradio's own sketchpad asks for a tool first,
# and has layers, zoom and colours that a digit does not need.
CANVAS = """
<canvas width="280" height="280" aria-label="Draw a digit here, large"></canvas>
<button type="button">Clear</button>
"""
PEN = """
const canvas = element.querySelector("canvas"), pen = canvas.getContext("2d");
const clear = () => {
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  props.value = null;
};
const at = event => {
  const sheet = canvas.getBoundingClientRect();
  return [(event.clientX - sheet.left) * canvas.width / sheet.width,
          (event.clientY - sheet.top) * canvas.height / sheet.height];
};
clear();
pen.lineWidth = 22;
pen.lineCap = pen.lineJoin = "round";
canvas.addEventListener("pointerdown", event => {
  canvas.setPointerCapture(event.pointerId);
  pen.beginPath();
  pen.moveTo(...at(event));
  pen.lineTo(...at(event));
  pen.stroke();
});
canvas.addEventListener("pointermove", event => {
  if (!event.buttons) return;
  pen.lineTo(...at(event));
  pen.stroke();
});
canvas.addEventListener("pointerup", () => { props.value = canvas.toDataURL(); });
element.querySelector("button").addEventListener("click", clear);
"""


def read_drawing(name: str, drawing: Any) -> tuple[dict[str, float], str]:
    """The most probable digits of a canvas's data URL, and the model's input."""
    image = checked_drawing(drawing)
    model = models.model(name)
    return _answer(model, as_in_mnist(image, model.processor.size))


def read_image(name: str, path: Any) -> tuple[dict[str, float], str]:
    """The same for an uploaded image; on light paper it is read as a drawing."""
    image = checked_image(path)
    model = models.model(name)
    return _answer(model, model.processor.prepared(image))


def _answer(model: Any, image: Any) -> tuple[dict[str, float], str]:
    seen = Image.fromarray(np.round(model.processor.grey(image) * 255).astype("uint8"))
    return probabilities(model, image), pixels_html(seen, "What the model sees")


def panel(name: gr.Dropdown) -> list[Any]:
    """The panel for classifiers of digits."""
    with gr.Row():
        with gr.Column():
            with gr.Tabs():
                with gr.Tab("Draw"):
                    canvas = gr.HTML(
                        html_template=CANVAS,
                        js_on_load=PEN,
                        apply_default_css=False,
                        elem_classes="answer",
                    )
                    draw = gr.Button("Read the drawing", variant="primary")
                with gr.Tab("Upload"):
                    image = image_field()
                    upload = gr.Button("Read the image", variant="primary")
        with gr.Column():
            outputs = [gr.Label(label="Digit"), html_field()]
    on_event(read_drawing, [draw.click], [name, canvas], outputs)
    on_event(read_image, [upload.click], [name, image], outputs)
    return outputs
