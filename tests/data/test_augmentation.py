import numpy as np
import pytest
from scipy import ndimage

from seqzoo.data import (
    CutMix,
    Cutout,
    RandomAffine,
    RandomFlip,
    RandomShift,
    TrivialAugment,
    augmentation_sentence,
)

RNG = np.random.default_rng(0)
GREY = RNG.integers(1, 256, size=(50, 9, 8)).astype("uint8")
COLOUR = RNG.integers(1, 256, size=(50, 9, 8, 3)).astype("uint8")


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
def test_a_shifted_image_is_the_image_elsewhere(images):
    found = RandomShift(2)(images, rng())
    assert found.shape == images.shape and found.dtype == images.dtype
    moves = set()
    for before, after in zip(images, found, strict=True):
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


@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
def test_about_half_are_mirrored(images):
    found = RandomFlip()(images, rng())
    same = (found == images).reshape(50, -1).all(1)
    mirrored = (found == images[:, :, ::-1]).reshape(50, -1).all(1)
    np.testing.assert_array_equal(same, ~mirrored)
    assert 15 < same.sum() < 35


def test_a_square_is_erased_and_nothing_else():
    found = Cutout(4)(COLOUR, rng())
    for before, after in zip(COLOUR, found, strict=True):
        black = (after == 0).all(-1)
        np.testing.assert_array_equal(after[~black], before[~black])
        rows, columns = np.nonzero(black)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert black.sum() == height * width and 2 <= min(height, width)
        assert max(height, width) <= 4


@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
def test_targets_are_mixed_as_the_images_are(images):
    """Images of one shade each: a pixel tells which image it is of."""
    shades = np.arange(len(images), dtype="uint8")
    flat = np.broadcast_to(shades.reshape(-1, *[1] * (images.ndim - 1)), images.shape)
    targets = np.eye(len(images), dtype="float32")
    found, mixed = CutMix(share=0.6)(flat, targets, rng())
    assert found.shape == flat.shape and mixed.dtype == targets.dtype
    counted = (found[..., None] == shades).reshape(len(flat), -1, len(flat)).mean(1)
    np.testing.assert_allclose(mixed, counted, atol=1e-6)
    own = np.diagonal(mixed)
    assert 0.2 < (own < 1).mean() < 0.7 and own.min() < 0.5


def test_a_box_is_one_whole_rectangle():
    found, _ = CutMix(share=1.0)(
        np.arange(50)[:, None, None] * np.ones((1, 9, 8), int),
        np.eye(50, dtype="float32"),
        rng(),
    )
    for own, image in enumerate(found):
        taken = image != own
        rows, columns = np.nonzero(taken)
        if taken.any():
            assert taken.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)


def test_one_operation_of_trivial_augment_changes_most_images():
    images = RNG.integers(0, 256, size=(300, 12, 12, 3)).astype("uint8")
    found = TrivialAugment()(images, rng())
    assert found.shape == images.shape and found.dtype == images.dtype
    same = (found == images).reshape(300, -1).all(1)
    # One of the fourteen is none, and a few others are too weak to be seen.
    assert 1 / 14 / 2 < same.mean() < 0.35
    np.testing.assert_array_equal(found, TrivialAugment()(images, rng()))
    assert (found != TrivialAugment()(images, np.random.default_rng(2))).any()


def test_no_change_leaves_the_image():
    np.testing.assert_allclose(RandomAffine(0, 0, 0)(GREY, rng()), GREY)
    np.testing.assert_array_equal(RandomShift(0)(GREY, rng()), GREY)


def test_a_turn_is_that_of_scipy():
    smooth = ndimage.gaussian_filter(np.pad(GREY[:1].astype("float32"), 6), 2)[7:8]

    class Fixed:
        def uniform(self, low, high, size):
            return np.full(size, high)

    found = RandomAffine(30, 0, 0)(smooth, Fixed())[0]
    expected = ndimage.rotate(smooth[0], -30, reshape=False, order=1)
    inner = (slice(4, -4), slice(4, -4))
    opposite = ndimage.rotate(smooth[0], 30, reshape=False, order=1)
    close = [np.abs(found[inner] - each[inner]).max() for each in (expected, opposite)]
    assert min(close) < 1e-3 < max(close)


def test_equal_generators_make_equal_changes():
    warp = RandomAffine(10, 0.1, 2)
    np.testing.assert_array_equal(warp(GREY, rng()), warp(GREY, rng()))


def test_the_sentence_says_every_change_with_its_numbers():
    augment = (RandomShift(4), RandomFlip(), Cutout(10))
    assert augmentation_sentence(augment) == (
        "Training images are shifted by up to 4 pixels, mirrored left to right with "
        "probability 1/2 and covered in part by a black square of 10 by 10 pixels."
    )
    mixed = augmentation_sentence((TrivialAugment(),), CutMix(share=0.5))
    assert mixed.endswith("; CutMix (Yun et al. 2019) mixes 50 % of them.")
