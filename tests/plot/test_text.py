"""A text on the colours of a unit: as an image and as a page."""

import html.parser
from types import SimpleNamespace

import numpy as np
import pytest

from seqzoo import plot
from seqzoo.plot.colours import colour
from seqzoo.plot.text import CELL_WIDTH, _text_figure
from seqzoo.plot.unit_text import WIDTH, steps_in_lines

TEXT = 'To <b>&"be"</b>\n\tor $x_1$ not\x00\n'


def reading(text=TEXT, k=3):
    rng = np.random.default_rng(0)
    probabilities = -np.sort(-rng.dirichlet(np.ones(5), len(text))[:, :k])
    return SimpleNamespace(
        characters=tuple(text),
        layer=1,
        unit=7,
        quantity="tanh(c)",
        activations=np.linspace(-1, 1, len(text)),
        top=tuple(tuple('<& "\n'[:k]) for _ in text),
        probabilities=probabilities,
    )


class Page(html.parser.HTMLParser):
    """Every element with its attributes, and the text of each class."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "br"):
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            name = self.open[-1][1].get("class", self.open[-1][0])
            self.texts.setdefault(name, []).append(data)


@pytest.fixture
def page(tmp_path):
    path = plot.plot_text(reading(), tmp_path / "a.html")
    return Page(path.read_text("utf-8"))


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "html"])
def test_the_same_reading_gives_the_same_file(tmp_path, suffix):
    one = plot.plot_text(reading(), tmp_path / f"one.{suffix}")
    two = plot.plot_text(reading(), tmp_path / f"two.{suffix}")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [one.name, two.name]


def test_every_character_of_the_page_is_the_one_that_was_read(page):
    assert page.open == []  # every element was closed, in order
    assert "".join(page.texts["read"]) == 'To <b>&"be"</b>↵⇥or $x_1$ not\ufffd↵'
    assert page.texts["next"] == ["<", "&", "␣"] * len(TEXT)


def test_the_page_has_a_span_for_each_character_and_each_expected_one(page):
    spans = [attributes for tag, attributes in page.elements if tag == "span"]
    assert len(spans) == len(TEXT) * (1 + 1 + 3)
    titles = [span["title"] for span in spans if span["class"] == "step"]
    first = reading().probabilities[0]
    assert titles[0] == (
        f"-1.00, next: < {first[0]:.1%}, & {first[1]:.1%}, ␣ {first[2]:.1%}"
    )
    grounds = [span["style"] for span in spans if span["class"] == "read"]
    assert grounds == [f"background:{colour(a)}" for a in reading().activations]
    faint = [float(span["style"][8:]) for span in spans if span["class"] == "next"]
    assert faint[:3] == sorted(faint[:3], reverse=True)
    assert 0.5 < min(faint) <= max(faint) <= 1


def test_the_page_needs_nothing_but_itself(tmp_path, page):
    source = (tmp_path / "a.html").read_text("utf-8")
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.elements}
    assert not any(word in source for word in ("://", "src=", "url(", "@import"))


def test_a_line_ends_at_a_newline_or_when_it_is_full():
    text = "a" * (2 * WIDTH + 1) + "\n\n" + "b" * WIDTH
    lines = steps_in_lines(reading(text))
    assert [len(line) for line in lines] == [WIDTH, WIDTH, 2, 1, WIDTH]
    assert "".join(s.token for line in lines for s in line) == text.replace("\n", "↵")


def test_a_token_of_several_characters_is_not_cut_at_the_end_of_a_line():
    trace = reading("ab", k=0)
    long = WIDTH * "c"
    trace.characters = ("a" * (WIDTH - 1), " bc", long + "d")
    trace.activations, trace.top = np.array([-1.0, 0.0, 1.0]), ((),) * 3
    trace.probabilities = np.zeros((3, 0))
    lines = steps_in_lines(trace)
    assert ["".join(s.token for s in line) for line in lines] == [
        "a" * (WIDTH - 1),
        " bc",
        long,
        "d",
    ]
    assert [step.activation for step in lines[1]] == [0.0] * 3


@pytest.mark.parametrize("suffix", ["png", "html"])
def test_a_trace_without_predictions_has_no_note_on_them(tmp_path, suffix):
    path = plot.plot_text(reading(k=0), tmp_path / f"a.{suffix}")
    if suffix == "html":
        text = path.read_text("utf-8")
        assert "next" not in Page(text).texts and "expected" not in text


def luminance(code):
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_black_is_legible_on_every_colour_and_the_ends_differ():
    values = np.linspace(-1, 1, 41)
    contrasts = [(luminance(colour(v)) + 0.05) / 0.05 for v in values]
    assert min(contrasts) >= 7  # WCAG's level AAA
    assert len({colour(v) for v in values}) == len(values)
    assert colour(-9.0) == colour(-1.0)


def test_no_two_characters_of_the_image_overlap():
    figure = _text_figure("title", steps_in_lines(reading("MW@" * 30, k=3)))
    canvas = figure.canvas
    canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert max(box.width for box in boxes[:-2]) <= CELL_WIDTH * figure.dpi / 72
    middles = {round((box.x0 + box.x1) / 2) for box in boxes[:-2]}
    assert len(middles) == WIDTH
    for box in boxes:
        assert sum(box.overlaps(other) for other in boxes) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"characters": (), "activations": np.zeros(0)}, "at least one character"),
        ({"activations": np.zeros(3)}, r"shape \(3,\)"),
        ({"top": (("a",),)}, "1 rows"),
        ({"probabilities": np.zeros((len(TEXT), 2))}, "the same shape"),
    ],
)
def test_a_reading_whose_parts_do_not_fit_is_refused(tmp_path, changes, message):
    broken = SimpleNamespace(**{**vars(reading()), **changes})
    with pytest.raises(ValueError, match=message):
        plot.plot_text(broken, tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_leaves_the_old_one_alone(tmp_path, monkeypatch):
    path = plot.plot_text(reading(), tmp_path / "a.html")
    before = path.read_bytes()

    def fail(self, text, **options):
        self.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(type(path), "write_text", fail)
    with pytest.raises(OSError, match="no space left"):
        plot.plot_text(reading("ab"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
