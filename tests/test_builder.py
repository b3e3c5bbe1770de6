"""The builder of the site: links, formulas, drawings, the pages of models."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(autouse=True)
def _builder(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))


def test_links_out_of_docs_lead_to_pages_of_the_site():
    from builder.links import for_site

    text = "[a](../../recipes/x.py) [b](../../weights/y) [c](../cells.md#d) [e](#f)"
    targets = set()
    assert for_site(text, "docs/models/z.md", targets) == (
        "[a](../source/recipes/x.py.md) [b](../weights/y.md) [c](../cells.md#d) [e](#f)"
    )
    assert targets == {"recipes/x.py", "weights/y"}


def test_links_of_the_root_lead_to_pages_of_the_site():
    from builder.links import for_site

    text = "[a](docs/cells.md) [b](LICENSE) [c](README.md)"
    assert for_site(text, "CHANGELOG.md", set()) == (
        "[a](cells.md) [b](source/LICENSE.md) [c](index.md)"
    )


def test_code_is_no_prose():
    from builder.links import for_site

    text = "```python\nf[0](../seqzoo/zoo.py)\n```\n[zoo](../seqzoo/zoo.py)\n"
    targets = set()
    assert "f[0](../seqzoo/zoo.py)" in for_site(text, "docs/a.md", targets)
    assert targets == {"seqzoo/zoo.py"}


def test_an_svg_becomes_part_of_its_page():
    from builder.links import for_site

    page = for_site("![A cell](../figures/cells/gru.svg)", "docs/models/z.md", set())
    assert page.startswith('<div class="figure" role="img" aria-label="A cell"')
    assert "<svg" in page and "<style" not in page
    with pytest.raises(FileNotFoundError):
        for_site("![A cell](no.svg)", "docs/z.md", set())


def test_formulas_become_mathml_in_their_place():
    pytest.importorskip("latex2mathml")
    from markdown import markdown

    from builder.links import for_site

    text = "Here\n$h_t$ is, and `$x$` is code.\n\n```math\nx\n```\n\n```sh\n$x$\n```\n"
    page = for_site(text, "docs/z.md", set())
    assert page.count("<math ") == 2 and '<div class="formula"><math' in page
    assert "`$x$`" in page and "\n$x$\n" in page
    paragraph = markdown(page, extensions=["md_in_html"]).split("</p>")[0]
    assert "Here" in paragraph and "</math></span> is, and" in paragraph


def test_a_folder_is_a_list_of_its_files():
    from builder.links import source_pages

    pages = source_pages({"benchmarks/results"})
    assert "source/benchmarks/results/translation.json.md" in pages
    index = pages["source/benchmarks/results.md"]
    assert "(results/translation.json.md)" in index


@pytest.mark.parametrize(
    "tex, cells",
    [
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", 4),
        (
            r"\begin{aligned} k &= \begin{cases} 1 & x \\ 2 & y \end{cases} \\ "
            r"c &= d \end{aligned}",
            8,
        ),
        (r"h_t = \tanh(W x_t)", 0),
    ],
)
def test_rows_and_columns_of_a_formula(tex, cells):
    pytest.importorskip("latex2mathml")
    from builder.formulas import mathml

    root = ET.fromstring(mathml(tex, display=True))
    assert len(root.findall(".//{*}mtd")) == cells
    assert "&" not in "".join(root.itertext())


def test_what_is_no_formula_stops_the_build():
    pytest.importorskip("latex2mathml")
    from builder.formulas import mathml

    with pytest.raises(ValueError, match="cannot read this formula"):
        mathml(r"\left( a", display=False)


def test_drawings_are_whole_and_say_what_they_show():
    for path in sorted((DOCS / "figures").rglob("*.svg")):
        root = ET.parse(path).getroot()
        assert root.tag.endswith("svg")
        width, height = map(float, root.get("viewBox").split()[2:])
        assert width > 50 and height > 50


def test_every_trained_model_has_a_page_with_all_that_is_known():
    from builder.model_pages import model_pages
    from builder.records import records

    pages = model_pages()
    assert {f"weights/{name}.md" for name in records()} == set(pages)
    for page, text in pages.items():
        for part in ("## Architecture and equations", "## Scores", "## API"):
            assert f"{part}\n\n" in text, page
        assert "```math" in text, page


def test_every_topic_of_a_lecture_has_its_models_and_a_file():
    """The test of links looks whether the files exist."""
    text = (DOCS / "lectures.md").read_text("utf-8")
    header, _, *rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert header == "| topic | models | file | figures |"
    for row in rows:
        assert re.search(r"\| <!-- models: .+? -->\[.+<!-- end --> \| \[\w+\.py\]", row)
