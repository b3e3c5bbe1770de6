"""The transformer's parts beside those of Keras and PyTorch."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import DropPath, EncoderBlock, PatchEmbedding, SelfAttention

X = np.random.default_rng(0).normal(size=(2, 5, 12)).astype("float32")
MASK = np.array([[True] * 5, [True, True, True, False, False]])[:, None, None]


def numpy_of(x):
    return ops.convert_to_numpy(x)


def randomized(layer, *inputs):
    layer(*inputs)
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        if "seed" not in weight.path:
            weight.assign(rng.normal(size=weight.shape) * 0.3)
    return layer


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
def test_self_attention_is_that_of_keras(mask):
    ours = randomized(SelfAttention(3), X)
    theirs = keras.layers.MultiHeadAttention(3, 4)
    theirs(X, X)
    kernel, bias, output_kernel, output_bias = (numpy_of(w) for w in ours.weights)
    weights = []
    for part, part_bias in zip(
        np.split(kernel, 3, axis=1), np.split(bias, 3), strict=True
    ):
        weights += [part.reshape(12, 3, 4), part_bias.reshape(3, 4)]
    theirs.set_weights([*weights, output_kernel.reshape(3, 4, 12), output_bias])
    allowed = None if mask is None else np.broadcast_to(mask[:, 0], (2, 5, 5))
    expected, scores = theirs(
        X, X, attention_mask=allowed, return_attention_scores=True
    )
    outputs, found = ours(X, attention_mask=mask, return_weights=True)
    np.testing.assert_allclose(numpy_of(outputs), numpy_of(expected), atol=1e-5)
    np.testing.assert_allclose(numpy_of(found), numpy_of(scores), atol=1e-5)


@pytest.mark.parametrize("pre_norm", [True, False])
def test_an_encoder_block_is_that_of_pytorch(pre_norm):
    torch = pytest.importorskip("torch")
    ours = randomized(EncoderBlock(3, 20, pre_norm, "relu", epsilon=1e-5), X)
    theirs = torch.nn.TransformerEncoderLayer(
        12, 3, 20, dropout=0.0, batch_first=True, norm_first=pre_norm
    )
    parts = {
        "norm1": ours.attention_norm,
        "self_attn.in_proj": ours.attention.qkv,
        "self_attn.out_proj": ours.attention.output_layer,
        "norm2": ours.feed_forward_norm,
        "linear1": ours.feed_forward.hidden,
        "linear2": ours.feed_forward.output_layer,
    }
    state = {}
    for name, layer in parts.items():
        separator = "_" if name.endswith("in_proj") else "."
        for kind, weight in zip(("weight", "bias"), layer.weights, strict=True):
            state[name + separator + kind] = torch.tensor(numpy_of(weight).T.copy())
    theirs.load_state_dict(state)
    with torch.no_grad():
        expected = theirs(torch.tensor(X)).numpy()
    np.testing.assert_allclose(numpy_of(ours(X)), expected, atol=1e-5)


def test_a_query_that_may_attend_to_nothing_gets_no_weight():
    layer = SelfAttention(3)
    nothing = np.zeros((2, 1, 1, 5), bool)
    _, weights = layer(X, attention_mask=nothing, return_weights=True)
    assert not numpy_of(weights).any()


def test_a_block_may_have_a_dtype_of_its_own():
    block = EncoderBlock(3, 20, drop_path=0.5, dtype="bfloat16")
    outputs = block(X, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"


def test_heads_must_divide_the_features():
    with pytest.raises(ValueError, match="features=12, num_heads=5"):
        SelfAttention(5)(X)


def test_dropped_paths_are_whole_rows_and_keep_the_mean():
    layer = DropPath(0.25, seed=0)
    x = np.ones((4000, 2, 3), "float32")
    np.testing.assert_array_equal(numpy_of(layer(x)), x)
    rows = numpy_of(layer(x, training=True)).reshape(4000, -1)
    assert set(np.unique(rows.round(5))) == {0.0, np.float32(4 / 3).round(5)}
    assert (rows == rows[:, :1]).all()
    assert rows.mean() == pytest.approx(1, abs=0.03)


def test_a_patch_is_the_product_of_its_pixels():
    images = np.random.default_rng(2).normal(size=(2, 9, 8, 3)).astype("float32")
    layer = randomized(PatchEmbedding(7, 4), images)
    kernel, bias = (numpy_of(w) for w in layer.weights)
    found = numpy_of(layer(images))
    assert found.shape == (2, 2, 2, 7)  # the ninth row fills no patch
    pixels = images[1, 4:8, :4].reshape(-1)
    expected = pixels @ kernel.reshape(-1, 7) + bias
    np.testing.assert_allclose(found[1, 1, 0], expected, atol=1e-5)


def test_a_convolutional_stem_halves_until_the_patch_size():
    for stem, count in (("conv", 2), ("deep_conv", 4)):
        layer = PatchEmbedding(16, 4, stem)
        assert layer(np.ones((1, 12, 8, 3))).shape == (1, 3, 2, 16)
        assert len(layer.convolutions) == count
    with pytest.raises(ValueError, match="power of two"):
        PatchEmbedding(16, 6, "conv")
    with pytest.raises(ValueError, match="stem='cnv'"):
        PatchEmbedding(16, 4, "cnv")


@pytest.mark.parametrize("layer", [SelfAttention(2), EncoderBlock(2, 8)])
def test_a_sequence_of_unknown_length_is_traced(layer):
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, layer(inputs))
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    for steps in (5, 3):
        expected = ops.convert_to_numpy(layer(x[:, :steps]))
        found = model.predict(x[:, :steps], verbose=0)
        np.testing.assert_allclose(found, expected, atol=1e-5)
