"""The curves of vanishing gradients."""

import numpy as np
import pytest

from seqzoo import plot
from seqzoo.plot.gradients import _gradients_figure


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_curves_give_the_same_file(tmp_path, suffix):
    curves = {"$x_1$": (range(4), 0.5 ** np.arange(4)), "b": ([0, 9], [1, 2])}
    one = plot.plot_gradients(curves, tmp_path / f"one.{suffix}")
    two = plot.plot_gradients(curves, tmp_path / f"two.{suffix}")
    assert one.read_bytes() == two.read_bytes()


def test_the_axis_is_logarithmic_and_lags_are_sorted():
    lags, norms = np.array([2.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.1])
    (axes,) = _gradients_figure({"a": (lags, norms)}).axes
    assert (axes.get_yscale(), axes.get_xscale()) == ("log", "linear")
    (line,) = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])
    np.testing.assert_array_equal(line.get_ydata(), [1, 0.1, np.nan])


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "no curve"),
        ({"a": ([0, 1], [1.0])}, "as many norms as lags"),
        ({"a": ([], [])}, "one of them above 0"),
        ({"a": ([1], [0.0])}, "one of them above 0"),
    ],
)
def test_curves_that_cannot_be_drawn_are_refused(tmp_path, curves, message):
    with pytest.raises(ValueError, match=message):
        plot.plot_gradients(curves, tmp_path / "a.png")
