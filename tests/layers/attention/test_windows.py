"""Attention in windows beside attention to everything with a mask."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.layers import PatchMerging, SelfAttention, SwinBlock, WindowAttention
from seqzoo.ops.windows import attend_in_windows


def numpy_of(x):
    return ops.convert_to_numpy(x)


def grid(height, width, features=6):
    shape = (2, height, width, features)
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def randomized(layer, *inputs):
    layer(*inputs)
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        if "seed" not in weight.path:
            weight.assign(rng.normal(size=weight.shape) * 0.5)
    return layer


def attention_to_everything(layer, x, window, shift):
    """What `layer` should do, as one attention of all places of a grid to all others.

    Unrolled, the borders of windows lie `shift` further down and to the right; before
    the first one there are narrower windows.
    """
    height, width = x.shape[1:3]
    below, right = -height % window, -width % window
    x = np.pad(x, [(0, 0), (0, below), (0, right), (0, 0)])
    rows, columns = (side.reshape(-1) for side in np.indices(x.shape[1:3]))
    mask = np.ones((len(rows), len(rows)), bool)
    for places in (rows, columns):
        belongs = (places - shift) // window
        mask &= belongs[:, None] == belongs
    table = numpy_of(layer.bias_table)
    middle = len(table) // 2
    down, across = (side[:, None] - side + middle for side in (rows, columns))
    # Displacements that no window has lie outside the table.
    down, across = (side.clip(0, len(table) - 1) for side in (down, across))
    whole = SelfAttention(layer.attention.num_heads)
    steps = x.reshape(2, -1, x.shape[-1])
    whole(steps)
    whole.set_weights(layer.attention.get_weights())
    bias = table[down, across].transpose(2, 0, 1)[None]
    outputs = numpy_of(whole(steps, attention_mask=mask, bias=bias))
    return outputs.reshape(x.shape)[:, :height, :width]


@pytest.mark.parametrize(
    ("size", "shifted", "window", "shift"),
    [
        ((8, 12), False, 4, 0),
        ((8, 12), True, 4, 2),
        ((7, 5), True, 4, 2),  # padded
        ((4, 8), True, 4, 0),  # one window high: not shifted
        ((3, 7), True, 3, 0),  # windows smaller than the table's, and padded
        ((1, 1), True, 1, 0),
    ],
)
def test_window_attention_is_masked_attention_to_everything(
    size, shifted, window, shift
):
    x = grid(*size)
    layer = randomized(WindowAttention(3, 4, shifted), x)
    expected = attention_to_everything(layer, x, window, shift)
    outputs, weights = layer(x, return_weights=True)
    np.testing.assert_allclose(numpy_of(outputs), expected, atol=1e-5)
    count = -(-size[0] // window) * -(-size[1] // window)
    assert weights.shape == (2, count, 3, window**2, window**2)
    np.testing.assert_allclose(numpy_of(weights).sum(-1), 1, atol=1e-5)


def test_attention_in_a_window_sees_the_padding():
    """Zeros are attended to: their keys are the biases, not nothing."""
    x = grid(5, 5)
    layer = randomized(WindowAttention(3, 4), x)
    _, weights = layer(x, return_weights=True)
    alone = numpy_of(weights)[:, -1, :, 0]  # of the one real place in the last window
    assert (alone[..., 1:].sum(-1) > 0.1).all()


def test_patch_merging_is_a_loop_over_squares():
    x = grid(5, 4, features=3)
    layer = randomized(PatchMerging(), x)
    gamma, beta, kernel = (numpy_of(weight) for weight in layer.weights)
    padded = np.pad(x, [(0, 0), (0, 1), (0, 0), (0, 0)])
    found = numpy_of(layer(x))
    assert found.shape == (2, 3, 2, 6)
    for i in range(3):
        for j in range(2):
            square = padded[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            # Down first, then across.
            parts = [square[:, row, column] for column in (0, 1) for row in (0, 1)]
            four = np.concatenate(parts, axis=-1)
            centred = four - four.mean(-1, keepdims=True)
            normed = centred / np.sqrt(centred.var(-1, keepdims=True) + 1e-5)
            expected = (normed * gamma + beta) @ kernel
            np.testing.assert_allclose(found[:, i, j], expected, atol=1e-4)


def test_a_block_may_leave_both_its_branches_out():
    keras.utils.set_random_seed(0)
    x = grid(4, 4)
    block = randomized(SwinBlock(3, 8, 2, shifted=True, drop_path=0.999), x)
    np.testing.assert_array_equal(numpy_of(block(x, training=True)), x)
    assert np.abs(numpy_of(block(x)) - x).max() > 0.1


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16"])
def test_a_block_may_have_a_dtype_of_its_own(dtype):
    block = SwinBlock(3, 8, 2, shifted=True, dtype=dtype)
    outputs, weights = block(grid(4, 5), training=True, return_weights=True)
    names = [keras.backend.standardize_dtype(x.dtype) for x in (outputs, weights)]
    assert names == ["bfloat16", "bfloat16"]


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="others know every size they trace"
)
@pytest.mark.parametrize(
    "layer", [WindowAttention(3, 4), SwinBlock(3, 8, 4), PatchMerging()]
)
def test_a_grid_of_unknown_size_is_refused(layer):
    with pytest.raises(ValueError, match="known height and width"):
        layer(keras.KerasTensor((None, None, 8, 6)))


def test_heads_must_divide_the_features():
    with pytest.raises(ValueError, match="features=6, num_heads=4"):
        WindowAttention(4, 4)(grid(4, 4))


@pytest.mark.parametrize("size", [(8, 12), (7, 6), (3, 9)])
@pytest.mark.parametrize("shifted", [False, True])
def test_outputs_are_values_weighted_by_where_each_place_looks(size, shifted):
    """By its weights put back on the grid, and padding's by what these lack."""
    x, count, heads = grid(*size)[:1], size[0] * size[1], 2
    layer = randomized(WindowAttention(heads, 4, shifted), x)
    outputs, weights = layer(x, return_weights=True)
    weights = np.repeat(numpy_of(weights), count, axis=0)
    one_place = np.eye(count, dtype="float32").reshape(count, *size)
    qkv = numpy_of(layer.attention.qkv(x)).reshape(count, 3, heads, -1)
    of_padding = numpy_of(layer.attention.qkv.bias).reshape(3, heads, -1)[2]
    found = []
    for head in range(heads):
        where = attend_in_windows(one_place, weights[:, :, head], 4, layer.shift)
        where = numpy_of(where).reshape(count, count)
        lacking = 1 - where.sum(-1, keepdims=True)
        found.append(where @ qkv[:, 2, head] + lacking * of_padding[head])
    found = numpy_of(layer.attention.output_layer(np.concatenate(found, axis=-1)))
    np.testing.assert_allclose(
        found.reshape(1, *size, -1), numpy_of(outputs), atol=1e-4
    )
