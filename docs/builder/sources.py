"""Files of the repository as pages, and links to them.

A page in `docs` links to code as GitHub wants it, `../recipes/x.py`. The site holds
`docs` alone, so each file that some page links to becomes a page of its own under
`source/`, and a trained model's folder is the model's page under `weights/`.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)(`{3,})[^`\n]*\n.*?^\1\2`* *$\n?", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)(?=[)#])")
# Pages that stand for a file of the root.
HOMES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}
LANGUAGES = {
    ".py": "python",
    ".json": "json",
    ".md": "markdown",
    ".toml": "toml",
    ".csv": "text",
    ".sh": "sh",
}


def outside_fences(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is prose and not a fenced block."""
    end = 0
    for block in FENCE.finditer(text):
        yield text[end : block.start()], True
        yield block[0], False
        end = block.end()
    yield text[end:], True


def with_links(text: str, page: str) -> str:
    """The page's Markdown with links out of `docs` turned to the site's own pages.

    Args:
        text: The Markdown.
        page: The page's path in `docs`.
    """

    def turned(link: re.Match[str]) -> str:
        target = _target(link[1], page)
        if target is None:
            return link[1]
        return posixpath.relpath(home_of(target), posixpath.dirname(page))

    return "".join(
        LINK.sub(turned, piece) if is_prose else piece
        for piece, is_prose in outside_fences(text)
    )


def linked(text: str, page: str) -> set[str]:
    """The files and folders outside `docs` that a page links to, from the root."""
    return {
        target
        for piece, is_prose in outside_fences(text)
        if is_prose
        for link in LINK.findall(piece)
        if (target := _target(link, page)) is not None
    }


def home_of(target: str) -> str:
    """The site's page, as a path in `docs`, for a file or folder of the repository."""
    parts = target.split("/")
    if parts[0] == "weights" and len(parts) > 1:
        return f"weights/{parts[1]}.md"
    return HOMES.get(target, f"source/{target}.md")


def source_pages(targets: set[str]) -> dict[str, str]:
    """Pages under `source/`, by their paths in `docs`, with what they need in turn."""
    pages: dict[str, str] = {}
    left = set(targets)
    while left:
        target = left.pop()
        home = home_of(target)
        if home in pages or not home.startswith("source/"):
            continue
        path = ROOT / target
        if path.is_dir():
            inside = sorted(each for each in path.iterdir() if each.suffix in LANGUAGES)
            names = [each.relative_to(ROOT).as_posix() for each in inside]
            left.update(names)
            pages[home] = _page(
                target,
                "\n".join(
                    f"- [{posixpath.basename(name)}]"
                    f"({posixpath.relpath(home_of(name), posixpath.dirname(home))})"
                    for name in names
                ),
            )
        elif path.is_file():
            language = LANGUAGES.get(path.suffix, "text")
            code = path.read_text("utf-8").rstrip()
            lines = ' linenums="1"' if language == "python" else ""
            pages[home] = _page(target, f"``````{language}{lines}\n{code}\n``````")
    return pages


def _page(target: str, body: str) -> str:
    return f"---\nsearch:\n  exclude: true\n---\n\n# {target}\n\n{body}\n"


def _target(link: str, page: str) -> str | None:
    """What a link leads to, from the root, if that is outside `docs`."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return None if path == "docs" or path.startswith("docs/") else path
