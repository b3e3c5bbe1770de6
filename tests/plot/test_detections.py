"""Boxes in an image, and the small images of where their queries looked."""

import numpy as np
import pytest
from PIL import Image

from seqzoo import plot
from seqzoo.plot.detections import _colours, _detections_figure
from seqzoo.tasks.detection import Detections

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(256, size=(30, 40, 3)).astype("uint8")
BOXES = np.array([[2, 3, 12, 9], [-4, 5, 60, 20], [1, 1, 5, 5]], "float32")
LABELS = ["cat", "$dog$", "cat"]
SCORES = np.array([0.9, 0.75, 0.5], "float32")
FOUND = Detections(BOXES, LABELS, SCORES)
NOTHING = Detections(np.zeros((0, 4), "f"), [], np.zeros(0, "f"))
MAPS = RNG.random((3, 4, 5))


def drawn(maps):
    """All axes, that of the whole image first."""
    names = [f"object {i}" for i in range(3)]
    image = Image.fromarray(IMAGE)
    return _detections_figure(image, BOXES, names, ["C0", "C1", "C0"], maps).axes


def box_of(patch):
    left, upper = patch.get_xy()
    return [left, upper, left + patch.get_width(), upper + patch.get_height()]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_detections_give_the_same_file(tmp_path, suffix):
    one, two = (tmp_path / f"{name}.{suffix}" for name in ("one", "two"))
    for path in (one, two):
        plot.plot_detections(IMAGE, FOUND, path, attention=MAPS)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [one.name, two.name]


def test_every_object_has_its_box_and_its_name():
    (axes,) = drawn([])
    assert [box_of(patch) for patch in axes.patches] == BOXES.tolist()
    assert [text.get_text() for text in axes.texts] == [
        "object 0",
        "object 1",
        "object 2",
    ]
    # A box may reach beyond the image, which stays as it is; its name does not.
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 40), (30, 0))
    assert axes.texts[1].get_position() == (0, 5)


def test_objects_of_a_class_share_a_colour():
    assert _colours(["cat", "dog", "cat"]) == ["C0", "C1", "C0"]
    assert _colours([]) == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_first_objects_have_small_images_of_where_they_looked(count):
    whole, *panels = drawn(list(MAPS[:count]))
    whole.figure.draw_without_rendering()
    assert [axes.get_title() for axes in panels] == [
        f"object {i}" for i in range(count)
    ]
    for i, axes in enumerate(panels):
        np.testing.assert_array_equal(axes.get_images()[1].get_array(), MAPS[i])
        assert [box_of(patch) for patch in axes.patches] == [BOXES[i].tolist()]
        assert axes.get_window_extent().y1 < whole.get_window_extent().y0


def test_small_images_stand_side_by_side_and_never_overlap():
    image, boxes = Image.fromarray(IMAGE), np.repeat(BOXES, 3, axis=0)
    names, maps = ["x"] * 9, [MAPS[0]] * 9
    figure = _detections_figure(image, boxes, names, ["C0"] * 9, maps)
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0
            assert apart or one.y1 <= other.y0 or other.y1 <= one.y0


def test_names_are_labels_and_scores_as_they_are(tmp_path):
    plot.plot_detections(IMAGE, FOUND, tmp_path / "a.svg")
    plot.plot_detections(IMAGE, NOTHING, tmp_path / "b.svg", attention=MAPS[:0])
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "b.svg").read_bytes()
    page = (tmp_path / "a.svg").read_text("utf-8")
    assert "cat 0.90" in page and "$dog$ 0.75" in page


@pytest.mark.parametrize(
    ("found", "maps", "message"),
    [
        (Detections(BOXES[:2], LABELS, SCORES), None, r"shape \(2, 4\)"),
        (Detections(BOXES, LABELS, SCORES[:1]), None, r"scores of shape \(1,\)"),
        (Detections(BOXES, LABELS[:2], SCORES), None, "2 labels"),
        (NOTHING, MAPS, "3 maps"),
        (FOUND, -MAPS, "not all 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, found, maps, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_detections(IMAGE, found, tmp_path / "a.png", attention=maps)
    assert list(tmp_path.iterdir()) == []
