"""A digit that is drawn or uploaded, and which it is."""

from typing import Any

import gradio as gr
import numpy as np

from seqzoo.demo import models
from seqzoo.demo.html import enlarged
from seqzoo.demo.panels.base import Panel, asked, picture_field, shares
from seqzoo.demo.validation import checked_drawing, checked_picture

INK = 48  # of 255: what is fainter is paper
BODY = 20 / 28  # of the side: the longer side of a digit of MNIST

# A sheet of paper, and a pen for mouse, finger or stylus. Gradio's own sketchpad wants
# its pen to be taken up first, and has layers, zoom and colours that are not wanted.
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
    """The most probable digits of a drawing, and what the model sees, as HTML.

    Args:
        name: The model's.
        drawing: The data URL of the canvas.

    Raises:
        ValueError: If there is nothing on it.
    """
    image = checked_drawing(drawing)
    model = models.model(name)
    return _answer(model, as_in_mnist(image, model.processor.size))


def read_picture(name: str, path: Any) -> tuple[dict[str, float], str]:
    """The same for an uploaded picture; one on light paper is taken as a drawing.

    Args:
        name: The model's.
        path: The file.

    Raises:
        ValueError: If it is no picture, or too large.
    """
    image = checked_picture(path)
    model = models.model(name)
    size = model.processor.size
    if not on_dark(image):
        return _answer(model, as_in_mnist(image, size))
    return _answer(model, image.convert("L").resize((size, size), 2))


def _answer(model: Any, image: Any) -> tuple[dict[str, float], str]:
    return shares(model, image), enlarged(image, "What the model sees")


def on_dark(image: Any) -> bool:
    """Whether the border of a picture is dark, as in MNIST."""
    grey = np.asarray(_on_white(image).convert("L"))
    border = [grey[0], grey[-1], grey[:, 0], grey[:, -1]]
    return float(np.median(np.concatenate(border))) < 128


def as_in_mnist(image: Any, size: int) -> Any:
    """Dark ink on light paper as MNIST has its digits, a grey `PIL.Image`.

    White on black, scaled to 20 of 28 pixels, the centre of mass in the middle (LeCun
    et al. 1998, section III A).

    Args:
        image: A `PIL.Image`.
        size: Pixels of a side.

    Raises:
        ValueError: If there is no ink.
    """
    from PIL import Image

    ink = 255 - np.asarray(_on_white(image).convert("L"), "float32")
    ink -= np.median(ink)  # the paper need not be white
    there = ink > INK
    if not there.any():
        raise ValueError("Wanted: a digit. Received: a blank picture. Draw one.")
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].clip(0)
    ink *= 255 / ink.max()
    scale = BODY * size / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    small = Image.fromarray(ink.astype("uint8")).resize((width, height), 4)
    mass = np.asarray(small, "float32") + 1e-6
    down, across = np.indices(mass.shape)
    top = round(size / 2 - float((down * mass).sum() / mass.sum()) - 0.5)
    left = round(size / 2 - float((across * mass).sum() / mass.sum()) - 0.5)
    whole = Image.new("L", (size, size))
    whole.paste(
        small, (min(max(left, 0), size - width), min(max(top, 0), size - height))
    )
    return whole


def _on_white(image: Any) -> Any:
    """The picture without the transparent parts that drawings on the web have."""
    from PIL import Image

    if "A" not in image.getbands() and "transparency" not in image.info:
        return image
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def panel(name: gr.Dropdown) -> Panel:
    """The panel, for the model whose name is chosen."""
    with gr.Column(visible=False, elem_id="drawing") as group, gr.Row():
        with gr.Column():
            with gr.Tabs():
                with gr.Tab("Draw"):
                    pad = gr.HTML(
                        html_template=CANVAS,
                        js_on_load=PEN,
                        apply_default_css=False,
                        elem_classes="answer",
                    )
                    draw = gr.Button("Read the drawing", variant="primary")
                with gr.Tab("Upload"):
                    picture = picture_field()
                    upload = gr.Button("Read the picture", variant="primary")
        with gr.Column():
            answer = gr.Label(label="Digit")
            seen = gr.HTML(apply_default_css=False, elem_classes="answer")
        outputs = [answer, seen]
        asked(read_drawing, [draw.click], [name, pad], outputs)
        asked(read_picture, [upload.click], [name, picture], outputs)
    return Panel(group, outputs)
