"""The example on a model's page: code that uses the model, and what it prints."""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from builder.records import FIGURES, ROOT, WEIGHTS, card, config, records

LOAD = 'import seqzoo\n\nmodel = seqzoo.load("{name}")\n'
TRANSLATION = 'print(model.translate("Two dogs are playing in the snow."))'
GENERATION = """\
text = model.generate("ROMEO:", max_new_tokens=120, temperature=0.5, seed=0)
print(text)
print(f"{model.score('To be, or not to be').bits_per_token:.2f} bits a character")"""
CLASSIFICATION = """\
for prediction in model.classify("{image}", top=3):
    print(f"{{prediction.label}}: {{prediction.probability:.3f}}")"""
DETECTION = """\
detections = model.detect("{image}", threshold={threshold})
for label, score, box in zip(
    detections.labels, detections.scores, detections.boxes_xyxy
):
    print(label, f"{{score:.2f}}", box.round().astype(int).tolist())"""
LABELS = """\
import numpy as np
from safetensors.numpy import load_file

# Two inputs as the processor returns them, and the labels that the model gives them.
saved = load_file("weights/{name}/golden.safetensors")
saved.pop("output")
inputs = {{key.removeprefix("inputs/"): array for key, array in saved.items()}}
best = np.argmax(model(inputs), axis=-1)
print([model.processor.labels[k] for k in best])"""


def write_example(name: str) -> None:
    """Writes a model's `example.json`, or nothing if its task has no example."""
    code = example_code(name)
    if code is None:
        return
    example = {"code": code, "output": printed(code)}
    if image_path(name):
        write_image(name)
        example |= {"image": "input.png", "alt": "The input of the model"}
    text = json.dumps(example, indent=1, ensure_ascii=False) + "\n"
    (FIGURES / name / "example.json").write_text(text, "utf-8")


def example_code(name: str) -> str | None:
    """The lines that use a model, or None if its task has no example."""
    task, path = records()[name]["task"], image_path(name)
    image = path.relative_to(ROOT).as_posix() if path else ""
    lines = {
        "translation": TRANSLATION,
        "text-generation": GENERATION,
        "object-detection": DETECTION.format(image=image, threshold=threshold(name)),
        "image-classification": CLASSIFICATION.format(image=image),
        "sequence-classification": CLASSIFICATION.format(image=image),
    }
    if task == "sequence-classification" and not image:
        imports, rest = LABELS.format(name=name).split("\n\n", 1)
        return f"{imports}\n\n{LOAD.format(name=name)}{rest}"
    return LOAD.format(name=name) + lines[task] if task in lines else None


def threshold(name: str) -> float:
    """The lowest score that a detector's card prints."""
    in_card = re.search(r"threshold=([\d.]+)", card(name))
    return float(in_card[1]) if in_card else 0.5


def printed(code: str) -> str:
    """The output of the code, run in the root of the repository."""
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        exec(compile(code, "example", "exec"), {})
    return "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())


def golden_inputs(name: str) -> dict[str, Any]:
    """The inputs in a model's `golden.safetensors`; a single one is named "inputs"."""
    from safetensors.numpy import load_file

    arrays = load_file(WEIGHTS / name / "golden.safetensors")
    return {
        key.removeprefix("inputs/"): array
        for key, array in arrays.items()
        if not key.startswith("output")
    }


def image_path(name: str) -> Path | None:
    """The file of a model's golden image, or None if the model reads no images."""
    processor = (config(name).get("processor") or {}).get("class", "")
    reads_images = processor.endswith(("ImageProcessor", "DetectionProcessor"))
    return FIGURES / name / "input.png" if reads_images else None


def write_image(name: str) -> None:
    """Writes the first image of a model's golden input, without its padding."""
    from PIL import Image

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
