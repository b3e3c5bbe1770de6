"""The activation of one unit of a recurrent model over a text, and its predictions.

Letters in comments: T steps, U units, V tokens of the vocabulary.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.types import Array


@dataclass(frozen=True)
class UnitTrace:
    """One unit's activation, and the model's predictions, at each step of a text.

    A classifier predicts no next tokens, so its `top` has none.

    Attributes:
        characters: The tokens of the T steps, as the model read them.
        layer: Index of the unit's layer, from 0.
        unit: Index of the unit in its layer.
        quantity: The quantity in `activations`, "tanh(c)" or "h".
        activations: Float array `(T,)`, each after its token.
        top: The k most probable next tokens of each step, the most probable first.
        probabilities: Float array `(T, k)`, those of `top`.
    """

    characters: tuple[str, ...]
    layer: int
    unit: int
    quantity: str
    activations: Array
    top: tuple[tuple[str, ...], ...]
    probabilities: Array


def trace_unit(
    model: Any, text: str, layer: int, unit: int | None, top: int
) -> UnitTrace:
    """Computes the `UnitTrace` of a `RecurrentLM`; see its method `read`."""
    layers, c = len(model.recurrent), model.config
    _check_range("layer", layer, -layers, layers)
    _check_range("unit", 0 if unit is None else unit, 0, c.units)
    _check_range("top", top, 1, c.vocab_size + 1)
    token_ids = model._encoded(text, 1)
    traces = model.trace(token_ids[None])
    output = model.recurrent[layer].cell.state_names[0]
    quantity, activations = output, traces[layer][output]
    if "c" in traces[layer]:
        quantity, activations = "tanh(c)", ops.tanh(traces[layer]["c"])
    activations = ops.convert_to_numpy(activations)[0].astype("float32")  # (T, U)
    if unit is None:
        unit = int(activations.var(axis=0).argmax())
    logits = model.logits(traces[-1][model.recurrent[-1].cell.state_names[0]])
    probabilities = ops.softmax(ops.cast(logits, "float32"), axis=-1)
    probabilities = ops.convert_to_numpy(probabilities)[0]  # (T, V)
    best = np.argsort(-probabilities, axis=-1, kind="stable")[:, :top]
    return UnitTrace(
        tuple(model.processor.decode([i]) for i in token_ids),
        layer % layers,
        unit,
        quantity,
        activations[:, unit],
        tuple(tuple(model.processor.decode([i]) for i in row) for row in best),
        np.take_along_axis(probabilities, best, axis=-1),
    )


def trace_reader(model: Any, text: str, layer: int, unit: int | None) -> UnitTrace:
    """Computes the `UnitTrace` of a `RecurrentTextClassifier`; see its `read`."""
    layers, units = len(model.recurrent), 2 * model.config.units
    _check_range("layer", layer, -layers, layers)
    _check_range("unit", 0 if unit is None else unit, 0, units)
    (token_ids,) = model.require_processor().encode_ids([text])
    if not token_ids:
        raise ValueError("The text is empty. Give one with a word.")
    sides = model.trace(np.array([token_ids], "int32"))[layer % layers]
    name = model.recurrent[layer].forward_layer.cell.state_names[0]
    quantity, values = name, [side[name] for side in sides.values()]
    if all("c" in side for side in sides.values()):
        quantity, values = "tanh(c)", [ops.tanh(side["c"]) for side in sides.values()]
    activations = ops.convert_to_numpy(ops.concatenate(values, -1))[0]  # (T, 2U)
    if unit is None:
        unit = _decisive_unit(model, activations, layer % layers == layers - 1)
    pieces = (model.processor.piece(token_id) for token_id in token_ids)
    return UnitTrace(
        tuple(pieces),
        layer % layers,
        unit,
        quantity,
        activations[:, unit].astype("float32"),
        ((),) * len(token_ids),
        np.zeros((len(token_ids), 0), "float32"),
    )


def _decisive_unit(model: Any, activations: Array, is_last: bool) -> int:
    """The forward unit of the largest variance, times its weight in the last layer."""
    units = model.config.units
    spread = activations[:, :units].std(axis=0)
    if is_last:
        kernel = ops.convert_to_numpy(model.logits.kernel)
        mean_and_max = kernel.reshape(2, 2 * units, -1)[:, :units].sum(axis=0)
        spread = spread * mean_and_max.std(axis=-1)  # between the classes
    return int(spread.argmax())


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value < high:
        raise ValueError(
            f"`{name}` must be in [{low}, {high}). Received: {name}={value}"
        )
