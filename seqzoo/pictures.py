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
    """The model to draw, by its name; loaded when it is first asked for."""

    def __init__(self, name: str):
        self.name = name

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
    "training": _training,
}
# Without --kind; the picture of any other task is its training.
KIND_OF_TASK = {"translation": "alignment", "text-generation": "text"}


def draw(
    name: str, text: str | None, out: Path, kind: str | None, options: Mapping[str, Any]
) -> Path:
    """Draws a picture of a model and returns the path of its file.

    Args:
        name: As for `seqzoo.load`.
        text: What the model is to read; None for a kind that reads nothing.
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
    picture = KINDS[kind]
    known = inspect.signature(picture).parameters
    given = {option: value for option, value in options.items() if value is not None}
    for option in given:
        if option not in known:
            raise ValueError(
                f"--{option.replace('_', '-')} is not for --kind {kind}. Leave it out."
            )
    if "text" not in known:
        if text is not None:
            raise ValueError(f"--kind {kind} reads no INPUT. Leave it out.")
        return picture(subject, out)
    if text is None:
        raise ValueError(f"--kind {kind} needs an INPUT, a text for {name} to read.")
    return picture(subject, out, text, **given)
