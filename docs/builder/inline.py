"""SVG pictures as part of the page, so that they take its colours, light or dark."""

import html
import posixpath
import re
from pathlib import Path

from builder.sources import outside_fences

DOCS = Path(__file__).resolve().parents[1]
PICTURE = re.compile(r"^!\[([^\]]+)\]\(([^)\s]+\.svg)\)$", re.MULTILINE)
STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL)
PROLOGUE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)


def with_pictures(text: str, page: str) -> str:
    """The page's Markdown with each SVG that stands alone on a line put inside.

    Args:
        text: The Markdown.
        page: The page's path in `docs`.

    Raises:
        FileNotFoundError: If a picture is missing.
    """

    def inside(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), found[2]))
        drawing = (DOCS / path).read_text("utf-8")
        # The style is for the file alone, as GitHub shows it; the site has its own.
        drawing = PROLOGUE.sub("", STYLE.sub("", drawing), count=1)
        drawing = " ".join(drawing.split())
        label = html.escape(found[1], quote=True)
        return (
            f'<div class="picture" role="img" aria-label="{label}" '
            f"data-search-exclude>{drawing}</div>"
        )

    return "".join(
        PICTURE.sub(inside, piece) if is_prose else piece
        for piece, is_prose in outside_fences(text)
    )
