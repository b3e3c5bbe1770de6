"""Layers with weights and no task: one concept a file."""

from seqzoo.layers.attention import Attention
from seqzoo.layers.bidirectional import Bidirectional
from seqzoo.layers.cells import Cell, ElmanCell, GRUCell, LSTMCell
from seqzoo.layers.recurrent import Recurrent

__all__ = [
    "Attention",
    "Bidirectional",
    "Cell",
    "ElmanCell",
    "GRUCell",
    "LSTMCell",
    "Recurrent",
]
