import numpy as np
import pytest
from scipy import ndimage

from seqzoo.data.augmentation import (
    cut_and_mixed,
    erased,
    flipped,
    shifted,
    warped,
)
from seqzoo.data.trivial_augment import trivially_augmented

RNG = np.random.default_rng(0)
GREY = RNG.integers(1, 256, size=(50, 9, 8)).astype("uint8")
COLOUR = RNG.integers(1, 256, size=(50, 9, 8, 3)).astype("uint8")


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("pictures", [GREY, COLOUR], ids=["grey", "colour"])
def test_a_shifted_picture_is_the_picture_elsewhere(pictures):
    found = shifted(pictures, rng(), 2)
    assert found.shape == pictures.shape and found.dtype == pictures.dtype
    moves = set()
    for before, after in zip(pictures, found, strict=True):
        matches = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if (
                after[max(0, -dy) : 9 - dy, max(0, -dx) : 8 - dx]
                == before[max(0, dy) : 9 + dy, max(0, dx) : 8 + dx]
            ).all()
        ]
        assert len(matches) == 1
        moves.update(matches)
    assert len(moves) > 15


@pytest.mark.parametrize("pictures", [GREY, COLOUR], ids=["grey", "colour"])
def test_about_half_are_mirrored(pictures):
    found = flipped(pictures, rng())
    same = (found == pictures).reshape(50, -1).all(1)
    mirrored = (found == pictures[:, :, ::-1]).reshape(50, -1).all(1)
    np.testing.assert_array_equal(same, ~mirrored)
    assert 15 < same.sum() < 35


def test_a_square_is_erased_and_nothing_else():
    found = erased(COLOUR, rng(), 4)
    for before, after in zip(COLOUR, found, strict=True):
        black = (after == 0).all(-1)
        np.testing.assert_array_equal(after[~black], before[~black])
        rows, columns = np.nonzero(black)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert black.sum() == height * width and 2 <= min(height, width)
        assert max(height, width) <= 4


@pytest.mark.parametrize("pictures", [GREY, COLOUR], ids=["grey", "colour"])
def test_targets_are_mixed_as_the_pictures_are(pictures):
    """Pictures of one shade each: a pixel tells which picture it is of."""
    shades = np.arange(len(pictures), dtype="uint8")
    flat = np.broadcast_to(
        shades.reshape(-1, *[1] * (pictures.ndim - 1)), pictures.shape
    )
    targets = np.eye(len(pictures), dtype="float32")
    found, mixed = cut_and_mixed(flat, targets, rng(), share=0.6)
    assert found.shape == flat.shape and mixed.dtype == targets.dtype
    counted = (found[..., None] == shades).reshape(len(flat), -1, len(flat)).mean(1)
    np.testing.assert_allclose(mixed, counted, atol=1e-6)
    own = np.diagonal(mixed)
    assert 0.2 < (own < 1).mean() < 0.7 and own.min() < 0.5


def test_a_box_is_one_whole_rectangle():
    found, _ = cut_and_mixed(
        np.arange(50)[:, None, None] * np.ones((1, 9, 8), int),
        np.eye(50, dtype="float32"),
        rng(),
        share=1.0,
    )
    for own, picture in enumerate(found):
        taken = picture != own
        rows, columns = np.nonzero(taken)
        if taken.any():
            assert taken.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


def test_one_operation_of_trivial_augment_changes_most_pictures():
    pictures = RNG.integers(0, 256, size=(300, 12, 12, 3)).astype("uint8")
    found = trivially_augmented(pictures, rng())
    assert found.shape == pictures.shape and found.dtype == pictures.dtype
    same = (found == pictures).reshape(300, -1).all(1)
    # One of the fourteen is none, and a few others are too weak to be seen.
    assert 1 / 14 / 2 < same.mean() < 0.35
    np.testing.assert_array_equal(found, trivially_augmented(pictures, rng()))
    assert (found != trivially_augmented(pictures, np.random.default_rng(2))).any()


def test_no_change_leaves_the_picture():
    np.testing.assert_allclose(warped(GREY, rng(), 0, 0, 0), GREY)
    np.testing.assert_array_equal(shifted(GREY, rng(), 0), GREY)


def test_a_turn_is_that_of_scipy():
    smooth = ndimage.gaussian_filter(np.pad(GREY[:1].astype("float32"), 6), 2)[7:8]

    class Fixed:
        def uniform(self, low, high, size):
            return np.full(size, high)

    found = warped(smooth, Fixed(), 30, 0, 0)[0]
    expected = ndimage.rotate(smooth[0], -30, reshape=False, order=1)
    inner = (slice(4, -4), slice(4, -4))
    opposite = ndimage.rotate(smooth[0], 30, reshape=False, order=1)
    close = [np.abs(found[inner] - each[inner]).max() for each in (expected, opposite)]
    assert min(close) < 1e-3 < max(close)


def test_equal_generators_make_equal_changes():
    np.testing.assert_array_equal(
        warped(GREY, rng(), 10, 0.1, 2), warped(GREY, rng(), 10, 0.1, 2)
    )
