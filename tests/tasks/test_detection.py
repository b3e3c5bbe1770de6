"""`detect`, on a tiny DETR."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

import seqzoo
from seqzoo import cli
from seqzoo.models import DETR
from seqzoo.ops import compilation
from seqzoo.processors import DetectionProcessor
from seqzoo.tasks import Detections
from tests.models.tiny import TINY_DETR

LABELS = ["cat", "dog", "traffic light"]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = DETR(TINY_DETR)
    model(model.example_inputs())
    model.processor = DetectionProcessor(LABELS, 32, 48)
    return model


def random_image(height, width, seed=0):
    shape = (height, width, 3)
    return np.random.default_rng(seed).integers(256, size=shape).astype("uint8")


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs")
def test_a_graph_answers_many_images_of_any_size_alike(model, monkeypatch):
    """It is traced once; new weights are seen."""
    all_images = [
        random_image(50, 90),
        random_image(64, 64),
        random_image(90, 31),
        random_image(50, 90, 1),
    ]
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    slowly = model.detect(all_images, threshold=0.0)
    monkeypatch.setattr(compilation, "EAGER_CALLS", 0)
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    calls = []
    call = type(model).call
    monkeypatch.setattr(
        type(model), "call", lambda *given, **k: calls.append(1) or call(*given, **k)
    )
    for images in (all_images, all_images[:1]):
        for one, other in zip(model.detect(images, 0.0), slowly, strict=False):
            assert one.labels == other.labels
            np.testing.assert_allclose(one.boxes_xyxy, other.boxes_xyxy, atol=1e-3)
            np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    assert len(calls) == 1
    weight = model.trainable_weights[0]
    before = weight.numpy()
    weight.assign(before + 0.1)
    changed = model.detect(all_images[0], 0.0)
    weight.assign(before)
    assert np.abs(changed.scores - slowly[0].scores).max() > 1e-5


def test_what_is_reported_follows_from_logits_and_boxes(model):
    image = random_image(50, 90)
    outputs = model(model.processor.encode([image]))
    logits = ops.convert_to_numpy(outputs["logits"])[0]
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    boxes = ops.convert_to_numpy(outputs["boxes_cxcywh"])[0]
    found = model.detect(image, threshold=0.0)
    assert isinstance(found, Detections) and len(found) == TINY_DETR.num_queries
    order = np.argsort(-probabilities[:, :3].max(-1), kind="stable")
    for k, query in enumerate(order):
        assert found.labels[k] == LABELS[probabilities[query, :3].argmax()]
        best = probabilities[query, :3].max()
        assert found.scores[k] == pytest.approx(best, abs=1e-5)
        x, y, width, height = boxes[query]
        expected = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        expected = np.array(expected) * [90, 50, 90, 50]  # its own pixels
        np.testing.assert_allclose(found.boxes_xyxy[k], expected, atol=1e-3)


def test_the_threshold_leaves_out_what_is_less_probable(model):
    whole = model.detect(random_image(50, 90), threshold=0)
    middle = float(whole.scores[2])
    above = model.detect(random_image(50, 90), threshold=middle + 1e-6)
    assert above.labels == whole.labels[:2]
    nothing = model.detect(random_image(50, 90), threshold=1)
    assert len(nothing) == 0 and nothing.boxes_xyxy.shape == (0, 4)


def test_one_image_and_lists_of_any_sizes(model, monkeypatch, tmp_path):
    """What is found in an image does not depend on those beside it."""
    monkeypatch.setattr(model, "batch_size", 2)
    images = [
        random_image(*size, seed) for seed, size in enumerate([(40, 40), (60, 30)])
    ]
    images += [
        random_image(40, 40, 2),
        random_image(80, 40, 3),
        random_image(40, 40, 4),
    ]
    Image.fromarray(images[1]).save(tmp_path / "a.png")
    together = model.detect([images[0], tmp_path / "a.png", *images[2:]], 0.1)
    assert len(together) == 5
    for image, found in zip(images, together, strict=True):
        alone = model.detect(image, 0.1)
        assert found.labels == alone.labels
        np.testing.assert_allclose(found.boxes_xyxy, alone.boxes_xyxy, atol=1e-3)
    assert model.detect([]) == []


@pytest.mark.parametrize("threshold", [-0.1, 1.5, "high", None])
def test_the_threshold_is_checked(model, threshold):
    with pytest.raises(ValueError, match="from 0 to 1"):
        model.detect(random_image(8, 8), threshold)


def test_what_is_no_image_is_refused(model):
    with pytest.raises(ValueError, match="must be a path"):
        model.detect([random_image(8, 8), None])


def test_a_model_without_a_processor_says_so():
    with pytest.raises(ValueError, match="no processor"):
        DETR(TINY_DETR).detect(random_image(8, 8))


def test_seqzoo_run_prints_a_line_for_each_object(model, tmp_path, capsys):
    seqzoo.save(model, tmp_path / "model")
    path = tmp_path / "a.png"
    Image.fromarray(random_image(40, 40)).save(path)
    run = ["run", str(tmp_path / "model"), str(path), "--threshold", "0.1"]
    assert cli.main(run) == 0
    lines = capsys.readouterr().out.splitlines()
    found = model.detect(path, 0.1)
    assert len(lines) == len(found) > 0
    label, score, *box, file = lines[0].split("\t")
    assert (label, file) == (found.labels[0], str(path))
    assert float(score) == pytest.approx(found.scores[0], abs=1e-4)
    np.testing.assert_allclose([float(x) for x in box], found.boxes_xyxy[0], atol=0.06)
    assert cli.main([*run, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["label"] for each in answer["objects"]] == found.labels
    np.testing.assert_allclose(
        [each["box_xyxy"] for each in answer["objects"]], found.boxes_xyxy, atol=1e-3
    )
