"""Layers with weights and no task: one concept a file."""

from seqzoo.layers.anchors import Anchors
from seqzoo.layers.attention import Attention
from seqzoo.layers.bidirectional import Bidirectional
from seqzoo.layers.causal_conv import CausalConv
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
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.layers.modulation import SpatialModulation
from seqzoo.layers.multi_directional import MultiDirectional2D
from seqzoo.layers.multi_head_attention import MultiHeadAttention
from seqzoo.layers.patches import PatchEmbedding
from seqzoo.layers.positioned import PositionedDecoderBlock, PositionedEncoderBlock
from seqzoo.layers.recurrent import Recurrent
from seqzoo.layers.resnet import ResNet
from seqzoo.layers.temporal_conv import TemporalBlock, TemporalConvNet
from seqzoo.layers.transformer import EncoderBlock, FeedForward, SelfAttention
from seqzoo.layers.windows import PatchMerging, SwinBlock, WindowAttention

__all__ = [
    "CELLS",
    "TIMED_CELLS",
    "Anchors",
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
    "LayerNorm",
    "LayerNormElmanCell",
    "LayerNormLSTMCell",
    "LeakyCell",
    "MultiDirectional2D",
    "MultiHeadAttention",
    "OutputRecurrentCell",
    "PatchEmbedding",
    "PatchMerging",
    "PeepholeLSTMCell",
    "PhasedLSTMCell",
    "PositionedDecoderBlock",
    "PositionedEncoderBlock",
    "Recurrent",
    "ResNet",
    "SelfAttention",
    "SkipCell",
    "SpatialModulation",
    "SwinBlock",
    "TemporalBlock",
    "TemporalConvNet",
    "WindowAttention",
    "ZoneoutCell",
    "named_cell",
]
