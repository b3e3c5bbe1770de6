"""Files of figures: which there are, and that each is written whole or not at all."""

import sys

import pytest

from seqzoo import plot

CURVES = {"toy": ([0, 1, 2], [1.0, 0.5, 0.25])}


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.png.txt", ".png"])
def test_an_unknown_suffix_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end in one of \.png, \.svg, \.pdf"):
        plot.plot_gradients(CURVES, tmp_path / name)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="must be a folder that exists"):
        plot.plot_gradients(CURVES, tmp_path / "none" / "a.png")


def test_a_failure_leaves_the_old_figure_alone(tmp_path, monkeypatch):
    import matplotlib.figure

    def fail(self, path, **options):
        path.write_bytes(b"half")
        raise OSError("no space left")

    path = plot.plot_gradients(CURVES, tmp_path / "a.png")
    before = path.read_bytes()
    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", fail)
    with pytest.raises(OSError, match="no space left"):
        plot.plot_gradients(CURVES, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_without_matplotlib_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "matplotlib'):
        plot.plot_gradients(CURVES, tmp_path / "a.png")


def test_a_page_needs_no_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / "a.html"
    assert plot.checked_path(path, html=True) == (path, "html")
    with pytest.raises(ValueError, match=r"\.pdf\. Received"):
        plot.checked_path(path)
