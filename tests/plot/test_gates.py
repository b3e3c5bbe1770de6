"""The gates of a layer over time."""

import itertools

import keras
import numpy as np
import pytest

from seqzoo import plot
from seqzoo.layers import LSTMCell, PhasedLSTMCell, Recurrent
from seqzoo.plot.gates import MIN_LABEL_WIDTH, _gates_figure, _openings


def trace(cell, steps=6):
    x = np.random.default_rng(0).normal(size=(2, steps, 3)).astype("float32")
    traced = Recurrent(cell).trace(x)
    return {name: keras.ops.convert_to_numpy(each)[0] for name, each in traced.items()}


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Draws, and returns the images of the panels by their titles."""
    import seqzoo.plot.gates as module

    figures = []

    def write(figure, path, file_format):
        figures.append(figure)
        return path

    monkeypatch.setattr(module, "write_figure", write)

    def draw(gates, **options):
        plot.plot_gates(gates, tmp_path / "a.png", **options)
        panels = [axes for axes in figures[-1].axes if axes.get_title()]
        return {axes.get_title(): axes for axes in panels}

    return draw


def test_every_gate_has_a_panel_of_units_by_steps_and_states_have_none(drawn):
    gates = trace(LSTMCell(4))
    panels = drawn(gates)
    assert list(panels) == ["input gate", "forget gate", "output gate"]
    for title, axes in panels.items():
        (image,) = axes.get_images()
        np.testing.assert_allclose(
            image.get_array(), gates[title.replace(" ", "_")].T, atol=1e-6
        )
        assert image.get_clim() == (0.0, 1.0)


def test_states_are_drawn_when_asked_for(drawn):
    panels = drawn(trace(LSTMCell(4)), names=["c", "input_gate"])
    limits = {title: axes.get_images()[0].get_clim() for title, axes in panels.items()}
    assert limits == {"c": (-1.0, 1.0), "input gate": (0.0, 1.0)}


def test_the_steps_bear_their_labels(drawn):
    panels = drawn(trace(LSTMCell(4)), labels=list("a b\n$$"))
    ticks = panels["output gate"].get_xticklabels()
    assert [tick.get_text() for tick in ticks] == ["a", "␣", "b", "↵", "$", "$"]


def test_labels_that_would_overlap_are_left_out(monkeypatch):
    monkeypatch.setattr("seqzoo.plot.gates.MAX_WIDTH", 4.0)
    steps = int(72 * 4.0 / MIN_LABEL_WIDTH) + 1
    for few, labelled in ((steps - 1, True), (steps, False)):
        panels = {"toy_gate": np.ones((few, 2))}
        figure = _gates_figure(panels, ["a"] * few)
        figure.set_dpi(300)  # as finely as letters are measured
        figure.canvas.draw()
        labels = figure.axes[0].get_xticklabels()
        assert (len(labels) == few) is labelled
        boxes = [label.get_window_extent() for label in labels if label.get_text()]
        assert not any(a.x1 > b.x0 for a, b in itertools.pairwise(boxes))


def test_the_units_of_a_phased_lstm_stand_in_the_order_of_their_rhythm(drawn):
    gates = trace(PhasedLSTMCell(16), steps=60)
    image = drawn(gates)["time gate"].get_images()[0].get_array()
    openings = _openings(np.asarray(image).T)
    assert openings.tolist() == sorted(openings, reverse=True)
    assert openings[0] > openings[-1]
    assert sorted(openings) == sorted(_openings(gates["time_gate"]))


def test_openings_are_counted_where_a_gate_begins_to_open():
    gate = np.array([[1, 0], [1, 0], [0, 0.5], [0.1, 0.2], [0, 0]])
    assert _openings(gate).tolist() == [2, 1]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_gates_give_the_same_file(tmp_path, suffix):
    gates = trace(LSTMCell(4))
    one = plot.plot_gates(gates, tmp_path / f"one.{suffix}", labels="abcdef")
    two = plot.plot_gates(gates, tmp_path / f"two.{suffix}", labels="abcdef")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("gates", "options", "message"),
    [
        ({"h": np.ones((2, 3))}, {}, "ends in '_gate'.*Received: h"),
        ({}, {}, "ends in '_gate'"),
        ({"a_gate": np.ones((2, 3))}, {"names": ["b"]}, r"names=\['b'\]"),
        ({"a_gate": np.ones((2, 3))}, {"labels": "abc"}, "3 labels"),
        ({"a_gate": np.ones(2)}, {}, r"\(steps, units\)"),
        ({"a_gate": np.ones((0, 3))}, {}, r"\(steps, units\)"),
        ({"a_gate": np.ones((2, 3)), "b_gate": np.ones((3, 3))}, {}, "same number"),
        ({"a_gate": np.ones(())}, {}, r"\(steps, units\)"),
    ],
)
def test_what_is_no_figure_of_gates_is_refused(tmp_path, gates, options, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_gates(gates, tmp_path / "a.png", **options)
