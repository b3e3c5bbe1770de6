"""What is special to `DETR`: its size, its queries, its masks."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

import seqzoo
from seqzoo.models import DETR, DETRConfig
from seqzoo.ops.positions import resized_mask
from seqzoo.processors import DetectionProcessor
from seqzoo.tasks.persistence import dtype_policy
from tests.models.tiny import TINY_DETR


def make(**changes):
    keras.utils.set_random_seed(0)
    model = DETR(dataclasses.replace(TINY_DETR, **changes))
    model(model.example_inputs())
    return model


def numpy_of(outputs):
    return keras.tree.map_structure(ops.convert_to_numpy, outputs)


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
    """Beyond what a convolution reaches from the image, padding may hold anything."""
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


LITE = {"queries": "anchors", "norm": "layer", "dropout": 0.0}


def noised(model, groups=2):
    """Inputs with denoising queries, the last of each group padding."""
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=(2, groups, 4)).astype("int32")
    labels[:, :, 3] = -1
    boxes = rng.uniform(0.2, 0.6, (2, groups, 4, 4)).astype("float32")
    return {**model.example_inputs(), "noised_labels": labels, "noised_boxes": boxes}


def test_training_returns_every_layer():
    model = make(**LITE)
    outputs = numpy_of(model(noised(model), training=True))
    assert [len(outputs["auxiliary"]), len(outputs["denoised"])] == [1, 2]
    assert tuple(outputs["denoised"][0]["logits"].shape) == (2, 2, 4, 4)
    plain = numpy_of(model(model.example_inputs()))
    for key, value in plain.items():
        np.testing.assert_allclose(outputs[key], value, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_fresh_decoder_leaves_boxes_where_they_are(dtype):
    """In float32 also in half precision, which would move them by whole pixels."""
    with dtype_policy(dtype):
        model = make(**LITE)
    inputs = noised(model)
    outputs = numpy_of(model(inputs, training=True))
    anchors = ops.convert_to_numpy(model.anchors.initial_queries(2)[1])
    np.testing.assert_allclose(outputs["boxes_cxcywh"], anchors, atol=1e-5)
    for layer in outputs["denoised"]:
        np.testing.assert_allclose(
            layer["boxes_cxcywh"], inputs["noised_boxes"], atol=1e-5
        )


def test_denoising_queries_tell_nobody_outside_their_group():
    model = make(**LITE)
    inputs = noised(model)
    before = numpy_of(model(inputs, training=True))
    inputs["noised_labels"][:, 1] = 0
    inputs["noised_boxes"][:, 1] *= 0.7
    inputs["noised_labels"][:, :, 3] = -1
    after = numpy_of(model(inputs, training=True))
    for key in ("logits", "boxes_cxcywh"):
        np.testing.assert_array_equal(after[key], before[key])
        one, other = (each["denoised"][1][key] for each in (before, after))
        np.testing.assert_array_equal(one[:, 0], other[:, 0])
        assert np.abs(one[:, 1] - other[:, 1]).max() > 1e-3
    # Padding is seen by none but itself.
    inputs["noised_boxes"][:, :, 3] = 0.9
    again = numpy_of(model(inputs, training=True))
    one, other = (each["denoised"][1]["logits"] for each in (after, again))
    np.testing.assert_array_equal(one[:, :, :3], other[:, :, :3])


def test_a_few_steps_learn_an_image():
    """The whole of a training step: matching, denoising, every layer's loss."""
    model = make(**LITE)
    inputs = noised(model)
    labels, boxes = inputs["noised_labels"][:, 0], inputs["noised_boxes"][:, 0]
    targets = {"labels": labels, "boxes_cxcywh": boxes}
    # The graph of a step takes longer to trace than a few steps.
    model.compile(keras.optimizers.Adam(3e-2), run_eagerly=True)
    losses = [float(model.train_on_batch(inputs, targets)) for _ in range(4)]
    assert losses[-1] < 0.9 * losses[0]


def test_a_loss_for_each_output_is_refused():
    with pytest.raises(ValueError, match="one loss of all its outputs"):
        make().compile("adam", {"logits": "mse", "boxes_cxcywh": "mae"})


def test_other_classes_and_queries_keep_the_rest_of_anchors(tmp_path):
    model = make(**LITE)
    model.processor = DetectionProcessor(list("abc"), 64, 64)
    seqzoo.save(model, tmp_path / "lite")
    tuned = seqzoo.load(tmp_path / "lite", num_classes=2, num_queries=7)
    assert tuned.anchors.labels.embeddings.shape == (2, 8)
    assert tuned.anchors.anchors.shape == (7, 4)
    for one, other in (
        (model.anchors.content, tuned.anchors.content),
        (model.boxes[0].kernel, tuned.boxes[0].kernel),
    ):
        np.testing.assert_array_equal(*map(ops.convert_to_numpy, (one, other)))


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
        ({"mask": np.ones((1, 64, 64), bool)}, r"a dict of \['mask'\]"),
        (
            {
                "images": np.zeros((1, 64, 64, 3), "float32"),
                "noised_labels": np.zeros((1, 1, 2), "int32"),
                "noised_boxes": np.zeros((1, 1, 2, 4), "float32"),
            },
            'queries="learned"',
        ),
        (
            {
                "images": np.zeros((1, 64, 64, 3), "float32"),
                "mask": np.ones((1, 64, 32), bool),
            },
            "a value for each pixel",
        ),
    ],
    ids=["channels", "no images", "noise", "mask"],
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
