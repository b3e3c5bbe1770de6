"""Drawings of boxes and arrows, laid out by rows and stacks.

Lengths are pixels and y points down. Nodes are placed by their centres, and the SVG is
as large as what it shows. Its colours follow the reader's choice of light or dark.
"""

import html
import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

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
.small{font-size:12px}
"""
SUBSCRIPT = re.compile(r"_(?:\{([^}]*)\}|(\w))")
MARGIN, LINE = 12, 17  # around the drawing; from a line of text to the next
# A string is text. A tuple is a kind and lines of text: "layer", "gate", "state" and
# "data" are boxes, "sign" is a circle for an element-wise operation, "small" is text.
Label = str | tuple[str, ...]


class Node(NamedTuple):
    """The centre and the size of something drawn; without a size it is a point."""

    x: float
    y: float
    width: float = 0
    height: float = 0

    def side(self, other: "Node") -> "Node":
        """The point at which a line to another node leaves this one."""
        dx, dy = other.x - self.x, other.y - self.y
        if abs(dx) < max(self.width, other.width) / 2 or not dx:
            x = min(self, other, key=lambda node: node.width).x
            return Node(x, self.y + (self.height if dy > 0 else -self.height) / 2)
        is_level = abs(dy) < max(self.height, other.height) / 2
        y = min(self, other, key=lambda node: node.height).y if is_level else self.y
        return Node(self.x + (self.width if dx > 0 else -self.width) / 2, y)


def corner(column: Node, row: Node) -> Node:
    """The point above or below one node and beside another."""
    return Node(column.x, row.y)


class Drawing:
    """An SVG under construction."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.nodes: list[Node] = []  # the SVG is so large that it shows them

    def node(self, x: float, y: float, label: Label, width: float = 0) -> Node:
        """Draws a label. In its text, `h_t` and `h_{t-1}` have subscripts."""
        kind, *lines = ("text", label) if isinstance(label, str) else label
        node = _placed(x, y, label)
        node = node._replace(width=max(width, node.width))
        if kind == "sign":
            self.parts.append(f'<circle class="ink" cx="{x:g}" cy="{y:g}" r="12"/>')
        elif kind not in ("text", "small"):
            self._rectangle(node, kind, radius=6)
        self.nodes.append(node)
        style = ' class="small"' if kind == "small" else ""
        for i, line in enumerate(lines):
            text = SUBSCRIPT.sub(_lowered, html.escape(line, quote=False))
            base = y + 5 + LINE * (i - (len(lines) - 1) / 2)
            self.parts.append(f'<text{style} x="{x:g}" y="{base:g}">{text}</text>')
        return node

    def row(self, x: float, y: float, *labels: Label, gap: float = 30) -> list[Node]:
        """Draws labels to the right of the first one's centre, joined by arrows."""
        nodes = [self.node(x, y, labels[0])]
        for label in labels[1:]:
            x += (nodes[-1].width + _placed(0, 0, label).width) / 2 + gap
            nodes.append(self.node(x, y, label))
        self.chain(*nodes)
        return nodes

    def stack(self, x: float, y: float, *labels: Label, gap: float = 26) -> list[Node]:
        """Draws labels above the first one's centre, joined by arrows."""
        nodes = [self.node(x, y, labels[0])]
        for label in labels[1:]:
            y -= (nodes[-1].height + _placed(0, 0, label).height) / 2 + gap
            nodes.append(self.node(x, y, label))
        self.chain(*nodes)
        return nodes

    def grid(self, x: float, y: float, side: float, n: int, *kinds: str) -> Node:
        """Draws a square of n by n cells of the kinds, which are repeated."""
        cell, start = side / n, (1 - n) / 2
        kind = itertools.cycle(kinds or ["data"])
        for i, j in itertools.product(range(n), repeat=2):
            place = Node(x + (start + j) * cell, y + (start + i) * cell, cell, cell)
            self._rectangle(place, next(kind))
        self.nodes.append(Node(x, y, side, side))
        return self.nodes[-1]

    def chain(self, *nodes: Node) -> None:
        """Draws arrows from each node to the next."""
        for pair in itertools.pairwise(nodes):
            self.arrow(*pair)

    def arrow(self, *nodes: Node, kind: str = "", lift: float = 0) -> None:
        """Draws a line from the first node through points to the last one, and a head.

        The kind is "dashed" or "faint"; `lift` moves the line up.
        """
        start, end = self.line(*nodes, kind=kind, lift=lift)[-2:]
        across, down = end.x - start.x, end.y - start.y
        length = (across**2 + down**2) ** 0.5
        dx, dy = 4 * across / length, 4 * down / length
        x, y = end.x - 2 * dx, end.y - 2 * dy
        corners = (end.x, end.y), (x - dy, y + dx), (x + dy, y - dx)
        shape = " ".join(f"{x:.4g},{y:.4g}" for x, y in corners)
        self.parts.append(f'<polygon class="head" points="{shape}"/>')

    def line(self, *nodes: Node, kind: str = "", lift: float = 0) -> list[Node]:
        """Draws a line as `arrow` does, without a head. Returns its points."""
        ends = nodes[0].side(nodes[1]), nodes[-1].side(nodes[-2])
        points = [Node(x, y - lift) for x, y, *_ in (ends[0], *nodes[1:-1], ends[1])]
        self.nodes += points
        path = " ".join(f"{point.x:g},{point.y:g}" for point in points)
        style = f"ink {kind}".strip()
        self.parts.append(f'<polyline class="{style}" points="{path}"/>')
        return points

    def _rectangle(self, node: Node, kind: str, radius: int = 0) -> None:
        x, y, width, height = node
        self.parts.append(
            f'<rect class="ink {kind}" x="{x - width / 2:g}" y="{y - height / 2:g}" '
            f'width="{width:g}" height="{height:g}" rx="{radius}"/>'
        )


def svg(draw: Callable[[Drawing], None]) -> str:
    """The SVG that a function draws; the function's docstring is its description."""
    drawing = Drawing()
    draw(drawing)
    nodes, title = drawing.nodes, getattr(draw, "func", draw).__doc__
    left = min(node.x - node.width / 2 for node in nodes) - MARGIN
    top = min(node.y - node.height / 2 for node in nodes) - MARGIN
    width = max(node.x + node.width / 2 for node in nodes) + MARGIN - left
    height = max(node.y + node.height / 2 for node in nodes) + MARGIN - top
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-label="{html.escape(title)}" '
        f'width="{width:g}" height="{height:g}" '
        f'viewBox="{left:g} {top:g} {width:g} {height:g}">\n<style>\n{STYLE}</style>\n'
        + "\n".join(drawing.parts)
        + "\n</svg>\n"
    )


def _placed(x: float, y: float, label: Label) -> Node:
    """The node of a label: as large as its kind and its text ask for."""
    kind, *lines = ("text", label) if isinstance(label, str) else label
    letters = max((len(re.sub(r"[_{}]", "", line)) for line in lines), default=0)
    if kind in ("text", "small"):
        return Node(x, y, 8 * letters + 6, LINE * len(lines))
    if kind == "sign" or not lines:
        return Node(x, y, 24 if lines else 20, 24 if lines else 20)
    return Node(x, y, max(60, 8 * letters + 16), LINE * len(lines) + 17)


def _lowered(match: re.Match[str]) -> str:
    word = match[1] or match[2]
    return f'<tspan dy="4" font-size="75%">{word}</tspan><tspan dy="-4">\u200b</tspan>'
