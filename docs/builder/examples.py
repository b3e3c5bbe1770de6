"""What a model answers to a small input: the code of its page and what it prints."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from builder.records import WEIGHTS, card, records, spec

ROOT = WEIGHTS.parent
PICTURES = ("ImageProcessor", "DetectionProcessor")  # how the names of such end
LOAD = 'import seqzoo\n\nmodel = seqzoo.load("{name}")\n'
TRANSLATION = 'print(model.translate("Two dogs are playing in the snow."))'
GENERATION = """\
text = model.generate("ROMEO:", max_new_tokens=120, temperature=0.5, seed=0)
print(text)
print(f"{model.score('To be, or not to be').bits_per_token:.2f} bits a character")"""
CLASSIFICATION = """\
for found in model.classify("{picture}", top=3):
    print(f"{{found.label}}: {{found.probability:.3f}}")"""
DETECTION = """\
found = model.detect("{picture}", threshold={threshold})
for label, score, box in zip(found.labels, found.scores, found.boxes_xyxy):
    print(label, f"{{score:.2f}}", box.round().astype(int).tolist())"""
LABELS = """\
import numpy as np
from safetensors.numpy import load_file

# Two inputs as the model reads them, and what it answered.
saved = load_file("weights/{name}/golden.safetensors")
saved.pop("output")
inputs = {{key.removeprefix("inputs/"): array for key, array in saved.items()}}
best = np.argmax(model(inputs), axis=-1)
print([model.processor.labels[k] for k in best])"""


def code_of(name: str, picture: Path | None) -> str | None:
    """The lines that use a model, or None for a task that has none here.

    Args:
        name: The model.
        picture: A picture for it, if it reads pictures.
    """
    task = records()[name]["task"]
    where = picture.relative_to(ROOT).as_posix() if picture else ""
    if task == "translation":
        lines = TRANSLATION
    elif task == "text-generation":
        lines = GENERATION
    elif task == "object-detection" and picture:
        lines = DETECTION.format(picture=where, threshold=threshold_of(name))
    elif task.endswith("classification") and picture:
        lines = CLASSIFICATION.format(picture=where)
    elif task.endswith("classification"):
        imports, rest = LABELS.format(name=name).split("\n\n", 1)
        return f"{imports}\n\n{LOAD.format(name=name)}{rest}"
    else:
        return None
    return LOAD.format(name=name) + lines


def threshold_of(name: str) -> float:
    """The probability from which the card of a detector shows what it found."""
    shown = re.search(r"threshold=([\d.]+)", card(name))
    return float(shown[1]) if shown else 0.5


def printed(code: str) -> str:
    """What the code prints, run in the root of the repository."""
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        exec(compile(code, "usage", "exec"), {})
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def golden(name: str) -> dict[str, Any]:
    """The input of the model's `golden.safetensors`: one array is called "inputs"."""
    from safetensors.numpy import load_file

    arrays = load_file(WEIGHTS / name / "golden.safetensors")
    return {
        key.removeprefix("inputs/"): array
        for key, array in arrays.items()
        if not key.startswith("output")
    }


def write_picture(name: str, folder: Path) -> Path | None:
    """Writes the picture of the model's golden input, or returns None if it is none."""
    from PIL import Image

    processor = spec(name).get("processor") or {}
    settings = processor.get("config", {})
    if not processor.get("class", "").endswith(PICTURES):
        return None
    inputs = golden(name)
    array = inputs.get("images", inputs.get("sequences", inputs.get("inputs")))
    if array is None:
        return None
    pixels = np.asarray(array[0], "float64")
    if "images" in inputs and "mask" in inputs:  # what is real of a padded picture
        real = inputs["mask"][0]
        pixels = pixels[: real.any(1).sum(), : real.any(0).sum()]
    if pixels.ndim == 2:  # a grey picture, read by its rows or pixel by pixel
        side = round(pixels.size**0.5)
        pixels = pixels.reshape(side, side, 1)
    for key in ("std", "mean"):
        given = np.asarray(settings.get(key, 1.0 if key == "std" else 0.0))
        pixels = pixels * given if key == "std" else pixels + given
    bytes_ = np.clip(np.round(pixels * 255), 0, 255).astype("uint8")
    path = folder / "input.png"
    image = Image.fromarray(bytes_[..., 0] if bytes_.shape[-1] == 1 else bytes_)
    image.save(path, optimize=True)
    return path
