"""A small vocabulary to draw architectures with: boxes, circles, arrows, words.

Coordinates are pixels from the top left; boxes and circles are placed by their middles.
A drawing is one SVG file whose colours follow the reader's choice of light or dark.
"""

import html
import re
from collections.abc import Sequence

Point = tuple[float, float]

# For the file alone, as GitHub shows it. On the site the drawing is part of the page,
# and docs/assets/site.css has the same classes in the page's colours.
STYLE = """\
svg{color:#333;--tint:#dfe6f5;--warm:#fbe6cd;--calm:#dcefe0}
@media(prefers-color-scheme:dark){svg{color:#ddd;--tint:#2f3b57;--warm:#574326;--calm:#2b4a33}}
.ink{stroke:currentColor;fill:none;stroke-width:1.4}
.faint{opacity:.45}.dashed{stroke-dasharray:5 4}
.layer{fill:var(--tint)}.gate{fill:var(--warm)}.state{fill:var(--calm)}
.head{fill:currentColor;stroke:none}
text{fill:currentColor;font:14px system-ui,sans-serif;text-anchor:middle}
.small{font-size:12px}.left{text-anchor:start}
"""
SUBSCRIPT = re.compile(r"_(?:\{([^}]*)\}|(\w))")


class Drawing:
    """An SVG picture under construction.

    Args:
        width: Of the picture.
        height: Of the picture.
        title: What it shows, for who cannot see it.
    """

    def __init__(self, width: float, height: float, title: str):
        self.width, self.height, self.title = width, height, title
        self.parts: list[str] = []

    def box(
        self, x: float, y: float, width: float, height: float, *words: str, kind: str
    ) -> None:
        """A box with lines of words. The kind is "layer", "gate", "state" or "data"."""
        self.parts.append(
            f'<rect class="ink {kind}" x="{x - width / 2:g}" y="{y - height / 2:g}" '
            f'width="{width:g}" height="{height:g}" rx="6"/>'
        )
        for i, line in enumerate(words):
            self.words(x, y + 5 + 17 * (i - (len(words) - 1) / 2), line)

    def circle(self, x: float, y: float, word: str, radius: float = 12) -> None:
        """A circle with a sign: an operation on each number by itself."""
        self.parts.append(f'<circle class="ink" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>')
        self.words(x, y + 5, word)

    def words(self, x: float, y: float, text: str, kind: str = "") -> None:
        """Words on a line; `h_t` and `h_{t-1}` have subscripts."""
        escaped = html.escape(text, quote=False)
        marked = SUBSCRIPT.sub(_lowered, escaped)
        style = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text{style} x="{x:g}" y="{y:g}">{marked}</text>')

    def arrow(self, *points: Point, kind: str = "") -> None:
        """A line through the points with a head at the last one."""
        self.line(*points, kind=kind)
        (x0, y0), (x1, y1) = points[-2:]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        dx, dy = (x1 - x0) / length, (y1 - y0) / length
        corners = [
            (x1, y1),
            (x1 - 8 * dx - 4 * dy, y1 - 8 * dy + 4 * dx),
            (x1 - 8 * dx + 4 * dy, y1 - 8 * dy - 4 * dx),
        ]
        shape = " ".join(f"{x:.4g},{y:.4g}" for x, y in corners)
        self.parts.append(f'<polygon class="head" points="{shape}"/>')

    def line(self, *points: Point, kind: str = "") -> None:
        """A line through the points."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        self.parts.append(
            f'<polyline class="{" ".join(["ink", kind]).strip()}" points="{path}"/>'
        )

    def grid(
        self, x: float, y: float, side: float, count: int, kinds: Sequence[str] = ()
    ) -> None:
        """A square of `count` by `count` cells, its top left corner at x and y."""
        cell = side / count
        for i in range(count * count):
            kind = kinds[i] if kinds else "data"
            self.parts.append(
                f'<rect class="ink {kind}" x="{x + i % count * cell:g}" '
                f'y="{y + i // count * cell:g}" width="{cell:g}" height="{cell:g}"/>'
            )

    def svg(self) -> str:
        """The file."""
        title = html.escape(self.title, quote=True)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'aria-label="{title}" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}">\n'
            f"<style>\n{STYLE}</style>\n" + "\n".join(self.parts) + "\n</svg>\n"
        )


def _lowered(found: re.Match[str]) -> str:
    word = found[1] or found[2]
    return f'<tspan dy="4" font-size="75%">{word}</tspan><tspan dy="-4">\u200b</tspan>'
