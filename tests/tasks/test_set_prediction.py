"""The loss of a set, written again object by object."""

import itertools

import numpy as np
import pytest
from keras import ops

from seqzoo.models import MODELS
from seqzoo.tasks.set_prediction import SetPredictionLoss, check_targets
from tests.test_contract import build

RNG = np.random.default_rng(0)
LABELS = np.array([[2, 0, -1], [1, -1, -1]], "int32")
LOSS = SetPredictionLoss(
    class_weight=1.5, box_weight=4.0, giou_weight=3.0, no_object_weight=0.2
)


def boxes(*shape):
    centre = RNG.uniform(0.3, 0.7, (*shape, 2))
    return np.concatenate([centre, RNG.uniform(0.1, 0.5, (*shape, 2))], -1).astype("f")


BOXES = boxes(2, 3)
TARGETS = {"labels": LABELS, "boxes_cxcywh": BOXES}


def answers(*shape):
    logits = RNG.normal(size=(*shape, 4)).astype("float32")
    return {"logits": logits, "boxes_cxcywh": boxes(*shape)}


def giou(a, b):
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    low = np.array([[ax - aw / 2, ay - ah / 2], [bx - bw / 2, by - bh / 2]])
    high = np.array([[ax + aw / 2, ay + ah / 2], [bx + bw / 2, by + bh / 2]])
    shared = np.prod(np.maximum(high.min(0) - low.max(0), 0))
    union = aw * ah + bw * bh - shared
    hull = np.prod(high.max(0) - low.min(0))
    return shared / union - (hull - union) / hull


def place_cost(found, wanted):
    return 4.0 * np.abs(found - wanted).sum() + 3.0 * (1 - giou(found, wanted))


def surprises(logits):
    return -(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


def expected(layer):
    """Matched by trying every assignment; means over the batch."""
    surprise, weights, places, objects = 0.0, 0.0, 0.0, 0
    for i in range(2):
        real = np.nonzero(LABELS[i] >= 0)[0]
        bits = surprises(layer["logits"][i])

        def cost(order, i=i, real=real, bits=bits):
            return sum(
                place_cost(layer["boxes_cxcywh"][i, q], BOXES[i, j])
                - 1.5 * np.exp(-bits[q, LABELS[i, j]])
                for q, j in zip(order, real, strict=True)
            )

        order = min(itertools.permutations(range(5), len(real)), key=cost)
        for q in range(5):
            if q in order:
                j = real[order.index(q)]
                surprise, weights = surprise + bits[q, LABELS[i, j]], weights + 1
                places += place_cost(layer["boxes_cxcywh"][i, q], BOXES[i, j])
            else:
                surprise, weights = surprise + 0.2 * bits[q, 3], weights + 0.2
        objects += len(real)
    return 1.5 * surprise / weights + places / objects


def value(targets, outputs):
    return float(ops.convert_to_numpy(LOSS(targets, outputs)))


def test_the_loss_is_that_of_the_cheapest_assignment():
    layer = answers(2, 5)
    assert value(TARGETS, layer) == pytest.approx(expected(layer), rel=1e-5)


def test_alike_layers_count_each():
    layer = answers(2, 5)
    found = value(TARGETS, {**layer, "auxiliary": [layer, layer]})
    assert found == pytest.approx(3 * expected(layer), rel=1e-5)


def test_each_layer_is_matched_by_itself():
    """Another layer's order of queries does not matter."""
    first, last = answers(2, 5), answers(2, 5)
    turned = {key: each[:, ::-1] for key, each in first.items()}
    found = value(TARGETS, {**last, "auxiliary": [turned]})
    assert found == pytest.approx(value(TARGETS, {**last, "auxiliary": [first]}))


def test_objects_are_a_set_and_padding_is_nothing():
    layer = answers(2, 5)
    turned = {key: each[:, [2, 1, 0]] for key, each in TARGETS.items()}
    padded = {
        "labels": np.pad(LABELS, [(0, 0), (0, 2)], constant_values=-1),
        "boxes_cxcywh": np.pad(BOXES, [(0, 0), (0, 2), (0, 0)]),
    }
    for targets in (turned, padded):
        assert value(targets, layer) == pytest.approx(value(TARGETS, layer), rel=1e-5)


def test_denoising_queries_know_their_object():
    """No matching: the mean over real objects of what the group answers."""
    layer, noised = answers(2, 5), answers(2, 2, 3)
    surprise, places = [], []
    for i, g, j in itertools.product(range(2), range(2), range(3)):
        if LABELS[i, j] >= 0:
            surprise.append(surprises(noised["logits"][i, g])[j, LABELS[i, j]])
            places.append(place_cost(noised["boxes_cxcywh"][i, g, j], BOXES[i, j]))
    found = value(TARGETS, {**layer, "auxiliary": [], "denoised": [noised]})
    wanted = value(TARGETS, layer) + 1.5 * np.mean(surprise) + np.mean(places)
    assert found == pytest.approx(wanted, rel=1e-5)


def test_a_batch_without_objects_has_a_loss():
    empty = {"labels": np.full((2, 3), -1), "boxes_cxcywh": BOXES}
    layer = answers(2, 5)
    wanted = 1.5 * surprises(layer["logits"])[..., 3].mean()
    assert value(empty, layer) == pytest.approx(wanted, rel=1e-5)


def test_the_weights_are_its_config():
    assert SetPredictionLoss.from_config(LOSS.get_config()).get_config() == (
        LOSS.get_config()
    )


@pytest.mark.parametrize(
    ("labels", "box", "says"),
    [
        ([3], [0.5, 0.5, 0.2, 0.2], "from 0 to 2"),
        ([-2], [0.5, 0.5, 0.2, 0.2], "from 0 to 2"),
        ([0], [0.2, 0.2, 0.7, 0.7], "centre x"),  # x0, y0, x1, y1
        ([0], [20.0, 30.0, 8.0, 8.0], "divide pixels"),
        ([0], [0.5, 0.5, 0.2, 0.0], "centre x"),
        ([0], [0.5, 0.5, 0.2, np.nan], "centre x"),
    ],
)
def test_wrong_targets_are_refused(labels, box, says):
    targets = {"labels": np.array([labels]), "boxes_cxcywh": np.array([[box]], "f")}
    with pytest.raises(ValueError, match=says):
        LOSS(targets, answers(1, 5))
    model = build(MODELS["DETR"])
    model.compile("sgd")
    images = np.zeros((1, 32, 32, 3), "float32")
    with pytest.raises(ValueError, match=says):
        model.fit(images, targets, verbose=0)
    with pytest.raises(ValueError, match=says):
        model.train_on_batch(images, targets)


def test_padding_may_hold_any_box():
    targets = {"labels": np.array([[-1]]), "boxes_cxcywh": np.full((1, 1, 4), -5.0)}
    check_targets(targets, 3)
