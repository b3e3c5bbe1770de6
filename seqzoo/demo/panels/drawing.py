"""Digits: one that is drawn on the page or uploaded, and which digit it is."""

from typing import Any

import gradio as gr
import numpy as np

from seqzoo.demo import models
from seqzoo.demo.html import pixels_html
from seqzoo.demo.panels.base import html_field, image_field, on_event, probabilities
from seqzoo.demo.validation import checked_drawing, checked_image

INK = 48  # of 255: fainter pixels are paper
DIGIT_SIDE = 20 / 28  # the longer side of a digit of MNIST, relative to the image

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
    size = model.processor.size
    if not has_dark_border(image):
        return _answer(model, as_in_mnist(image, size))
    return _answer(model, image.convert("L").resize((size, size), 2))


def _answer(model: Any, image: Any) -> tuple[dict[str, float], str]:
    return probabilities(model, image), pixels_html(image, "What the model sees")


def has_dark_border(image: Any) -> bool:
    """Whether the border of an image is dark, as in MNIST."""
    grey = _grey_on_white(image)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(np.median(border)) < 128


def as_in_mnist(image: Any, size: int) -> Any:
    """Dark ink on light paper in the form of MNIST's digits, as a grey `PIL.Image`.

    White on black, scaled to 20 of 28 pixels, the centre of mass in the middle (LeCun
    et al. 1998, section III A).

    Args:
        image: A `PIL.Image`.
        size: Height and width of the result, pixels.

    Raises:
        ValueError: If there is no ink.
    """
    from PIL import Image

    ink = 255 - _grey_on_white(image)
    ink -= np.median(ink)  # the paper need not be white
    is_ink = ink > INK
    if not is_ink.any():
        raise ValueError("Wanted: a digit. Received: a blank image. Draw one.")
    rows, columns = np.flatnonzero(is_ink.any(1)), np.flatnonzero(is_ink.any(0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].clip(0)
    ink *= 255 / ink.max()
    scale = DIGIT_SIDE * size / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    small = Image.fromarray(ink.astype("uint8")).resize((width, height), 4)
    mass = np.asarray(small, "float32") + 1e-6
    y, x = np.indices(mass.shape)
    top = round(size / 2 - float((y * mass).sum() / mass.sum()) - 0.5)
    left = round(size / 2 - float((x * mass).sum() / mass.sum()) - 0.5)
    digit = Image.new("L", (size, size))
    corner = (min(max(left, 0), size - width), min(max(top, 0), size - height))
    digit.paste(small, corner)
    return digit


def _grey_on_white(image: Any) -> np.ndarray:
    """Grey pixels, float32 `(height, width)`; transparent ones become white."""
    from PIL import Image

    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return np.asarray(image.convert("L"), "float32")


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
