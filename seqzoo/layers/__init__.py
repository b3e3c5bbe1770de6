"""Layers with weights and no task.

The wings `recurrent`, `attention`, `convolution` and `detr` list their files; this
package exports their public layers.
"""

from seqzoo.layers.attention.decoder import DecoderBlock
from seqzoo.layers.attention.feed_forward import FeedForward
from seqzoo.layers.attention.multi_head import MultiHeadAttention
from seqzoo.layers.attention.scores import Attention
from seqzoo.layers.attention.transformer import EncoderBlock, SelfAttention
from seqzoo.layers.attention.windows import PatchMerging, SwinBlock, WindowAttention
from seqzoo.layers.convolution.causal import CausalConv
from seqzoo.layers.convolution.resnet import ResNet
from seqzoo.layers.convolution.stems import PatchEmbedding
from seqzoo.layers.convolution.temporal import TemporalBlock, TemporalConvNet
from seqzoo.layers.detr.anchors import Anchors
from seqzoo.layers.detr.blocks import PositionedDecoderBlock, PositionedEncoderBlock
from seqzoo.layers.detr.smca import SpatialModulation
from seqzoo.layers.drop_path import DropPath
from seqzoo.layers.layer_norm import LayerNorm
from seqzoo.layers.recurrent.bidirectional import Bidirectional
from seqzoo.layers.recurrent.cells import (
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
from seqzoo.layers.recurrent.multi_directional import MultiDirectional2D
from seqzoo.layers.recurrent.recurrent import Recurrent

__all__ = [
    "CELLS",
    "TIMED_CELLS",
    "Anchors",
    "Attention",
    "Bidirectional",
    "CausalConv",
    "Cell",
    "CoupledLSTMCell",
    "DecoderBlock",
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
