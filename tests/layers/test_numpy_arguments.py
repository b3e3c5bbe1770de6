"""NumPy's numbers are numbers, in every size of every layer."""

import json

import keras
import numpy as np
import pytest

from seqzoo import layers

three = np.int64(3)
LAYERS = {
    "Anchors": lambda: layers.Anchors(three, three, three),
    "Attention": lambda: layers.Attention("additive", units=three),
    "Attention by location": lambda: layers.Attention("location", max_steps=three),
    "CausalConv": lambda: layers.CausalConv(three, three, three),
    "EncoderBlock": lambda: layers.EncoderBlock(three, three),
    "LSTMCell": lambda: layers.LSTMCell(three, update_dropout=np.float32(0.5)),
    "MultiHeadAttention": lambda: layers.MultiHeadAttention(three),
    "OutputRecurrentCell": lambda: layers.OutputRecurrentCell(three, outputs=three),
    "PatchEmbedding": lambda: layers.PatchEmbedding(three, three),
    "PhasedLSTMCell": lambda: layers.PhasedLSTMCell(
        three, period_range=np.array([1.0, 9.0])
    ),
    "SkipCell": lambda: layers.SkipCell(three, delay=three),
    "SpatialModulation": lambda: layers.SpatialModulation(three),
    "SwinBlock": lambda: layers.SwinBlock(three, three, three),
    "TemporalConvNet": lambda: layers.TemporalConvNet(np.array([3, 3]), three),
    "ZoneoutCell": lambda: layers.ZoneoutCell(
        layers.GRUCell(three), np.float32(0.1), seed=three
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_sizes_may_be_integers_of_numpy(name):
    layer = LAYERS[name]()
    if isinstance(layer, layers.Cell | layers.CausalConv | layers.TemporalConvNet):
        json.dumps(layer.get_config())


@pytest.mark.parametrize("size", [0, -1, 2.0, "4", True, None])
def test_other_sizes_are_refused_in_words(size):
    for make in (layers.GRUCell, layers.SelfAttention, layers.FeedForward):
        with pytest.raises(ValueError, match="must be a positive integer"):
            make(size)


@pytest.mark.parametrize(
    "options", [{"axis": 1}, {"axis": [1, 2]}, {"center": False}, {"scale": False}]
)
def test_layer_norm_of_another_axis_is_that_of_keras(options):
    if keras.backend.backend() == "torch" and options == {"axis": 1}:
        pytest.skip("Keras's own layer fails there on PyTorch")
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    ours = layers.LayerNorm(1e-5, **options)
    theirs = keras.layers.LayerNormalization(epsilon=1e-5, **options)
    np.testing.assert_allclose(
        *(keras.ops.convert_to_numpy(layer(x)) for layer in (ours, theirs)), atol=1e-6
    )


def test_vision_layers_have_channels_last_whatever_keras_default():
    images = np.ones((1, 8, 8, 3), "float32")
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        shapes = [
            tuple(layer(images).shape)
            for layer in (
                layers.PatchEmbedding(8, 4),
                layers.PatchEmbedding(8, 4, "deep_conv"),
                layers.ResNet((1,), (8,), 4),
            )
        ]
    finally:
        keras.config.set_image_data_format(before)
    assert shapes == [(1, 2, 2, 8)] * 3
