"""What `seqzoo plot` draws of a model: one function for each kind of figure."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import seqzoo
from seqzoo import plot
from seqzoo.hub.names import is_hub, local_folder
from seqzoo.processors.image_input import read_image

# Steps back from the end of a row, closer where gradients change fastest.
LAGS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 56, 64)
# Characters: the model reads one more than the greatest lag, and predicts one more.
ROW = LAGS[-1] + 2
MOST_ROWS = 64


def draw_alignment(
    model: Any,
    text: str,
    out: Path,
    *,
    beam_size: int | None = None,
    pieces: bool = False,
) -> Path:
    """Which source words each word of the translation comes from.

    Args:
        model: A translator with attention.
        text: The text to translate.
        out: The file to write.
        beam_size: Hypotheses kept at each step. Default: as for `seqzoo run`.
        pieces: Draw sub-word pieces, not words.
    """
    require(model, "translate", "translations have an alignment")
    options = {} if beam_size is None else {"beam_size": beam_size}
    translation = model.translate(text, return_attention=True, **options)
    return plot.plot_alignment(translation, out, pieces=pieces)


def draw_text(
    model: Any,
    text: str,
    out: Path,
    *,
    layer: int = -1,
    unit: int | None = None,
    top: int | None = None,
) -> Path:
    """The text in the colours of one unit, with the expected next characters.

    Args:
        model: A recurrent text generator or classifier.
        text: The text to read.
        out: The file to write.
        layer: Layer index, from 0. Default: the last layer.
        unit: Unit index, from 0. Default: the unit whose activation varies most.
        top: Number of expected next characters. Default: 3; a classifier has none.
    """
    require(model, "read", "recurrent models of texts have units")
    options: dict[str, Any] = {"layer": layer, "unit": unit}
    if top is not None:
        require(model, "generate", "text generators have expected characters")
        options["top"] = top
    return plot.plot_text(model.read(text, **options), out)


def draw_gates(model: Any, text: str, out: Path, *, layer: int = -1) -> Path:
    """How far the gates of one layer open at each character.

    Args:
        model: A recurrent text generator.
        text: The text to read.
        out: The file to write.
        layer: Layer index, from 0. Default: the last layer.
    """
    from keras import ops

    require(model, "generate", "recurrent text generators have gates")
    require(model, "read", "recurrent text generators have gates")
    characters = model.read(text, layer=layer).characters  # checks text and layer
    gates = model.trace(model.processor.encode(text)[None])[layer]
    gates = {gate: ops.convert_to_numpy(values)[0] for gate, values in gates.items()}
    return plot.plot_gates(gates, out, labels=characters)


def draw_gradients(model: Any, text: str, out: Path, *, layer: int = -1) -> Path:
    """How far back in time gradients reach, before the training and after it.

    Args:
        model: A recurrent text generator.
        text: The text to read.
        out: The file to write.
        layer: Layer index, from 0. Default: the last layer.
    """
    require(model, "generate", "recurrent text generators have such gradients")
    require(model, "read", "recurrent text generators have such gradients")
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

    keras.utils.set_random_seed(0)  # the same fresh weights in every figure
    models = {"at initialisation": type(model)(model.config), "trained": model}
    token_ids = np.reshape(token_ids[: rows * ROW], (rows, ROW))
    curves = {
        label: (LAGS, gradient_norms(model, token_ids, LAGS, layer))
        for label, model in models.items()
    }
    return plot.plot_gradients(curves, out)


def draw_attention(
    model: Any,
    image: Any,
    out: Path,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> Path:
    """Which parts of an image the model attends to, in all layers or in one.

    Args:
        model: A vision transformer that classifies images.
        image: A path, a `PIL.Image` or an array.
        out: The file to write.
        layer: Layer index, from 0. Default: rollout over all layers.
        head: Head index in the layer, from 0. Default: the mean over all heads.
    """
    from keras import ops

    require(model, "attention_map", "vision transformers have such maps")
    image = model.processor.prepared(image)  # a drawn digit is shown as it is read
    pixels = model.processor.encode([image])
    weights = model.attention_map(pixels, layer=layer, head=head)
    weights = ops.convert_to_numpy(weights)[0]  # (rows, columns) of patches
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


def draw_heads(
    model: Any,
    text: str,
    out: Path,
    *,
    layer: int = -1,
    head: int | None = None,
    part: str | None = None,
) -> Path:
    """Which tokens of a text each head of a transformer attends to.

    Args:
        model: A transformer that reads texts.
        text: The text to read, or to translate.
        out: The file to write.
        layer: Layer index, from 0. Default: the last layer.
        head: Head index in the layer, from 0. Default: all heads.
        part: The attention of a translator: cross (target to source), encoder or
            decoder. Default: cross.
    """
    require(model, "read_attention", "transformers that read texts have such heads")
    options = {} if part is None else {"part": part}
    if options and "part" not in inspect.signature(model.read_attention).parameters:
        raise ValueError(
            f"--part is for translators. Received: a {type(model).__name__}, which has "
            "one kind of attention. Leave it out."
        )
    attention = model.read_attention(text, **options)
    return plot.plot_heads(attention, out, layer=layer, head=head)


def draw_detections(
    model: Any,
    image: Any,
    out: Path,
    *,
    threshold: float | None = None,
    top: int = 4,
    layer: int = -1,
    head: int | None = None,
) -> Path:
    """The objects in an image, and where the queries of the best ones attend.

    Args:
        model: An object detector.
        image: A path, a `PIL.Image` or an array.
        out: The file to write.
        threshold: Lowest score of a drawn object, from 0 to 1. Default: as for
            `seqzoo run`.
        top: Number of objects whose attention is drawn.
        layer: Layer index, from 0. Default: the last layer.
        head: Head index in the layer, from 0. Default: the mean over all heads.
    """
    from keras import ops

    from seqzoo.ops.attention_maps import mean_or_head, one_layer
    from seqzoo.ops.boxes import boxes_xyxy

    require(model, "detect", "object detectors have boxes")
    image = read_image(image)
    if top < 1:
        raise ValueError(f"`top` must be at least 1. Received: {top}.")
    options = {} if threshold is None else {"threshold": threshold}
    detections = model.detect(image, **options)
    inputs = model.processor.encode([image])
    # No two queries give exactly the same box, so an object's box names its query.
    boxes = ops.convert_to_numpy(boxes_xyxy(model(inputs)["boxes_cxcywh"]))[0].clip(
        0, 1
    )
    relative = detections.boxes_xyxy[:top] / np.tile(image.size, 2)
    # (objects, 1, 4) - (queries, 4) -> (objects, queries)
    queries = np.abs(boxes - relative[:, None]).sum(-1).argmin(-1)
    maps = model.attention(inputs)
    weights = mean_or_head(maps[one_layer(layer, len(maps))], head)
    weights = ops.convert_to_numpy(weights)[0, queries]
    return plot.plot_detections(image, detections, out, attention=weights)


def draw_hops(model: Any, text: str, out: Path, *, question: int = -1) -> Path:
    """Which sentences of a story each hop attends to.

    Args:
        model: A question answerer.
        text: The story and its questions, or the path of a file of them.
        out: The file to write.
        question: Index of the question, from 0. Default: the last one.
    """
    require(model, "answer", "question answerers have hops")
    exchanges = model.processor.exchanges(text)
    if not -len(exchanges) <= question < len(exchanges):
        raise ValueError(
            f"`question` must be from 0 to {len(exchanges) - 1}. Received: {question}."
        )
    story, asked = exchanges[question]
    answer = model.answer(story, asked, return_attention=True)
    return plot.plot_hops(answer, out)


def draw_training(name: str, out: Path) -> Path:
    """The curves of the model's own training.

    Args:
        name: A name of the zoo, or a folder.
        out: The file to write.
    """
    if is_hub(name):
        raise ValueError(
            "The log of a training is read from the zoo or a folder, not from a Hub "
            f"repository. Received: {name}."
        )
    log = local_folder(name) / "train_log.csv"
    if not log.is_file():
        raise FileNotFoundError(
            f"There is no {log}, which training writes. Train the model by its recipe."
        )
    return plot.plot_training(log, out)


KINDS: dict[str, Callable[..., Path]] = {
    "alignment": draw_alignment,
    "text": draw_text,
    "gates": draw_gates,
    "gradients": draw_gradients,
    "attention": draw_attention,
    "heads": draw_heads,
    "detections": draw_detections,
    "hops": draw_hops,
    "training": draw_training,
}
# What a kind reads, by the name of its function's argument.
INPUTS = {"text": "a text", "image": "the path of an image"}


def require(model: Any, method: str, reason: str) -> None:
    """Refuses a model without the method that its figure needs.

    Args:
        model: The model to draw.
        method: Name of the method.
        reason: Which models have it, as it follows "Only".

    Raises:
        ValueError: If the model does not have it.
    """
    if not hasattr(model, method):
        raise ValueError(
            f"Only {reason} to draw. Received: a {type(model).__name__}, a model for "
            f"{model.task}."
        )


def draw(
    name: str,
    given: str | None,
    out: Path,
    kind: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Path:
    """Draws a figure of a model and returns the path of its file.

    Args:
        name: As for `seqzoo.load`.
        given: The text, or the path of the image, that the model reads; None for a
            kind that reads nothing.
        out: The file to write.
        kind: One of `KINDS`. Default: the figure of the model's task, or the training
            if that figure needs an image and none is given.
        options: Arguments of the kind's function.

    Raises:
        ValueError: If the kind is unknown, the input is missing or not wanted, or an
            option is not for the kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"--kind must be one of {', '.join(KINDS)}. Received: {kind}.")
    # What can be refused is refused before the seconds that a model takes to load.
    plot.checked_path(out, html=kind in (None, "text"))
    load = functools.cache(lambda: seqzoo.load(name))
    if kind is None:
        from seqzoo.tasks import TASKS

        # A figure of a text needs the model anyway; for others its record is enough.
        if given is None:
            task = TASKS.get(seqzoo.info(name).task)
            kind = task.figure if task else "training"
        else:
            kind = load().figure
        if given is None and "image" in inspect.signature(KINDS[kind]).parameters:
            kind = "training"
    parameters = inspect.signature(KINDS[kind]).parameters
    for option in options or {}:
        if option not in parameters:
            raise ValueError(
                f"--{option.replace('_', '-')} is not for --kind {kind}. Leave it out."
            )
    wanted = [what for argument, what in INPUTS.items() if argument in parameters]
    if not wanted:
        if given is not None:
            raise ValueError(f"--kind {kind} reads no INPUT. Leave it out.")
        return KINDS[kind](name, out)
    if given is None:
        raise ValueError(
            f"--kind {kind} needs an INPUT, {wanted[0]} for {name} to read."
        )
    read: Any = given
    if "image" in parameters:
        read = read_image(given)
    return KINDS[kind](load(), read, out, **(options or {}))
