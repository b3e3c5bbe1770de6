"""The page of each trained model, from its record, its card and its figures.

Its architecture and its equations are sections of `docs/equations.md`. The equations of
an architecture that has no section there are on the page in `docs/models`.
"""

import re
from pathlib import Path

from builder import records as read
from builder.records import DOCS, FIGURES, link, read_json, records

TEMPLATE = Path(__file__).with_name("model_page.jinja")
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)")


def model_pages() -> dict[str, str]:
    """The Markdown of every trained model's page, by its path in `docs`."""
    from jinja2 import Environment

    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    pages = {}
    for name, record in records().items():
        model, story = read.config(name), read.story(name)
        page, figures = DOCS / "weights" / f"{name}.md", FIGURES / name
        example = figures / "example.json"
        both_ways = "-bidirectional" if model["config"].get("bidirectional") else ""
        pages[page.relative_to(DOCS).as_posix()] = template.render(
            name=name,
            record=record,
            model=model,
            heading=model["class"] + both_ways,
            seeds=sorted({s for m in record["metrics"].values() for s in m["seeds"]}),
            ms=read.milliseconds().get(name),
            story=story,
            story_link=DOCS in story.parents and link("this model", story, page),
            example=read_json(example) if example.exists() else None,
            figures={path.stem: path.name for path in figures.glob("*.*g")},
            equations=equations,
            read=read,
        )
    return pages


def equations(heading: str | None, page: Path = DOCS / "equations.md") -> str:
    """The section of a page under a heading, as a page in `docs/weights` needs it."""
    text = page.read_text("utf-8")
    sections = re.split(r"^##+ `?(.*?)`?(?: .*)?\n", text, flags=re.MULTILINE)
    section = dict(zip(sections[1::2], sections[2::2], strict=True)).get(heading, "")
    return LINK.sub("../" if page.parent == DOCS else "", section.strip())
