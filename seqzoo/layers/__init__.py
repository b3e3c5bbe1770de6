"""Layers with weights and no task: one concept a file."""

from seqzoo.layers.attention import Attention
from seqzoo.layers.bidirectional import Bidirectional
from seqzoo.layers.cells import (
    CELLS,
    Cell,
    CoupledLSTMCell,
    ElmanCell,
    GRUCell,
    LayerNormElmanCell,
    LayerNormLSTMCell,
    LeakyCell,
    LSTMCell,
    OutputRecurrentCell,
    PeepholeLSTMCell,
    PhasedLSTMCell,
    SkipCell,
    ZoneoutCell,
)
from seqzoo.layers.recurrent import Recurrent

__all__ = [
    "CELLS",
    "Attention",
    "Bidirectional",
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
    "Recurrent",
    "SkipCell",
    "ZoneoutCell",
]
