import numpy as np
import pytest

from seqzoo import plot
from seqzoo.tasks import Answer


def answer(sentences=("Mary went <b>.", "It cost $2 or $3."), hops=3):
    weights = np.full((hops, len(sentences)), 1 / max(1, len(sentences)))
    return Answer("garden", 0.875, "Where is Mary?", list(sentences), weights)


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_it_is_the_same_file_each_time(tmp_path, suffix):
    first, second = (
        plot.plot_hops(answer(), tmp_path / f"{name}.{suffix}") for name in "ab"
    )
    assert first.read_bytes() == second.read_bytes()


def test_a_long_story_is_drawn(tmp_path):
    out = tmp_path / "a.svg"
    plot.plot_hops(answer(["Mary went to the garden again. " * 4] * 50), out)
    assert out.stat().st_size > 10_000


def test_what_does_not_fit_is_refused(tmp_path):
    wrong = Answer("a", 1.0, "b?", ["c."], np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"\(hops, 1\)"):
        plot.plot_hops(wrong, tmp_path / "a.svg")
    with pytest.raises(ValueError, match="nothing to draw"):
        plot.plot_hops(answer([]), tmp_path / "a.svg")
