"""Layers with weights and no task: one concept a file."""

from seqzoo.layers.attention import Attention
from seqzoo.layers.bidirectional import Bidirectional
from seqzoo.layers.cell import Cell
from seqzoo.layers.cells import ElmanCell, GRUCell, LSTMCell
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
