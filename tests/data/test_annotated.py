"""Images with boxes: targets, noise, and generated scenes."""

import numpy as np
import pytest

from seqzoo.data import (
    AnnotatedImage,
    RandomFlips,
    RandomResizedCrop,
    toy_digits,
    toy_scenes,
)
from seqzoo.data.detection_batches import noised_targets, padded_targets
from seqzoo.data.scenes import DigitScenes

IMAGE = AnnotatedImage(
    np.zeros((50, 100, 3), "uint8"),
    np.array([[10, 20, 30, 40], [0, 0, 100, 50]], "float32"),
    np.array([2, 0], "int32"),
)
EMPTY = AnnotatedImage(IMAGE.image, np.zeros((0, 4), "float32"), np.zeros(0, "int32"))


def test_targets_are_centres_and_sides_as_shares_of_the_image():
    found = padded_targets([IMAGE, EMPTY], 3)
    np.testing.assert_array_equal(found["labels"], [[2, 0, -1], [-1, -1, -1]])
    wanted = [[0.2, 0.6, 0.2, 0.4], [0.5, 0.5, 1, 1]]
    np.testing.assert_allclose(found["boxes_cxcywh"][0, :2], wanted)


def test_too_many_objects_are_refused():
    with pytest.raises(ValueError, match=r"at most 1 objects\. Received: 2"):
        padded_targets([IMAGE], 1)


def test_noise_stays_near_its_object():
    targets = padded_targets([IMAGE, EMPTY], 3)
    found = noised_targets(targets, np.random.default_rng(0), 200, 5)
    assert found["noised_boxes"].shape == (2, 200, 3, 4)
    away = np.abs(found["noised_boxes"][0, :, 0] - targets["boxes_cxcywh"][0, 0])
    assert (away.max(0) <= [0.04, 0.08, 0.08, 0.16]).all()
    assert (away.max(0) >= [0.03, 0.06, 0.06, 0.12]).all()
    labels = found["noised_labels"]
    assert (labels[1] == -1).all() and (labels[0, :, 2] == -1).all()
    assert 0.05 < (labels[0, :, 0] != 2).mean() < 0.3  # 4/5 of a fifth
    assert labels.min() == -1 and labels.max() == 4


def marked(boxes, height=60, width=90):
    """Black, each box filled with its own brightness."""
    image = np.zeros((height, width, 3), "uint8")
    for i, (x0, y0, x1, y1) in enumerate(boxes, start=1):
        image[y0:y1, x0:x1] = 60 * i
    labels = np.arange(len(boxes), dtype="int32")
    return AnnotatedImage(image, np.array(boxes, "float32"), labels)


BOXES = [(10, 10, 30, 25), (50, 30, 85, 55), (60, 5, 80, 20)]


def test_boxes_go_with_a_mirrored_image():
    """What is bright is in its box, and in all four ways of mirroring."""
    ways = set()
    for seed in range(12):
        found = RandomFlips()(marked(BOXES), np.random.default_rng(seed))
        for i, box in enumerate(found.boxes_xyxy.astype(int), start=1):
            x0, y0, x1, y1 = box
            assert (found.image[y0:y1, x0:x1] == 60 * i).all()
        ways.add(tuple(found.boxes_xyxy[0]))
    assert len(ways) == 4


def test_boxes_go_with_a_part_of_a_image():
    """The middle of a box has its brightness; a box that is mostly outside is gone."""
    kept = []
    for seed in range(30):
        crop = RandomResizedCrop(0.5, (40, 60), visible=0.4)
        found = crop(marked(BOXES), np.random.default_rng(seed))
        assert found.image.shape == (40, 60, 3)
        boxes = found.boxes_xyxy
        assert (boxes >= -1e-4).all() and (boxes <= [60.001, 40.001] * 2).all()
        for (x0, y0, x1, y1), label in zip(boxes, found.labels, strict=True):
            middle = found.image[int((y0 + y1) / 2), int((x0 + x1) / 2), 0]
            assert middle == 60 * (label + 1)
        kept.append(len(boxes))
    assert min(kept) < 3 == max(kept)


def test_the_whole_is_a_part():
    whole = marked(BOXES)
    crop = RandomResizedCrop(1.0, (60, 90), visible=0.4)
    found = crop(whole, np.random.default_rng(0))
    np.testing.assert_array_equal(found.image, whole.image)
    np.testing.assert_allclose(found.boxes_xyxy, whole.boxes_xyxy, atol=1e-4)


@pytest.fixture(scope="module")
def scenes():
    return DigitScenes(toy_digits().train, 40, (7,))[:40]


def test_a_scene_is_repeated_by_its_seed(scenes):
    again = DigitScenes(toy_digits().train, 40, (7,))
    other = DigitScenes(toy_digits().train, 40, (8,))
    np.testing.assert_array_equal(again[5].image, scenes[5].image)
    np.testing.assert_array_equal(again[-1].boxes_xyxy, scenes[39].boxes_xyxy)
    assert (other[5].image != scenes[5].image).any()


def test_boxes_lie_in_the_image_and_hardly_overlap(scenes):
    for scene in scenes:
        assert scene.image.shape == (128, 128, 3) and scene.image.dtype == np.uint8
        boxes = scene.boxes_xyxy
        assert 1 <= len(boxes) == len(scene.labels) <= 10
        assert boxes.min() >= 0 and boxes.max() <= 128
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
                shared = np.maximum(high - low, 0).prod()
                union = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared
                assert shared <= 0.1 * union


def test_epochs_differ_and_parts_are_fixed():
    corpus = toy_scenes()
    first, second = corpus.train(0)[0], corpus.train(1)[0]
    assert (first.image != second.image).any()
    np.testing.assert_array_equal(corpus.train(0)[0].image, first.image)
    np.testing.assert_array_equal(corpus.test[2].image, toy_scenes().test[2].image)
