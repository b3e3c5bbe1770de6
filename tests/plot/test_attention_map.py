"""A map of attention over its image: its place, its colours, its file."""

import numpy as np
import pytest
from PIL import Image

from seqzoo import plot
from seqzoo.plot.attention_map import _attention_figure, even_shares

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(256, size=(30, 40, 3)).astype("uint8")
WEIGHTS = RNG.dirichlet(np.ones(12)).reshape(3, 4)


def drawn(region=None, size=(40, 30)):
    """The axes of the image, of the map and of its scale."""
    image = Image.fromarray(IMAGE).resize(size)
    return _attention_figure(image, even_shares(WEIGHTS), region, "cat", "$x$").axes


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_map_gives_the_same_file(tmp_path, suffix):
    one = plot.plot_attention_map(IMAGE, WEIGHTS, tmp_path / f"one.{suffix}")
    two = plot.plot_attention_map(IMAGE, WEIGHTS, tmp_path / f"two.{suffix}")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [one.name, two.name]


def test_the_image_is_on_the_left_and_the_map_over_it_on_the_right():
    plain, over, _ = drawn()
    (shown,) = plain.get_images()
    np.testing.assert_array_equal(shown.get_array(), IMAGE)
    grey, cover = over.get_images()
    assert (grey.get_cmap().name, grey.get_clim()) == ("gray", (0, 255))
    np.testing.assert_allclose(cover.get_array(), 12 * WEIGHTS)
    assert list(cover.get_extent()) == list(grey.get_extent()) == [0, 40, 30, 0]
    assert [axes.get_title() for axes in (plain, over)] == ["cat", "$x$"]


def test_a_map_of_a_part_lies_on_that_part_and_is_cut_off_at_the_border():
    over = drawn(region=(5, 2, 44, 33))[1]
    assert list(over.get_images()[1].get_extent()) == [5, 44, 33, 2]
    assert (over.get_xlim(), over.get_ylim()) == ((0, 40), (30, 0))


@pytest.mark.parametrize("size", [(40, 30), (300, 20), (20, 300), (1, 1)])
def test_both_panels_keep_the_shape_of_the_image(size):
    plain, over, _ = drawn(size=size)
    plain.figure.draw_without_rendering()
    for axes in (plain, over):
        box = axes.get_window_extent()
        assert box.width / box.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert plain.get_window_extent().x1 < over.get_window_extent().x0


def test_a_share_of_one_is_what_all_would_get_alike():
    np.testing.assert_allclose(even_shares(WEIGHTS).mean(), 1)
    np.testing.assert_array_equal(even_shares(np.full((2, 2), 0.1)), np.ones((2, 2)))


def test_a_path_and_grey_are_drawn_too(tmp_path):
    Image.fromarray(IMAGE[..., 0]).save(tmp_path / "grey.png")
    plot.plot_attention_map(tmp_path / "grey.png", WEIGHTS, tmp_path / "a.png")
    plot.plot_attention_map(IMAGE[..., 0], np.ones((1, 1)), tmp_path / "b.png")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), r"shape \(3,\), from 1.0 to 1.0"),
        (np.ones((0, 3)), r"shape \(0, 3\)\."),
        (np.zeros((2, 3)), "from 0.0 to 0.0"),
        (np.array([[0.5, -0.1]]), "from -0.1 to 0.5"),
        (np.array([[0.5, np.nan]]), "rows, columns"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, weights, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_attention_map(IMAGE, weights, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_image_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_text("no image")
    with pytest.raises(ValueError, match="is no image that can be read"):
        plot.plot_attention_map(tmp_path / "a.jpg", WEIGHTS, tmp_path / "a.png")
    with pytest.raises(FileNotFoundError, match=r"b\.jpg"):
        plot.plot_attention_map(tmp_path / "b.jpg", WEIGHTS, tmp_path / "a.png")
