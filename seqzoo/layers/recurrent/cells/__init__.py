"""Recurrent cells: each is its equations.

base.py        weights and Keras's cell protocol
elman.py       cells without gates
lstm.py        LSTM, with peepholes, with coupled gates
gru.py         GRU, with its reset before or after the product
layer_norm.py  LSTM and Elman cells with layer normalisation
phased.py      Phased LSTM, which reads the time of each step
zoneout.py     a wrapper with which units keep their old values at random
dropout.py     rates and masks of dropout
chrono.py      biases with which fresh gated cells remember
twins.py       configs of cells that share nothing but their arguments
checks.py      what layers accept as a cell
"""

from collections.abc import Sequence
from typing import Any

from seqzoo.layers.recurrent.cells.base import Cell
from seqzoo.layers.recurrent.cells.checks import checked_cell
from seqzoo.layers.recurrent.cells.dropout import checked_rate
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

# Cells whose only required argument is their units, by the names that configs use.
CELLS = {
    "elman": ElmanCell,
    "lstm": LSTMCell,
    "peephole_lstm": PeepholeLSTMCell,
    "coupled_lstm": CoupledLSTMCell,
    "gru": GRUCell,
    "layer_norm_lstm": LayerNormLSTMCell,
    "layer_norm_elman": LayerNormElmanCell,
}
# Cells that read the time of each step.
TIMED_CELLS = {"phased_lstm": PhasedLSTMCell}


def named_cell(
    name: str, units: int, zoneout: Sequence[float] = (), **options: Any
) -> Cell:
    """A cell by its name in `CELLS` or `TIMED_CELLS`.

    Args:
        name: Its name.
        units: Features of its states.
        zoneout: Rate of each state; () for no zoneout.
        **options: Further arguments of the cell. Those that are 0 are left out, since
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
    "checked_cell",
    "checked_rate",
    "named_cell",
]
