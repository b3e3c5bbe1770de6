"""Writes the site's pages; the plug-in gen-files runs this during a build.

The pages of `docs` get the site's links, figures and formulas. Every trained model,
every part of the package that mkdocs.yml lists, and every file to which a page links
gets a page. Nothing loads a model or downloads anything.
"""

import re
import sys
from pathlib import Path

import mkdocs_gen_files

sys.path.insert(0, str(Path(__file__).parents[1]))

from builder.links import ROOT_PAGES, for_site, site_page, source_pages
from builder.model_pages import model_pages
from builder.records import DOCS, ROOT

# Pages with tables so wide that they take the place of the table of contents.
WIDE = {"cell-comparison.md", "results.md", "speed.md", "zoo.md"}
API = """\
# {module}

::: {module}
    options:
      show_root_heading: false
      show_root_toc_entry: false
"""


def pages() -> dict[str, str]:
    """The Markdown of each page, by its path in `docs`."""
    files = [path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md")]
    texts = {file: (ROOT / file).read_text("utf-8") for file in files}
    texts |= {file: (ROOT / file).read_text("utf-8") for file in ROOT_PAGES}
    texts |= {f"docs/{page}": text for page, text in model_pages().items()}
    for part in re.findall(r"api/(\w+)\.md", (ROOT / "mkdocs.yml").read_text("utf-8")):
        module = "seqzoo.zoo" if part == "seqzoo" else f"seqzoo.{part}"
        texts[f"docs/api/{part}.md"] = API.format(module=module)
    targets: set[str] = set()
    result = {site_page(file): for_site(texts[file], file, targets) for file in texts}
    for page in WIDE:
        result[page] = f"---\nhide: [toc]\n---\n{result[page]}"
    return result | source_pages(targets)


for page, text in pages().items():
    with mkdocs_gen_files.open(page, "w") as file:
        file.write(text)
