"""What is special to `Swin`: its sizes, its windows, images and windows of any size."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

import seqzoo
from seqzoo.models import Swin, SwinConfig
from seqzoo.ops.positions import resampled_grid
from seqzoo.processors import ImageProcessor

TINY = SwinConfig(
    image_size=(16, 12),
    patch_size=2,
    num_classes=5,
    embed_dim=6,
    depths=(2, 1),
    num_heads=(2, 3),
    window_size=3,
    mlp_ratio=2,
)


def make(**changes):
    keras.utils.set_random_seed(0)
    model = Swin(dataclasses.replace(TINY, **changes))
    model(model.example_inputs())
    return model


def numpy_of(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize(
    ("embed_dim", "num_heads", "blocks", "parameters"),
    [
        (96, (3, 6, 12, 24), 6, 28_288_354),
        pytest.param(96, (3, 6, 12, 24), 18, 49_606_258, marks=pytest.mark.slow),
        pytest.param(128, (4, 8, 16, 32), 18, 87_768_224, marks=pytest.mark.slow),
        pytest.param(192, (6, 12, 24, 48), 18, 196_532_476, marks=pytest.mark.slow),
    ],
    ids=["T", "S", "B", "L"],
)
def test_the_papers_sizes(embed_dim, num_heads, blocks, parameters):
    """Counted from the layers' shapes, without allocating them."""
    config = SwinConfig(
        embed_dim=embed_dim, depths=(2, 2, blocks, 2), num_heads=num_heads
    )
    with keras.StatelessScope():
        model = Swin(config)
        model(keras.KerasTensor((1, 224, 224, 3)))
        sizes = [int(np.prod(weight.shape)) for weight in model.weights]
    assert sum(sizes) == parameters


def test_the_defaults_are_the_papers_smallest():
    assert SwinConfig().dims == (96, 192, 384, 768)
    assert SwinConfig().grid == (56, 56)


def test_attention_has_a_distribution_for_every_place_of_every_window():
    model = make()
    weights = model.attention(model.example_inputs())
    # 8 x 6 patches are padded to 9 x 6; 4 x 3 are a window wide, and padded to 6 x 3.
    assert [tuple(each.shape) for each in weights] == [
        (2, 6, 2, 9, 9),
        (2, 6, 2, 9, 9),
        (2, 2, 3, 9, 9),
    ]
    for each in weights:
        np.testing.assert_allclose(numpy_of(each).sum(-1), 1, atol=1e-5)
    assert not numpy_of(weights[0] == 0).any()
    assert numpy_of(weights[1] == 0).any()  # shifted: masked


@pytest.fixture
def looking():
    """A model, its pixels, and its weights, which it computes only once."""
    model = make()
    images = model.example_inputs()
    weights = model.attention(images)
    model.attention = lambda images: weights
    return model, images


def maps_of_places(model, images, layer):
    """For every place of a block's stage the map of where it looks."""
    rows, columns, side = ((8, 6, 1), (8, 6, 1), (4, 3, 2))[layer]
    places = [(side * k, side * j) for k in range(rows) for j in range(columns)]
    maps = [model.attention_map(images, layer=layer, place=place) for place in places]
    return np.stack([numpy_of(each) for each in maps], axis=1)


def test_a_place_looks_nowhere_outside_its_window():
    model = make(image_size=12)  # 6 x 6 patches fill windows of 3
    images = model.example_inputs()
    # Shifted by 1, the column at the border stands in its window by itself.
    for layer, rows, columns in ((0, {0, 1, 2}, {0, 1, 2}), (1, {1, 2, 3}, {0})):
        found = numpy_of(model.attention_map(images, layer=layer, place=(1, 0)))
        np.testing.assert_allclose(found.sum((1, 2)), 1, atol=1e-5)
        assert [set(seen) for seen in np.nonzero(found[0])] == [rows, columns]


def test_following_all_blocks_is_a_product_of_matrices(looking):
    """Of each block's places, and of the merging, where each has four parts."""
    model, images = looking
    first, second, merged = (maps_of_places(model, images, layer) for layer in range(3))
    for layer, places in enumerate((first, second, merged)):
        found = numpy_of(model.attention_map(images, layer=layer))
        np.testing.assert_allclose(found, places.mean(1), atol=1e-6)
    # Those of the last stage are of the patches, in even shares.
    blocks = merged.reshape(2, 12, 4, 2, 3, 2)
    np.testing.assert_array_equal(blocks[:, :, :, :1], blocks[:, :, :, 1:])
    np.testing.assert_array_equal(blocks[..., :1], blocks[..., 1:])
    parts = np.kron(np.eye(4), np.ones((1, 2)))
    parts = np.kron(parts, np.kron(np.eye(3), np.ones((1, 2)))) / 4  # (12, 48)
    total = (parts + merged.reshape(2, 12, 48)) / 2
    for looks in (second, first):
        total = total @ (np.eye(48) + looks.reshape(2, 48, 48)) / 2
    found = numpy_of(model.attention_map(images))
    expected = total.mean(1).reshape(2, 8, 6)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    place = numpy_of(model.attention_map(images, place=(5, 2)))
    np.testing.assert_allclose(place, total[:, 7].reshape(2, 8, 6), atol=1e-6)


def test_maps_are_of_any_size_and_refuse_what_is_not_there():
    model = make()
    images = np.random.default_rng(0).normal(size=(1, 13, 9, 3)).astype("float32")
    assert model.attention_map(images).shape == (1, 7, 5)
    assert numpy_of(model.attention_map(images)).sum() < 1  # some falls to padding
    for options in ({"layer": 3}, {"head": 0}, {"place": (7, 0)}):
        with pytest.raises(ValueError, match=f"`{next(iter(options))}`"):
            model.attention_map(images, **options)


@pytest.mark.parametrize("stem", ["patch", "conv"])
def test_an_image_that_fills_no_patch_is_padded(stem):
    model = make(stem=stem)
    images = np.random.default_rng(0).normal(size=(2, 13, 9, 3)).astype("float32")
    padded = np.pad(images, [(0, 0), (0, 1), (0, 1), (0, 0)])
    one, other = (numpy_of(model(x)) for x in (images, padded))
    assert one.shape == (2, 5)
    np.testing.assert_array_equal(one, other)


def test_an_image_may_be_smaller_than_a_window():
    assert make()(np.zeros((1, 1, 3, 3), "float32")).shape == (1, 5)


def test_windows_see_each_other_only_when_they_are_shifted():
    """A pixel changes its window; with the next, shifted block its neighbours too."""
    images = np.random.default_rng(0).normal(size=(1, 12, 12, 3)).astype("float32")
    other = images.copy()
    other[0, 0, 0] += 1
    for depth, farthest in ((1, 2), (2, 3)):
        model = make(image_size=12, depths=(depth,), num_heads=(2,))
        one, two = (numpy_of(model._encode(x, False)[0]) for x in (images, other))
        rows, columns = np.nonzero(np.abs(one - two).max(axis=(0, -1)) > 1e-6)
        assert (rows.max(), columns.max()) == (farthest, farthest)


def test_other_classes_and_windows_keep_the_rest(tmp_path):
    model = make()
    model.processor = ImageProcessor(list("abcde"), (16, 12))
    seqzoo.save(model, tmp_path / "swin")
    tuned = seqzoo.load(
        tmp_path / "swin", num_classes=7, image_size=(24, 20), window_size=5
    )
    assert tuned.logits.kernel.shape == (12, 7)
    assert tuned.processor.size == (24, 20)
    assert tuned.processor.labels == [f"class {i}" for i in range(7)]
    before, after = (
        numpy_of(m.get_layer("block_1").weights[2]) for m in (model, tuned)
    )
    np.testing.assert_allclose(after, resampled_grid(before, (9, 9)), atol=1e-6)
    np.testing.assert_allclose(after[4, 4], before[2, 2], atol=0.01)
    np.testing.assert_array_equal(
        numpy_of(model.mergings[0].reduction.kernel),
        numpy_of(tuned.mergings[0].reduction.kernel),
    )
    with pytest.raises(ValueError, match="mlp_ratio=3 the weights"):
        seqzoo.load(tmp_path / "swin", mlp_ratio=3)


def test_positions_want_their_size_and_are_resampled_for_another(tmp_path):
    model = make(use_positions=True)
    with pytest.raises(ValueError, match="adapts the positions"):
        model(np.zeros((1, 16, 16, 3), "float32"))
    seqzoo.save(model, tmp_path / "swin")
    tuned = seqzoo.load(tmp_path / "swin", image_size=20)
    np.testing.assert_allclose(
        numpy_of(tuned.positions)[0],
        resampled_grid(numpy_of(model.positions)[0], (10, 10)),
        atol=1e-6,
    )


def test_features_are_what_the_logits_are_made_of():
    model = make()
    images = model.example_inputs()
    features = numpy_of(model.pooled(images))
    kernel, bias = (numpy_of(weight) for weight in model.logits.weights)
    expected = features @ kernel + bias
    np.testing.assert_allclose(numpy_of(model(images)), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 16, 12, 4), (2, 16, 12), (2, 0, 12, 3)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match=r"width, 3\)|of known height and width"):
        make()(np.zeros(shape, "float32"))


@pytest.mark.parametrize(
    "changes",
    [
        {"stem": "con"},
        {"depths": (2, 0)},
        {"depths": 2},
        {"num_heads": ()},
        {"num_heads": (2,)},
        {"num_heads": (2, 5)},
        {"window_size": 0},
        {"image_size": 0},
        {"mlp_ratio": 0.1},
    ],
    ids=str,
)
def test_bad_choices_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        make(**changes)
