"""Rollout beside a sum over all walks; which layer, head and place are meant."""

import itertools

import numpy as np
import pytest
from keras import ops

from seqzoo.ops.attention_maps import mean_or_head, one_layer, place_index, rollout


def numpy_of(x):
    return ops.convert_to_numpy(x)


def distributions(*shape):
    """Rows that sum to 1."""
    rng = np.random.default_rng(0)
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1]).astype("float32")


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_rollout_is_the_sum_over_all_walks_down_the_layers(layers):
    steps, heads = 3, 2
    attentions = distributions(layers, 2, heads, steps, steps)
    found = numpy_of(rollout(list(attentions)))
    for row, query, key in np.ndindex(2, steps, steps):
        total = 0.0
        for between in itertools.product(range(steps), repeat=layers - 1):
            walk = (key, *between, query)  # from the first layer's input upwards
            odds = 1.0
            for layer, (below, above) in enumerate(itertools.pairwise(walk)):
                looks = attentions[layer, row, :, above, below].mean()
                odds *= (looks + (below == above)) / 2
            total += odds
        np.testing.assert_allclose(found[row, query, key], total, rtol=1e-5)


def test_rows_of_a_rollout_sum_to_one_in_half_precision_too():
    attentions = distributions(12, 1, 2, 50, 50).astype("float16")
    found = numpy_of(rollout(list(attentions)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


def test_who_looks_at_himself_stays_where_he_is():
    itself = np.tile(np.eye(4, dtype="float32"), (2, 3, 1, 1))
    np.testing.assert_allclose(numpy_of(rollout([itself] * 5)), itself[:, 0], atol=1e-6)


def test_no_layers_are_refused():
    with pytest.raises(ValueError, match="at least one layer"):
        rollout([])


def test_a_head_is_taken_and_heads_are_averaged():
    weights = distributions(2, 3, 4, 4)
    np.testing.assert_array_equal(numpy_of(mean_or_head(weights, -1)), weights[:, 2])
    np.testing.assert_allclose(
        numpy_of(mean_or_head(weights, None)), weights.mean(1), atol=1e-6
    )


@pytest.mark.parametrize(
    ("refuse", "message"),
    [
        (lambda: one_layer(3, 3), r"`layer` must be in \[-3, 3\). Received: layer=3"),
        (lambda: one_layer(-4, 3), "layer=-4"),
        (lambda: one_layer(None, 3), "a single `layer`"),
        (lambda: mean_or_head(np.ones((1, 2, 3, 3)), 2), r"`head` must be in \[-2, 2"),
        (lambda: place_index((0, 4), (3, 4)), r"the 3 x 4 patches.*\(0, 4\)"),
        (lambda: place_index((-1, 0), (3, 4)), r"\(-1, 0\)"),
    ],
)
def test_what_is_not_there_is_refused(refuse, message):
    with pytest.raises(ValueError, match=message):
        refuse()
