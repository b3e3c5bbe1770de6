"""Recurrent cells: each is its equations, and nothing else."""

from collections.abc import Sequence
from typing import Any

from seqzoo.layers.recurrent.cells.base import Cell, checked_rate, serialized
from seqzoo.layers.recurrent.cells.elman import (
    ElmanCell,
    LeakyCell,
    OutputRecurrentCell,
    SkipCell,
)
from seqzoo.layers.recurrent.cells.gru import GRUCell
from seqzoo.layers.recurrent.cells.layer_norm import (
    LayerNormElmanCell,
    LayerNormLSTMCell,
)
from seqzoo.layers.recurrent.cells.lstm import (
    CoupledLSTMCell,
    LSTMCell,
    PeepholeLSTMCell,
)
from seqzoo.layers.recurrent.cells.phased import PhasedLSTMCell
from seqzoo.layers.recurrent.cells.zoneout import ZoneoutCell

# Cells that need no more than their units, by the names that configs use.
CELLS = {
    "elman": ElmanCell,
    "lstm": LSTMCell,
    "peephole_lstm": PeepholeLSTMCell,
    "coupled_lstm": CoupledLSTMCell,
    "gru": GRUCell,
    "layer_norm_lstm": LayerNormLSTMCell,
    "layer_norm_elman": LayerNormElmanCell,
}
# Cells that read when each step took place.
TIMED_CELLS = {"phased_lstm": PhasedLSTMCell}


def named_cell(
    name: str, units: int, zoneout: Sequence[float] = (), **options: Any
) -> Cell:
    """A cell by its name in `CELLS` or `TIMED_CELLS`.

    Args:
        name: Its name.
        units: Features of its states.
        zoneout: Rate of each state; none leaves the cell as it is.
        **options: More of the cell's arguments; those that are 0 are left out, since
            not every cell has them.
    """
    options = {key: value for key, value in options.items() if value}
    cell = {**CELLS, **TIMED_CELLS}[name](units, **options)
    return ZoneoutCell(cell, tuple(zoneout)) if zoneout else cell


__all__ = [
    "CELLS",
    "TIMED_CELLS",
    "Cell",
    "CoupledLSTMCell",
    "ElmanCell",
    "GRUCell",
    "LSTMCell",
    "LayerNormElmanCell",
    "LayerNormLSTMCell",
    "LeakyCell",
    "OutputRecurrentCell",
    "PeepholeLSTMCell",
    "PhasedLSTMCell",
    "SkipCell",
    "ZoneoutCell",
    "checked_rate",
    "named_cell",
    "serialized",
]
