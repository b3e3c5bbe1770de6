"""The alignment: its words, its cells, its labels."""

from types import SimpleNamespace

import numpy as np
import pytest

from seqzoo import plot
from seqzoo.plot.alignment import _alignment_figure

SOURCE = ["▁a", "▁snow", "ball", ".", "<eos>"]
TARGET = ["▁ein", "▁Schnee", "ball", ".", "<eos>"]


def translation(source=SOURCE, target=TARGET):
    weights = np.random.default_rng(0).dirichlet(np.ones(len(source)), len(target))
    return SimpleNamespace(
        source_tokens=source, target_tokens=target, attention=weights
    )


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_translation_gives_the_same_file(tmp_path, suffix):
    one = plot.plot_alignment(translation(), tmp_path / f"one.{suffix}")
    two = plot.plot_alignment(translation(), tmp_path / f"two.{suffix}")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [one.name, two.name]


@pytest.mark.parametrize("steps", [1, 5, 40])
def test_every_label_stands_clear_of_its_neighbours(steps):
    words = ["Donaudampfschiff"] * steps
    figure = _alignment_figure(words, words, np.eye(steps))
    figure.canvas.draw()
    axes = figure.axes[0]
    for labels, side in (
        (axes.get_xticklabels(), "width"),
        (axes.get_yticklabels(), "height"),
    ):
        boxes = [label.get_window_extent() for label in labels]
        assert len(boxes) == steps
        cell = getattr(axes.get_window_extent(), side) / steps
        assert max(getattr(box, side) for box in boxes) <= cell


def test_white_is_weight_one_and_black_weight_zero():
    figure = _alignment_figure(["a", "b"], ["c"], np.array([[1.0, 0.0]]))
    image = figure.axes[0].get_images()[0]
    assert image.to_rgba(np.array([1.0, 0.0]), bytes=True)[:, :3].tolist() == [
        [255, 255, 255],
        [0, 0, 0],
    ]


def test_the_source_is_along_the_top_and_the_target_down_the_side():
    figure = _alignment_figure(["a", "b"], ["c"], np.array([[1.0, 0.0]]))
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c"]
    assert axes.xaxis.get_ticks_position() == "top"


def test_words_are_their_pieces_and_rows_still_sum_to_one():
    weights = translation().attention
    source, target, joined = plot.join_pieces(SOURCE, TARGET, weights)
    assert source == ["a", "snowball", ".", "<eos>"]
    assert target == ["ein", "Schneeball", ".", "<eos>"]
    np.testing.assert_allclose(joined.sum(axis=1), 1.0)
    by_hand = weights[1:3, 1:3].sum(axis=1).mean()  # Schneeball from snowball
    np.testing.assert_allclose(joined[1, 1], by_hand)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (["▁well", "-", "known"], ["well", "-", "known"]),
        (["▁", '"', "hi", '"', "▁he"], ['"', "hi", '"', "he"]),
        (["▁", "<unk>", "x"], ["<unk>x"]),
        (["no", "mark"], ["nomark"]),
        (["<eos>"], ["<eos>"]),
        (["▁a", "<eos>", "<pad>"], ["a", "<eos>", "<pad>"]),
    ],
)
def test_punctuation_and_marks_are_words(tokens, words):
    source, _, weights = plot.join_pieces(tokens, ["▁x"], np.ones((1, len(tokens))))
    assert source == words
    assert weights.sum() == len(tokens)


def test_any_character_can_be_drawn(tmp_path):
    tokens = ["▁$x_1$", "▁犬", "▁🐕", "▁<&>", "▁\\frac"]
    plot.plot_alignment(translation(tokens, tokens), tmp_path / "a.png")


def test_pieces_can_be_drawn_as_the_model_sees_them(tmp_path):
    plot.plot_alignment(translation(), tmp_path / "a.svg", pieces=True)
    plot.plot_alignment(translation(), tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() != (tmp_path / "b.svg").read_bytes()


def test_a_model_without_attention_has_nothing_to_draw(tmp_path):
    plain = SimpleNamespace(source_tokens=["a"], target_tokens=["b"], attention=None)
    with pytest.raises(ValueError, match="no attention"):
        plot.plot_alignment(plain, tmp_path / "a.png")


def test_attention_must_fit_the_tokens(tmp_path):
    with pytest.raises(ValueError, match=r"\(1, 2\). Received: \(2, 1\)"):
        plot.plot_alignment(
            SimpleNamespace(
                source_tokens=["a", "b"], target_tokens=["c"], attention=np.ones((2, 1))
            ),
            tmp_path / "a.png",
        )
