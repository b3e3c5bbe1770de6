"""What is special to `ViT`: its sizes, its two poolings, other images and classes."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

import seqzoo
from seqzoo.models import ViT, ViTConfig
from seqzoo.ops.attention_maps import rollout
from seqzoo.processors import ImageProcessor

TINY = ViTConfig(
    image_size=(16, 12),
    patch_size=4,
    num_classes=5,
    embed_dim=12,
    num_layers=2,
    num_heads=3,
    hidden_dim=16,
)


def make(**changes):
    keras.utils.set_random_seed(0)
    model = ViT(dataclasses.replace(TINY, **changes))
    model(model.example_inputs())
    return model


@pytest.mark.parametrize(
    ("embed_dim", "num_heads", "num_layers", "parameters"),
    [
        (192, 3, 12, 5_717_416),
        (384, 6, 12, 22_050_664),
        (768, 12, 12, 86_567_656),
        (1024, 16, 24, 304_326_632),
    ],
    ids=["Ti", "S", "B", "L"],
)
@pytest.mark.slow
def test_the_papers_sizes(embed_dim, num_heads, num_layers, parameters):
    config = ViTConfig(
        embed_dim=embed_dim,
        num_heads=num_heads,
        num_layers=num_layers,
        hidden_dim=4 * embed_dim,
    )
    model = ViT(config)
    model(np.zeros((1, 224, 224, 3), "float32"))
    assert model.count_params() == parameters


def test_the_size_of_vit_base():
    """Counted from the layers' shapes, without allocating them."""
    with keras.StatelessScope():
        model = ViT(ViTConfig())
        model(keras.KerasTensor((1, 224, 224, 3)))
        sizes = [int(np.prod(weight.shape)) for weight in model.weights]
    assert sum(sizes) == 86_567_656


def test_the_mean_over_patches_does_not_depend_on_their_order():
    """Without positions a ViT sees a bag of patches."""
    model = make(pooling="mean")
    model.positions.assign(ops.zeros_like(model.positions))
    images = model.example_inputs()
    swapped = images.copy()
    swapped[:, :4, :4], swapped[:, 8:12, 4:8] = images[:, 8:12, 4:8], images[:, :4, :4]
    one, other = (ops.convert_to_numpy(model(x)) for x in (images, swapped))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_attention_has_a_distribution_for_every_step():
    model = make()
    weights = model.attention(model.example_inputs())
    assert [tuple(each.shape) for each in weights] == [(2, 3, 13, 13)] * 2
    np.testing.assert_allclose(ops.convert_to_numpy(weights[1]).sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("pooling", ["token", "mean"])
def test_the_map_is_of_what_is_classified_or_of_a_patch(pooling):
    model = make(pooling=pooling)
    images = model.example_inputs()
    total = ops.convert_to_numpy(rollout(model.attention(images)))
    heads = ops.convert_to_numpy(model.attention(images)[1])
    first = int(pooling == "token")

    def mapped(**options):
        return ops.convert_to_numpy(model.attention_map(images, **options))

    def expected(rows):
        looks = rows[:, 0] if first else rows.mean(1)
        return looks[:, first:].reshape(2, 4, 3)

    np.testing.assert_allclose(mapped(), expected(total), atol=1e-6)
    np.testing.assert_allclose(mapped(layer=1), expected(heads.mean(1)), atol=1e-6)
    one = mapped(layer=-1, head=2)
    np.testing.assert_allclose(one, expected(heads[:, 2]), atol=1e-6)
    one = mapped(place=(2, 1))
    patch = total[:, first + 7, first:].reshape(2, 4, 3)
    np.testing.assert_allclose(one, patch, atol=1e-6)
    if not first:
        np.testing.assert_allclose(mapped().sum((1, 2)), 1, atol=1e-5)


def test_maps_of_what_is_not_there_are_refused():
    model = make()
    images = model.example_inputs()
    for options in ({"layer": 2}, {"head": 0}, {"place": (4, 0)}):
        with pytest.raises(ValueError, match=f"`{next(iter(options))}`"):
            model.attention_map(images, **options)


@pytest.mark.parametrize("pooling", ["token", "mean"])
def test_other_classes_and_sizes_keep_the_rest(tmp_path, pooling):
    model = make(pooling=pooling)
    model.processor = ImageProcessor(list("abcde"), (16, 12))
    seqzoo.save(model, tmp_path / "vit")
    tuned = seqzoo.load(tmp_path / "vit", num_classes=7, image_size=24)
    assert tuned.logits.kernel.shape == (12, 7)
    image = np.random.default_rng(0).random((30, 40, 3))
    assert tuned.classify(image).label in [f"class {i}" for i in range(7)]
    for one, other in zip(
        model.blocks[1].weights, tuned.blocks[1].weights, strict=True
    ):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(one), ops.convert_to_numpy(other)
        )
    first = int(pooling == "token")
    assert tuned.positions.shape == (1, 36 + first, 12)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(model.positions)[:, :first],
        ops.convert_to_numpy(tuned.positions)[:, :first],
    )
    with pytest.raises(ValueError, match="hidden_dim=8 the weights"):
        seqzoo.load(tmp_path / "vit", hidden_dim=8)


def test_features_are_what_the_logits_are_made_of():
    model = make()
    model.processor = ImageProcessor(list("abcde"), (16, 12))
    images = list(np.random.default_rng(0).random((3, 20, 20, 3)))
    features = model.features(images)
    logits = ops.convert_to_numpy(model(model.processor.encode(images)))
    kernel, bias = (ops.convert_to_numpy(w) for w in model.logits.weights)
    np.testing.assert_allclose(features @ kernel + bias, logits, atol=1e-5)
    np.testing.assert_allclose(model.features(images[1]), features[1], atol=1e-5)
    assert model.features([]).shape == (0, 12)


def test_images_of_another_size_are_refused_with_what_to_do():
    with pytest.raises(ValueError, match="adapts the positions"):
        make()(np.zeros((1, 16, 16, 3), "float32"))


@pytest.mark.parametrize(
    "changes",
    [{"stem": "con"}, {"pooling": "max"}, {"num_heads": 5}, {"image_size": 2}],
    ids=lambda changes: next(iter(changes)),
)
def test_bad_choices_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        make(**changes)
