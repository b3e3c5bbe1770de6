"""What is special to `DETR`: its size, its queries, its masks."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

import seqzoo
from seqzoo.models import DETR, DETRConfig
from seqzoo.models.detr import resized_mask
from seqzoo.processors import DetectionProcessor

TINY = DETRConfig(
    num_classes=3,
    num_queries=5,
    embed_dim=8,
    encoder_layers=1,
    decoder_layers=2,
    num_heads=2,
    hidden_dim=12,
    depths=(1, 1),
    stage_dims=(8, 12),
    stem_dim=4,
)


def make(**changes):
    keras.utils.set_random_seed(0)
    model = DETR(dataclasses.replace(TINY, **changes))
    model(model.example_inputs())
    return model


def numpy_of(outputs):
    return {key: ops.convert_to_numpy(value) for key, value in outputs.items()}


def test_the_size_of_detr_r50():
    """As the original counts: its frozen norms are buffers, four of 26 560 numbers."""
    with keras.StatelessScope():
        model = DETR(DETRConfig())
        model.build()
        trained, frozen = (
            sum(int(np.prod(weight.shape)) for weight in weights)
            for weights in (model.trainable_weights, model.non_trainable_weights)
        )
    assert trained == 41_524_768
    assert frozen == 4 * 26_560


def test_queries_are_a_set():
    """Another order of the queries is the same answers in that order."""
    model = make()
    inputs = model.example_inputs()
    before = numpy_of(model(inputs))
    order = [3, 0, 4, 2, 1]
    model.queries.assign(ops.convert_to_numpy(model.queries)[order])
    after = numpy_of(model(inputs))
    for key, values in before.items():
        np.testing.assert_allclose(after[key], values[:, order], atol=1e-5)
    assert np.ptp(before["logits"], axis=1).max() > 1e-3  # queries do differ


def test_what_stands_in_the_padding_is_not_attended_to():
    """Beyond what a convolution reaches from the picture, padding may hold anything."""
    model = make()
    inputs = model.example_inputs()
    inputs["images"] = np.pad(inputs["images"], [(0, 0), (0, 64), (0, 64), (0, 0)])
    inputs["mask"] = np.pad(inputs["mask"], [(0, 0), (0, 64), (0, 64)])
    before = numpy_of(model(inputs))
    inputs["images"][:, 112:] = inputs["images"][:, :, 112:] = 9.0
    for key, values in numpy_of(model(inputs)).items():
        np.testing.assert_allclose(values, before[key], atol=1e-5)


def test_padding_changes_nothing_but_what_the_backbone_sees_at_the_border():
    """Exactly nothing with a backbone whose places see only their own pixels.

    A ResNet's places at the border see beyond it, in the original as well: there they
    find zeros, or with padding what convolutions have carried into it.
    """
    model = make()
    inputs = model.example_inputs()
    resnet = numpy_of(model(inputs))

    def local(images):
        return ops.repeat(ops.average_pool(images, 8), 4, axis=-1)

    model.backbone.call = local
    assert np.abs(numpy_of(model(inputs))["logits"] - resnet["logits"]).max() > 1e-3
    whole = numpy_of(model({key: value[:1] for key, value in inputs.items()}))
    padded = {
        "images": np.pad(inputs["images"][:1], [(0, 0), (0, 24), (0, 40), (0, 0)]),
        "mask": np.pad(inputs["mask"][:1], [(0, 0), (0, 24), (0, 40)]),
    }
    for key, values in numpy_of(model(padded)).items():
        np.testing.assert_allclose(values, whole[key], atol=1e-4)


def test_no_mask_is_a_mask_that_is_true_everywhere():
    model = make()
    images = model.example_inputs()["images"]
    masked = numpy_of(model({"images": images, "mask": np.ones((2, 64, 64), bool)}))
    for key, values in numpy_of(model(images)).items():
        np.testing.assert_allclose(values, masked[key], atol=1e-6)


def test_attention_is_a_distribution_over_real_places_for_every_query():
    model = make()
    inputs = model.example_inputs()
    maps = [ops.convert_to_numpy(each) for each in model.attention(inputs)]
    assert [each.shape for each in maps] == [(2, 2, 5, 8, 8)] * 2
    np.testing.assert_allclose(maps[1].sum((-1, -2)), 1, atol=1e-5)
    assert not maps[1][1, :, :, 5:].any() and not maps[1][1, :, :, :, 7:].any()


@pytest.mark.parametrize("size", [(2, 3), (3, 4), (5, 5)])
def test_masks_are_resized_as_in_pytorch(size):
    torch = pytest.importorskip("torch")
    mask = np.random.default_rng(0).random((2, 37, 53)) < 0.5
    expected = torch.nn.functional.interpolate(
        torch.tensor(mask[:, None].astype("float32")), size=size
    )
    found = ops.convert_to_numpy(resized_mask(mask, size))
    np.testing.assert_array_equal(found, expected.numpy()[:, 0] > 0)


def test_other_classes_keep_the_rest(tmp_path):
    model = make()
    model.processor = DetectionProcessor(list("abc"), 64, 64)
    seqzoo.save(model, tmp_path / "detr")
    tuned = seqzoo.load(tmp_path / "detr", num_classes=6)
    assert tuned.logits.kernel.shape == (8, 7)
    assert tuned.processor.labels == [f"class {i}" for i in range(6)]
    for one, other in zip(
        model.decoder[1].weights, tuned.decoder[1].weights, strict=True
    ):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(one), ops.convert_to_numpy(other)
        )


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((1, 64, 64, 1), "float32"), r"height, width, 3"),
        ({"images": np.zeros((1, 64, 64, 3), "float32")}, r"a dict of \['images'\]"),
        (
            {
                "images": np.zeros((1, 64, 64, 3), "float32"),
                "mask": np.ones((1, 64, 32), bool),
            },
            "a place for each pixel",
        ),
    ],
    ids=["channels", "no mask", "mask"],
)
def test_bad_inputs_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        make()(inputs)


@pytest.mark.parametrize(
    "changes",
    [{"backbone": "vgg"}, {"block": "x"}, {"num_heads": 3}, {"depths": (1,)}],
    ids=lambda changes: next(iter(changes)),
)
def test_bad_choices_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        make(**changes)
