"""From the repository to the site: links to pages, SVGs and formulas in their pages.

A page in `docs` links to code as GitHub wants it, such as `../recipes/x.py`. The site
has a page for each file to which a page links: under `source/` for code, under
`weights/` for the folder of a trained model.
"""

import html
import posixpath
import re

from builder.formulas import mathml
from builder.records import ROOT

# What to convert in a page. Code stays as it is.
MARKDOWN = re.compile(
    r"^( *)```math\n(?P<display>[\s\S]*?)^\1```$"
    r"|^( *)(`{3,})[^`\n]*\n[\s\S]*?^\3\4`* *$|(`+)(?!`)[\s\S]+?(?<!`)\5(?!`)"
    r"|(?<![\\$])\$(?![ $])(?P<inline>[^$]+?)(?<! )\$"
    r"|^!\[(?P<alt>[^\]]+)\]\((?P<svg>[^)\s]+\.svg)\)$"
    r"|(?<=\]\()(?![a-z]+:|#)(?P<link>[^)#\s]+)(?=[)#])",
    re.MULTILINE,
)
STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL)
ROOT_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md")
LISTED = {".py", ".json", ".md", ".toml", ".csv", ".sh"}  # in the page of a folder


def site_page(path: str) -> str:
    """The site's page for a file or a folder of the repository."""
    folder, _, rest = path.partition("/")
    if folder == "docs":
        return rest
    if folder == "weights" and rest:
        return f"weights/{rest.split('/')[0]}.md"
    pages = {"README.md": "index.md", **{page: page.lower() for page in ROOT_PAGES}}
    return pages.get(path, f"source/{path}.md")


def for_site(text: str, path: str, targets: set[str]) -> str:
    """The Markdown of a file as its page on the site has it.

    Args:
        text: The Markdown.
        path: The file's path in the repository.
        targets: Gets the files and folders outside of `docs` that the text links to.

    Raises:
        FileNotFoundError: If an SVG is missing.
        ValueError: If a formula cannot be read.
    """
    folder, page = posixpath.dirname(path), posixpath.dirname(site_page(path))

    def convert(match: re.Match[str]) -> str:
        if match["display"]:
            formula = mathml(match["display"], display=True)
            return f'{match[1]}<div class="formula">{formula}</div>'
        if match["inline"]:
            # Markdown takes a line that begins with <math> for a block of its own.
            return f"<span>{mathml(match['inline'], display=False)}</span>"
        link = match["svg"] or match["link"]
        if not link:
            return match[0]
        target = posixpath.normpath(posixpath.join(folder, link))
        if match["svg"]:
            return _inline(target, match["alt"])
        if not target.startswith("docs/"):
            targets.add(target)
        return posixpath.relpath(site_page(target), page)

    return MARKDOWN.sub(convert, text)


def _inline(path: str, label: str) -> str:
    """An SVG as an element of its page, whose colours it takes."""
    text = STYLE.sub("", (ROOT / path).read_text("utf-8"))
    drawing = " ".join(text[text.index("<svg") :].split())
    label = html.escape(label, quote=True)
    return (
        f'<div class="figure" role="img" aria-label="{label}" data-search-exclude>'
        f"{drawing}</div>"
    )


def source_pages(targets: set[str]) -> dict[str, str]:
    """The pages under `source/` of files and folders, and of the files in folders."""
    pages: dict[str, str] = {}
    left = sorted(targets)
    while left:
        target = left.pop()
        page, path = site_page(target), ROOT / target
        if page in pages or not page.startswith("source/"):
            continue
        if path.is_dir():
            files = (file for file in path.iterdir() if file.suffix in LISTED)
            names = sorted(file.name for file in files)
            left += [f"{target}/{name}" for name in names]
            folder = posixpath.basename(target)
            body = "\n".join(f"- [{name}]({folder}/{name}.md)" for name in names)
        else:
            language = path.suffix.removeprefix(".") or "text"
            lines = ' linenums="1"' if language == "py" else ""
            code = path.read_text("utf-8").rstrip()
            body = f"``````{language}{lines}\n{code}\n``````"
        pages[page] = f"---\nsearch:\n  exclude: true\n---\n\n# {target}\n\n{body}\n"
    return pages
