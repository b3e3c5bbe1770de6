"""What MkDocs asks for while it builds the site: see mkdocs.yml.

Every trained model gets a page, every file of code that a page links to gets one, and
so does every part of the package; the navigation lists what is there. No model is
loaded, nothing downloaded: pictures and answers were written by `docs/pictures.py`.
"""

import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(DOCS))

from builder import formulas, inline, sources  # noqa: E402
from builder.model_pages import model_pages  # noqa: E402
from builder.navigation import API, navigation  # noqa: E402
from builder.records import records  # noqa: E402

# Their tables want the room.
WIDE = {"cell-comparison.md", "results.md", "speed.md", "zoo.md"}
PAGE = r"[\w-]+\.md"  # a page of `docs`
MORE = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}


def on_config(config: Any) -> Any:
    """The navigation, and formulas in fences."""
    config.nav = navigation(DOCS, list(records()))
    fence = {"name": "math", "class": "formula", "format": formulas.fence}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages that are made while building."""
    from mkdocs.structure.files import File

    pages = {**model_pages(), **_api_pages(), **_copied_pages()}
    texts = {
        file.src_uri: (DOCS / file.src_uri).read_text("utf-8")
        for file in files.documentation_pages()
    }
    targets: set[str] = set()
    for page, text in {**texts, **pages}.items():
        targets |= sources.linked(text, page)
    for page, text in {**pages, **sources.source_pages(targets)}.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Turns links out of `docs` to the site's pages and puts drawings inside."""
    del config, files
    where = page.file.src_uri
    if where in WIDE:
        page.meta["hide"] = ["toc"]
    if where.startswith("source/"):
        return markdown
    return inline.with_pictures(sources.with_links(markdown, where), where)


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Converts the formulas within lines."""
    del page, config, files
    return formulas.with_inline_formulas(html)


def _api_pages() -> dict[str, str]:
    """A page for each part of the package, filled by mkdocstrings."""
    return {
        f"api/{part}.md": f"# {module}\n\n{said}\n\n::: {module}\n    options:\n"
        "      show_root_heading: false\n      show_root_toc_entry: false\n"
        for part, (module, said) in API.items()
    }


def _copied_pages() -> dict[str, str]:
    """Markdown of the root, its links seen from `docs`."""
    pages = {}
    for page, name in MORE.items():
        text = (ROOT / name).read_text("utf-8")
        text = text.replace("](docs/", "](")
        pages[page] = re.sub(rf"(?<=\]\()(?![a-z]+:|#)(?!{PAGE})", "../", text)
    return pages
