"""Layers with weights and no task: one concept a file."""

from seqzoo.layers.attention import Attention
from seqzoo.layers.bidirectional import Bidirectional
from seqzoo.layers.cells import (
    CELLS,
    TIMED_CELLS,
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
    named_cell,
)
from seqzoo.layers.drop_path import DropPath
from seqzoo.layers.multi_directional import MultiDirectional2D
from seqzoo.layers.patches import PatchEmbedding
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.temporal_conv import CausalConv, TemporalBlock, TemporalConvNet
from seqzoo.layers.transformer import EncoderBlock, FeedForward, SelfAttention

__all__ = [
    "CELLS",
    "TIMED_CELLS",
    "Attention",
    "Bidirectional",
    "CausalConv",
    "Cell",
    "CoupledLSTMCell",
    "DropPath",
    "ElmanCell",
    "EncoderBlock",
    "FeedForward",
    "GRUCell",
    "LSTMCell",
    "LayerNormElmanCell",
    "LayerNormLSTMCell",
    "LeakyCell",
    "MultiDirectional2D",
    "OutputRecurrentCell",
    "PatchEmbedding",
    "PeepholeLSTMCell",
    "PhasedLSTMCell",
    "Recurrent",
    "SelfAttention",
    "SkipCell",
    "TemporalBlock",
    "TemporalConvNet",
    "ZoneoutCell",
    "named_cell",
]
