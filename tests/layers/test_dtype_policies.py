"""Every sublayer of a layer computes in the layer's own dtype policy."""

import pytest

from seqzoo import layers

WIDE, GRID = (None, 6, 8), (None, 4, 4, 8)
LSTM = layers.LSTMCell
# Constructor arguments of each layer, and the shapes to build it with. A cell is made
# by its class, because the caller chooses its policy.
LAYERS = {
    "Anchors": ((5, 8, 3), ()),
    "Attention": (("additive", 4), (WIDE, WIDE)),
    "Bidirectional": ((LSTM,), (WIDE,)),
    "CausalConv": ((4, 3), (WIDE,)),
    "DecoderBlock": ((2, 12), (WIDE, WIDE)),
    "DropPath": ((0.5,), (WIDE,)),
    "EncoderBlock": ((2, 12), (WIDE,)),
    "FeedForward": ((12,), (WIDE,)),
    "LayerNorm": ((1e-6,), (WIDE,)),
    "MultiDirectional2D": ((LSTM,), (GRID,)),
    "MultiHeadAttention": ((2,), (WIDE, WIDE, WIDE)),
    "PatchEmbedding": ((8, 2, "deep_conv"), (GRID,)),
    "PatchMerging": ((), (GRID,)),
    "PositionedDecoderBlock": ((2, 12), (WIDE, WIDE, WIDE, WIDE)),
    "PositionedEncoderBlock": ((2, 12), (WIDE, WIDE)),
    "Recurrent": ((LSTM,), (WIDE,)),
    "ResNet": (((1, 1), (8, 12), 4, "bottleneck", "layer"), (GRID,)),
    "SelfAttention": ((2,), (WIDE,)),
    "SpatialModulation": ((2,), (WIDE, (None, 6, 4), (None, 6, 2))),
    "SwinBlock": ((2, 12, 2, True), (GRID,)),
    "TemporalBlock": ((4, 3), (WIDE,)),
    "TemporalConvNet": (([4, 5],), (WIDE,)),
    "WindowAttention": ((2, 2), (GRID,)),
}


def public_layers():
    classes = [getattr(layers, name) for name in layers.__all__]
    return {
        cls.__name__
        for cls in classes
        if isinstance(cls, type) and not issubclass(cls, layers.Cell)
    }


def test_every_layer_is_listed():
    assert public_layers() == set(LAYERS)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_sublayers_have_the_policy_of_their_layer(name, policy):
    arguments, shapes = LAYERS[name]
    arguments = [LSTM(4, dtype=policy) if a is LSTM else a for a in arguments]
    layer = getattr(layers, name)(*arguments, dtype=policy)
    layer.build(*shapes)
    policies = {
        sublayer.path: sublayer.dtype_policy.name
        for sublayer in layer._flatten_layers()
    }
    assert set(policies.values()) == {policy}, policies
