"""Recurrent cells: each is its equations, and nothing else."""

from seqzoo.layers.cells.base import Cell, checked_rate, serialized
from seqzoo.layers.cells.elman import (
    ElmanCell,
    LeakyCell,
    OutputRecurrentCell,
    SkipCell,
)
from seqzoo.layers.cells.gru import GRUCell
from seqzoo.layers.cells.layer_norm import LayerNormElmanCell, LayerNormLSTMCell
from seqzoo.layers.cells.lstm import CoupledLSTMCell, LSTMCell, PeepholeLSTMCell
from seqzoo.layers.cells.phased import PhasedLSTMCell
from seqzoo.layers.cells.zoneout import ZoneoutCell

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

__all__ = [
    "CELLS",
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
    "serialized",
]
