"""The decoder block beside PyTorch's, rotary positions, and masks of embeddings."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import layers
from seqzoo.ops.attention import causal_mask
from seqzoo.ops.positions import rotated, sinusoids

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 5, 12)).astype("float32")
MEMORY = RNG.normal(size=(2, 4, 12)).astype("float32")
MEMORY_MASK = np.array([[True] * 4, [True, True, False, False]])
MASK = np.array([[True] * 5, [True, True, True, False, False]])


def numpy_of(x):
    return ops.convert_to_numpy(x)


def randomized(layer, *inputs):
    layer(*inputs)
    rng = np.random.default_rng(1)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.3)
    return layer


@pytest.mark.parametrize("pre_norm", [True, False])
def test_a_decoder_block_is_that_of_pytorch(pre_norm):
    torch = pytest.importorskip("torch")
    ours = randomized(layers.DecoderBlock(3, 20, pre_norm), X, MEMORY)
    theirs = torch.nn.TransformerDecoderLayer(
        12, 3, 20, dropout=0.0, batch_first=True, norm_first=pre_norm
    )
    cross = ours.cross_attention
    parts = {
        "self_attn.in_proj_": ours.self_attention.qkv,
        "self_attn.out_proj.": ours.self_attention.output_layer,
        "multihead_attn.out_proj.": cross.output_layer,
        "norm1.": ours.self_attention_norm,
        "norm2.": ours.cross_attention_norm,
        "norm3.": ours.feed_forward_norm,
        "linear1.": ours.feed_forward.hidden,
        "linear2.": ours.feed_forward.output_layer,
    }
    arrays = {key: part.weights for key, part in parts.items()}
    three = [cross.query, cross.key, cross.value]
    arrays["multihead_attn.in_proj_"] = [
        np.concatenate([numpy_of(layer.weights[i]) for layer in three], axis=-1)
        for i in (0, 1)
    ]
    state = {}
    for key, (weight, bias) in arrays.items():
        state[f"{key}weight"] = torch.tensor(numpy_of(weight).T.copy())
        state[f"{key}bias"] = torch.tensor(numpy_of(bias))
    theirs.load_state_dict(state)
    expected = theirs(
        torch.tensor(X),
        torch.tensor(MEMORY),
        tgt_mask=torch.nn.Transformer.generate_square_subsequent_mask(5),
        memory_key_padding_mask=torch.tensor(~MEMORY_MASK),
    )
    outputs = ours(X, MEMORY, attention_mask=causal_mask(5), memory_mask=MEMORY_MASK)
    np.testing.assert_allclose(numpy_of(outputs), expected.detach().numpy(), atol=1e-5)


def test_rotated_products_depend_on_the_distance():
    """By complex numbers: features i and i + half are one number, turned."""
    x = RNG.normal(size=(1, 2, 6, 8)).astype("float32")
    places = np.array([[0, 1, 5, 7, 100, 1000]], "int32")
    rates = 10000.0 ** (-np.arange(4) / 4)
    turned = (x[..., :4] + 1j * x[..., 4:]) * np.exp(1j * places[0][:, None] * rates)
    expected = np.concatenate([turned.real, turned.imag], axis=-1)
    np.testing.assert_allclose(numpy_of(rotated(x, places)), expected, atol=1e-4)


def test_sinusoids_are_those_of_the_paper_in_two_halves():
    vectors = numpy_of(sinusoids(np.arange(50), 6))
    for i in range(3):
        angles = np.arange(50) / 10000 ** (2 * i / 6)
        np.testing.assert_allclose(vectors[:, i], np.sin(angles), atol=1e-5)
        np.testing.assert_allclose(vectors[:, 3 + i], np.cos(angles), atol=1e-5)


ATTENDING = {
    "SelfAttention": (lambda: layers.SelfAttention(3), "mask"),
    "EncoderBlock": (lambda: layers.EncoderBlock(3, 8), "mask"),
    "DecoderBlock": (lambda: layers.DecoderBlock(3, 8), "mask"),
}


@pytest.mark.parametrize("name", ATTENDING)
def test_the_mask_of_an_embedding_is_obeyed(name):
    """Keras attaches it to the embedded tokens; passing it gives the same."""
    make, argument = ATTENDING[name]
    layer, ids = make(), np.array([[3, 1, 2, 4, 5], [2, 6, 1, 0, 0]])
    more = (MEMORY,) if name == "DecoderBlock" else ()
    embedded = keras.layers.Embedding(7, 12, mask_zero=True)(ids)
    expected = layer(numpy_of(embedded), *more, **{argument: ids > 0})
    outputs = layer(embedded, *more)
    np.testing.assert_allclose(
        numpy_of(outputs)[MASK], numpy_of(expected)[MASK], atol=1e-6
    )
    unmasked = layer(numpy_of(embedded), *more)
    assert not np.allclose(numpy_of(outputs)[1, 0], numpy_of(unmasked)[1, 0])


def test_multi_head_attention_obeys_the_mask_of_embedded_keys():
    layer, ids = layers.MultiHeadAttention(3), np.array([[3, 1, 2, 4], [2, 6, 0, 0]])
    embedded = keras.layers.Embedding(7, 12, mask_zero=True)(ids)
    expected = layer(X, numpy_of(embedded), numpy_of(embedded), key_mask=ids > 0)
    outputs = layer(X, embedded, embedded)
    np.testing.assert_allclose(numpy_of(outputs), numpy_of(expected), atol=1e-6)


@pytest.mark.parametrize("filler", [np.nan, np.inf, 1e30])
def test_padding_that_is_not_finite_changes_nothing(filler):
    x, memory = X.copy(), MEMORY.copy()
    x[~MASK], memory[~MEMORY_MASK] = filler, filler
    layer = randomized(layers.DecoderBlock(3, 8), X, MEMORY)
    masks = {"mask": MASK, "memory_mask": MEMORY_MASK}
    expected, outputs = layer(X, MEMORY, **masks), layer(x, memory, **masks)
    np.testing.assert_allclose(
        numpy_of(outputs)[MASK], numpy_of(expected)[MASK], atol=1e-5
    )
    as_attention_mask = layer(
        x, memory, attention_mask=MASK[:, None, None], memory_mask=MEMORY_MASK
    )
    np.testing.assert_allclose(
        numpy_of(as_attention_mask)[MASK], numpy_of(expected)[MASK], atol=1e-5
    )
