"""Checks that a layer gets a `Cell`; the error names the replacement."""

from typing import Any

import keras

from seqzoo.layers.recurrent.cells.base import Cell

_OURS = {"SimpleRNNCell": "ElmanCell", "LSTMCell": "LSTMCell", "GRUCell": "GRUCell"}


def checked_cell(cell: Any, name: str) -> Cell:
    """`cell` itself.

    Args:
        cell: What a layer got.
        name: Name of the argument.

    Raises:
        ValueError: If it is no `Cell`. It says what to give instead.
    """
    if isinstance(cell, Cell):
        return cell
    raise ValueError(
        f"`{name}` must be a seqzoo.layers.Cell, such as LSTMCell(64). "
        f"{_advice(cell)} Received: {name}={cell!r}"
    )


def _advice(cell: Any) -> str:
    if isinstance(cell, list | tuple | keras.layers.StackedRNNCells):
        return (
            "Instead of a list of cells, stack layers: Recurrent(cell, "
            "return_sequences=True) below Recurrent(another_cell). "
            "keras.layers.RNN(cells) runs a list."
        )
    if isinstance(getattr(cell, "cell", None), Cell):
        return "Give the cell itself, not the layer around it."
    ours = _OURS.get(type(cell).__name__)
    if ours and isinstance(cell, keras.layers.Layer):
        return f"Instead of Keras's cell, give seqzoo.layers.{ours}."
    return "keras.layers.RNN runs other cells."
