"""The example on a model's page: code that uses the model, and what it prints."""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from builder.records import FIGURES, ROOT, WEIGHTS, card, config, records
from seqzoo.tasks import TASKS

LOAD = 'import seqzoo\n\nmodel = seqzoo.load("{name}")\n'
# Of a classifier that reads no images.
LABELS = f"""\
import numpy as np
from safetensors.numpy import load_file

{LOAD}# The labels of two inputs, which are as the processor returns them.
saved = load_file("weights/{{name}}/golden.safetensors")
saved.pop("output")
inputs = {{{{key.removeprefix("inputs/"): array for key, array in saved.items()}}}}
best = np.argmax(model(inputs), axis=-1)
print([model.processor.labels[k] for k in best])"""


def write_example(name: str) -> None:
    """Writes a model's `example.json`."""
    if image_path(name):
        write_image(name)
    code = example_code(name)
    example = {"code": code, "output": printed(code)}
    text = json.dumps(example, indent=1, ensure_ascii=False) + "\n"
    (FIGURES / name / "example.json").write_text(text, "utf-8")


def example_code(name: str) -> str:
    """The lines that use a model."""
    task, path = TASKS[records()[name]["task"]], image_path(name)
    needs_image = "{image}" in task.usage
    form = LABELS if needs_image and not path else LOAD + task.usage
    return form.format(
        name=name,
        example=next(iter(task.examples), None),
        image=path and path.relative_to(ROOT).as_posix(),
        threshold=threshold(name),
    )


def threshold(name: str) -> float:
    """The lowest score that a detector's card prints."""
    in_card = re.search(r"threshold=([\d.]+)", card(name)["Usage"])
    return float(in_card[1]) if in_card else 0.5


def printed(code: str) -> str:
    """The output of the code, run in the root of the repository."""
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        exec(compile(code, "example", "exec"), {})
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def golden_inputs(name: str) -> dict[str, Any]:
    """The inputs in a model's `golden.safetensors`; a single one is named "inputs"."""
    arrays = load_file(WEIGHTS / name / "golden.safetensors")
    inputs = {key.removeprefix("inputs/"): array for key, array in arrays.items()}
    return {key: array for key, array in inputs.items() if not key.startswith("output")}


def image_path(name: str) -> Path | None:
    """The file of a model's golden image, or None if the model reads no images."""
    processor = (config(name).get("processor") or {}).get("class", "")
    reads_images = processor.endswith(("ImageProcessor", "DetectionProcessor"))
    return FIGURES / name / "input.png" if reads_images else None


def write_image(name: str) -> None:
    """Writes the first image of a model's golden input, without its padding."""
    inputs, settings = golden_inputs(name), config(name)["processor"]["config"]
    batch = next(inputs[k] for k in ("images", "sequences", "inputs") if k in inputs)
    pixels = np.asarray(batch[0], "float64")
    if "images" in inputs and "mask" in inputs:
        is_real = inputs["mask"][0]
        pixels = pixels[: is_real.any(1).sum(), : is_real.any(0).sum()]
    if pixels.ndim == 2:  # a grey image as a sequence of rows or of pixels
        side = round(pixels.size**0.5)
        pixels = pixels.reshape(side, side, 1)
    pixels = pixels * settings.get("std", 1.0) + settings.get("mean", 0.0)
    pixels = np.clip(np.round(pixels * 255), 0, 255).astype("uint8")
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.save(FIGURES / name / "input.png", optimize=True)
