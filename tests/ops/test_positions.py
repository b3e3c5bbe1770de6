import numpy as np
import pytest

from seqzoo.ops.positions import resampled_grid

GRID = np.random.default_rng(0).normal(size=(5, 7, 3)).astype("float32")


@pytest.mark.parametrize("size", [(8, 9), (3, 4), (5, 14), (1, 1)])
def test_a_grid_is_resampled_as_in_pytorch(size):
    torch = pytest.importorskip("torch")
    expected = torch.nn.functional.interpolate(
        torch.tensor(GRID.transpose(2, 0, 1))[None],
        size=size,
        mode="bicubic",
        align_corners=False,
    )[0]
    expected = expected.numpy().transpose(1, 2, 0)
    found = resampled_grid(GRID, size)
    assert found.dtype == GRID.dtype
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_its_own_size_changes_nothing():
    assert resampled_grid(GRID, (5, 7)) is GRID
