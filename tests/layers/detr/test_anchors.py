"""Queries that are boxes, and attention around a box."""

import keras
import numpy as np
from keras import ops

from seqzoo.layers.detr.anchors import Anchors, denoising_mask, logit
from seqzoo.layers.detr.smca import SpatialModulation


def test_fresh_anchors_cover_the_image():
    """Every point is within half a grid step of a centre."""
    anchors = Anchors(10, 8, 3)
    anchors.build()
    contents, boxes, allowed = anchors.initial_queries(2)
    assert ops.shape(contents) == (2, 10, 8) and allowed is None
    boxes = ops.convert_to_numpy(boxes)
    np.testing.assert_array_equal(boxes[0], boxes[1])
    points = np.random.default_rng(0).uniform(0, 1, (500, 1, 2)) * [1, 2 / 3]
    away = np.abs(points - boxes[0, :, :2]).max(-1).min(-1)
    assert away.max() <= 1 / 6 + 1e-6


def test_positions_tell_boxes_apart():
    anchors = Anchors(4, 8, 3)
    anchors.build()
    boxes = np.random.default_rng(0).uniform(0.2, 0.8, (1, 4, 4)).astype("float32")
    before = ops.convert_to_numpy(anchors.positions(boxes))
    for number in range(4):
        changed = boxes.copy()
        changed[0, 2, number] += 0.1
        moved = np.abs(ops.convert_to_numpy(anchors.positions(changed)) - before)
        assert moved[0, 2].max() > 1e-3 and moved[0, [0, 1, 3]].max() == 0


def test_who_sees_whom():
    mask = denoising_mask(2, 2, 3)
    names = "qqaaabbb"
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            assert mask[i, j] == (other == "q" or one == other)


def test_logit_is_the_inverse_of_the_sigmoid_and_finite():
    p = np.array([0.0, 0.001, 0.3, 0.999, 1.0], "float32")
    back = ops.convert_to_numpy(ops.sigmoid(logit(p)))
    np.testing.assert_allclose(back, np.clip(p, 0.001, 0.999), atol=1e-6)


PLACES = np.stack(np.meshgrid(np.arange(0.05, 1, 0.1), np.arange(0.05, 1, 0.1)), -1)
PLACES = PLACES.reshape(1, 100, 2).astype("float32")


def looks(box, x=None, heads=5):
    keras.utils.set_random_seed(0)
    layer = SpatialModulation(heads)
    boxes = np.array([[box]], "float32")
    x = np.zeros((1, 1, 6), "float32") if x is None else x
    return ops.convert_to_numpy(layer(x, boxes, PLACES))[0, :, 0]


def test_fresh_heads_look_at_the_box_and_around_it():
    bias = looks([0.45, 0.65, 0.2, 0.2])
    best = PLACES[0, bias.argmax(-1)]
    np.testing.assert_allclose(best[0], [0.45, 0.65], atol=1e-6)
    middle = np.abs(best - [0.45, 0.65])
    assert bias.max() <= 0 and middle.max() <= 0.1 + 1e-6
    assert len({tuple(each) for each in best.round(3).tolist()}) == 5


def test_a_larger_box_is_looked_at_further_out():
    small, large = looks([0.5, 0.5, 0.1, 0.1]), looks([0.5, 0.5, 0.6, 0.6])
    assert (large[0] >= small[0]).all() and (large[0] > small[0]).any()


def test_the_bias_is_the_logarithm_of_a_gaussian():
    """Against the equation at one place, with other weights than the fresh ones."""
    layer = SpatialModulation(2)
    x = np.random.default_rng(0).normal(size=(1, 1, 3)).astype("float32")
    box = np.array([[[0.4, 0.6, 0.3, 0.2]]], "float32")
    layer(x, box, PLACES)
    kernel = np.random.default_rng(1).normal(size=(3, 8)).astype("float32")
    layer.looks.kernel.assign(kernel)
    found = ops.convert_to_numpy(layer(x, box, PLACES))
    bias = ops.convert_to_numpy(layer.looks.bias)
    offset_x, offset_y, scale_x, scale_y = (x[0, 0] @ kernel + bias)[4:]
    away_x = PLACES[0, 7, 0] - (0.4 + 0.15 * offset_x)
    away_y = PLACES[0, 7, 1] - (0.6 + 0.1 * offset_y)
    expected = -((away_x / (0.15 * np.exp(scale_x) + 0.02)) ** 2) / 2
    expected -= (away_y / (0.1 * np.exp(scale_y) + 0.02)) ** 2 / 2
    np.testing.assert_allclose(found[0, 1, 0, 7], expected, rtol=1e-4)
