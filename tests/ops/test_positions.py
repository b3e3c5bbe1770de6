import math

import numpy as np
import pytest

from seqzoo.ops.positions import resampled_grid, sine_grid

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


MASK = np.zeros((2, 3, 5), bool)
MASK[0] = True
MASK[1, :2, :4] = True


def test_sines_are_those_of_the_equation():
    """Place by place, feature by feature, in double precision."""
    found = np.asarray(sine_grid(MASK, 8))
    assert found.shape == (2, 3, 5, 8)
    for image, (rows, columns) in enumerate([(3, 5), (2, 4)]):
        for y in range(rows):
            for x in range(columns):
                expected = []
                for place, count in ((y, rows), (x, columns)):
                    angle = 2 * math.pi * (place + 1) / (count + 1e-6)
                    for i in range(2):
                        wave = angle / 10000 ** (2 * i / 4)
                        expected += [math.sin(wave), math.cos(wave)]
                np.testing.assert_allclose(found[image, y, x], expected, atol=1e-5)


def test_padding_does_not_move_what_is_real():
    whole = np.asarray(sine_grid(MASK[1:, :2, :4], 12))
    np.testing.assert_allclose(sine_grid(MASK, 12)[1, :2, :4], whole[0], atol=1e-6)


def test_features_are_a_sine_and_a_cosine_of_two_axes():
    with pytest.raises(ValueError, match="features=6"):
        sine_grid(MASK, 6)
