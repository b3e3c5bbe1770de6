"""What `seqzoo plot` draws: one function a kind of picture."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import seqzoo
from seqzoo import plot
from seqzoo.zoo import bundle_folder

# Steps back from the end of a row, closer where gradients change fastest.
LAGS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64)
ROW = LAGS[-1] + 2  # characters: those read, one more than the lags, and the next
MOST_ROWS = 64


class Subject:
    """The model to draw, by its name; loaded when it is first asked for.

    Args:
        name: As for `seqzoo.load`.
        model: The model itself, if it is loaded already.
    """

    def __init__(self, name: str, model: Any = None):
        self.name = name
        if model is not None:
            self.model = model

    @functools.cached_property
    def model(self) -> Any:
        """The trained model."""
        return seqzoo.load(self.name)

    def having(self, verb: str, wanted: str) -> Any:
        """The trained model, if it has the method that its picture needs.

        Raises:
            ValueError: If it has not; `wanted` says which models have what.
        """
        if not hasattr(self.model, verb):
            raise ValueError(
                f"Only {wanted} to draw. Received: {self.name}, a model for "
                f"{self.model.task}."
            )
        return self.model


def _alignment(
    subject: Subject, out: Path, text: str, *, beam_size: int = 5, pieces: bool = False
) -> Path:
    """Which source words each word of the translation is from."""
    model = subject.having("translate", "translations have an alignment")
    translation = model.translate(text, beam_size=beam_size, return_attention=True)
    return plot.plot_alignment(translation, out, pieces=pieces)


def _text(
    subject: Subject,
    out: Path,
    text: str,
    *,
    layer: int = -1,
    unit: int | None = None,
    top: int = 3,
) -> Path:
    """The text in the colours of one unit, with what was expected next."""
    model = subject.having("read", "recurrent text generators have units")
    return plot.plot_text(model.read(text, layer=layer, unit=unit, top=top), out)


def _gates(subject: Subject, out: Path, text: str, *, layer: int = -1) -> Path:
    """How far the gates of one layer open at each character."""
    from keras import ops

    model = subject.having("read", "recurrent text generators have gates")
    reading = model.read(text, layer=layer)  # checks the text and the layer
    traced = model.trace(model.processor.encode(text)[None])[layer]
    gates = {name: ops.convert_to_numpy(each)[0] for name, each in traced.items()}
    return plot.plot_gates(gates, out, labels=reading.characters)


def _gradients(subject: Subject, out: Path, text: str, *, layer: int = -1) -> Path:
    """How far back gradients reach, before the training and after it."""
    model = subject.having("read", "recurrent text generators have such gradients")
    token_ids = model.processor.encode(text)
    rows = min(len(token_ids) // ROW, MOST_ROWS)
    if not rows:
        raise ValueError(
            f"Gradients are followed {LAGS[-1]} steps back, so INPUT must have at "
            f"least {ROW} characters; more, up to {ROW * MOST_ROWS}, are averaged "
            f"over. Received: {len(token_ids)}."
        )
    import keras

    from seqzoo.tasks.gradients import gradient_norms

    keras.utils.set_random_seed(0)  # the same fresh weights in every picture
    models = {"at initialisation": seqzoo.build(subject.name), "trained": model}
    token_ids = np.reshape(token_ids[: rows * ROW], (rows, ROW))
    curves = {
        label: (LAGS, gradient_norms(each, token_ids, LAGS, layer))
        for label, each in models.items()
    }
    return plot.plot_gradients(curves, out)


def _attention(
    subject: Subject,
    out: Path,
    picture: str,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> Path:
    """Which parts of a picture the answer is made of, or what one layer looks at."""
    image = _read(picture)
    model = subject.having("attention_map", "vision transformers have such maps")
    images, _ = model.listed(image)
    from keras import ops

    pixels = model.processor.encode(images)
    weights = model.attention_map(pixels, layer=layer, head=head)
    weights = ops.convert_to_numpy(weights)[0]
    prediction = model.classify(image)
    source = "all layers" if layer is None else f"layer {layer}"
    return plot.plot_attention_map(
        image,
        weights,
        out,
        # Patches need not fill the image, nor the image the patches.
        region=model.processor.region(
            image.size, [side * model.config.patch_size for side in weights.shape]
        ),
        label=f"{prediction.label} {prediction.probability:.2f}",
        source=source if head is None else f"{source}, head {head}",
    )


def _detections(
    subject: Subject,
    out: Path,
    picture: str,
    *,
    threshold: float = 0.5,
    top: int = 4,
    layer: int = -1,
    head: int | None = None,
) -> Path:
    """What is in a picture, and where the best queries look."""
    image = _read(picture)
    model = subject.having("detect", "object detectors have boxes")
    found = model.detect(image, threshold=threshold)
    from keras import ops

    from seqzoo.ops.attention_maps import mean_or_head, one_layer
    from seqzoo.ops.boxes import boxes_xyxy

    inputs = model.processor.encode([image])
    # An object is its query's: nobody else has quite that box.
    boxes = ops.convert_to_numpy(boxes_xyxy(model(inputs)["boxes_cxcywh"]))[0]
    shares = found.boxes_xyxy[:top] / np.tile(image.size, 2)
    queries = np.abs(boxes - shares[:, None]).sum(-1).argmin(-1)
    maps = model.attention(inputs)
    weights = mean_or_head(maps[one_layer(layer, len(maps))], head)
    weights = ops.convert_to_numpy(weights)[0, queries]
    return plot.plot_detections(image, found, out, attention=weights)


def _read(picture: str) -> Any:
    """The picture of a path, before the seconds that a model takes to load."""
    from seqzoo.processors.base import read_image

    return read_image(picture)


def _training(subject: Subject, out: Path) -> Path:
    """The curves of the model's own training."""
    name = subject.name
    if name.startswith("hf:"):
        raise ValueError(
            "The log of a training is read from the zoo or a folder, not from a Hub "
            f"repository. Received: {name}."
        )
    seqzoo.info(name)  # an unknown name fails here, and says which are near it
    is_folder = name.startswith((".", "/", "~"))
    folder = Path(name).expanduser() if is_folder else bundle_folder() / name
    log = folder / "train_log.csv"
    if not log.is_file():
        raise FileNotFoundError(
            f"There is no {log}, which training writes. Train the model by its recipe."
        )
    return plot.plot_training(log, out)


KINDS: dict[str, Callable[..., Path]] = {
    "alignment": _alignment,
    "text": _text,
    "gates": _gates,
    "gradients": _gradients,
    "attention": _attention,
    "detections": _detections,
    "training": _training,
}
# What a kind reads: the name of its function's argument, and what it is.
INPUTS = {"text": "a text", "picture": "the path of a picture"}
# Without --kind; the picture of any other task, or of pictures unseen, is its training.
KIND_OF_TASK = {
    "image-classification": "attention",
    "object-detection": "detections",
    "text-generation": "text",
    "translation": "alignment",
}


def draw(
    name: str, text: str | None, out: Path, kind: str | None, options: Mapping[str, Any]
) -> Path:
    """Draws a picture of a model and returns the path of its file.

    Args:
        name: As for `seqzoo.load`.
        text: What the model is to read, or the path of it; None for a kind that reads
            nothing.
        out: The file to write.
        kind: One of `KINDS`; None for that of the model's task.
        options: What the command line says, by name; None where it says nothing.

    Raises:
        ValueError: If the kind is unknown, the text is missing or not wanted, or an
            option is not for the kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"--kind must be one of {', '.join(KINDS)}. Received: {kind}.")
    # Before the seconds that a model takes to load.
    plot.checked_path(out, html=kind in (None, "text"))
    subject = Subject(name)
    if kind is None:
        # What reads a text needs the model anyway; else its record is enough.
        task = (seqzoo.info(name) if text is None else subject.model).task
        kind = KIND_OF_TASK.get(task, "training")
        if text is None and "picture" in inspect.signature(KINDS[kind]).parameters:
            kind = "training"
    picture = KINDS[kind]
    known = inspect.signature(picture).parameters
    given = {option: value for option, value in options.items() if value is not None}
    for option in given:
        if option not in known:
            raise ValueError(
                f"--{option.replace('_', '-')} is not for --kind {kind}. Leave it out."
            )
    wanted = [what for argument, what in INPUTS.items() if argument in known]
    if not wanted:
        if text is not None:
            raise ValueError(f"--kind {kind} reads no INPUT. Leave it out.")
        return picture(subject, out)
    if text is None:
        raise ValueError(
            f"--kind {kind} needs an INPUT, {wanted[0]} for {name} to read."
        )
    return picture(subject, out, text, **given)
