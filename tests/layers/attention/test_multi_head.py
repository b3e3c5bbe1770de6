"""`MultiHeadAttention` beside PyTorch's."""

import numpy as np
import pytest
from keras import ops

from seqzoo.layers import MultiHeadAttention

rng = np.random.default_rng(0)
QUERY = rng.normal(size=(2, 3, 12)).astype("float32")
KEY, VALUE = rng.normal(size=(2, 2, 5, 12)).astype("float32")
MASK = np.array([[True] * 5, [True, True, True, False, False]])[:, None, None]


def made(*inputs):
    layer = MultiHeadAttention(3)
    layer(*inputs)
    for weight in layer.weights:
        if "seed" not in weight.path:
            weight.assign(rng.normal(size=weight.shape) * 0.3)
    return layer


@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
def test_it_is_that_of_pytorch(mask):
    torch = pytest.importorskip("torch")
    ours = made(QUERY, KEY, VALUE)
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    parts = [
        [torch.tensor(ops.convert_to_numpy(weight).T.copy()) for weight in each.weights]
        for each in (ours.query, ours.key, ours.value, ours.output_layer)
    ]
    theirs.load_state_dict(
        {
            "in_proj_weight": torch.cat([kernel for kernel, _ in parts[:3]]),
            "in_proj_bias": torch.cat([bias for _, bias in parts[:3]]),
            "out_proj.weight": parts[3][0],
            "out_proj.bias": parts[3][1],
        }
    )
    with torch.no_grad():
        expected, expected_weights = theirs(
            *map(torch.tensor, (QUERY, KEY, VALUE)),
            key_padding_mask=None if mask is None else torch.tensor(~mask[:, 0, 0]),
            average_attn_weights=False,
        )
    outputs, weights = ours(QUERY, KEY, VALUE, attention_mask=mask, return_weights=True)
    np.testing.assert_allclose(ops.convert_to_numpy(outputs), expected, atol=1e-5)
    np.testing.assert_allclose(
        ops.convert_to_numpy(weights), expected_weights, atol=1e-5
    )


def test_key_and_value_may_have_other_features():
    assert made(QUERY, KEY[..., :7], VALUE[..., :4])(
        QUERY, KEY[..., :7], VALUE[..., :4]
    ).shape == (2, 3, 12)


def test_heads_must_divide_the_features():
    with pytest.raises(ValueError, match="features=12, num_heads=5"):
        MultiHeadAttention(5)(QUERY, KEY, VALUE)
