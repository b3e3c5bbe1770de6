import numpy as np
import pytest
from keras import ops

from seqzoo.ops.pooling import masked_max, masked_mean

X = np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")
MASK = np.array([[True] * 5, [True, True, False, False, False], [False] * 5])


@pytest.mark.parametrize(
    ("pool", "oracle"), [(masked_mean, "mean"), (masked_max, "max")]
)
@pytest.mark.parametrize("padding", [0.0, np.inf, np.nan])
def test_only_real_steps_count(pool, oracle, padding):
    x = np.where(MASK[..., None], X, np.float32(padding))
    pooled = ops.convert_to_numpy(pool(ops.convert_to_tensor(x), MASK))
    for row, real in enumerate(MASK):
        wanted = (
            getattr(np, oracle)(X[row, real], axis=0) if real.any() else np.zeros(2)
        )
        np.testing.assert_allclose(pooled[row], wanted, atol=1e-6)
