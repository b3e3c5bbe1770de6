"""The same text as a page: one HTML file that needs no other."""

from collections.abc import Sequence
from html import escape
from string import Template

from seqzoo.plot.colours import ANCHORS, colour
from seqzoo.plot.unit_text import Step

# System colours follow the reader's choice of light or dark. The characters of the text
# stay black on their own light colour.
PAGE_STYLE = """\
:root { color-scheme: light dark; }
body { background: Canvas; color: CanvasText; margin: 1.5em; }
"""
STYLE = """\
.reading p { font: 0.9em/1.5 system-ui, sans-serif; margin: 0 0 1.2em; }
.reading i { display: inline-block; width: 7em; height: 0.8em; margin: 0 0.3em;
    border: 1px solid; background: linear-gradient(to right, $scale); }
.reading div { margin-bottom: 0.5em; white-space: pre;
    font: 1.05em/1.25 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.reading .step { display: inline-block; min-width: 1.2ch; text-align: center;
    vertical-align: top; }
.reading .read { display: block; color: #000; }
.reading .next { display: block; font-size: 0.72em; line-height: 1.15; }
"""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
$style</style>
</head>
<body>
$text
</body>
</html>
"""

NOTE = "<br>\nBelow each character: what is expected next, fainter = less likely."
TEXT = """\
<main class="reading">
<p>$title: &minus;1<i></i>1$note</p>
$lines
</main>"""


def text_page(title: str, lines: Sequence[Sequence[Step]]) -> str:
    """The page of a text; the arguments are those of `text_part`."""
    return Template(PAGE).substitute(
        title=escape(title),
        style=PAGE_STYLE + text_style(),
        text=text_part(title, lines),
    )


def text_style() -> str:
    """The style sheet that a `text_part` needs."""
    return Template(STYLE).substitute(scale=", ".join(map(colour, ANCHORS)))


def text_part(title: str, lines: Sequence[Sequence[Step]]) -> str:
    """The text as part of a page, an element of class "reading".

    Each step is a span of class "step" with its numbers as `title`. It holds a span of
    class "read" for the token, and one of class "next" for each expected token.

    Args:
        title: What the colours mean.
        lines: The steps of each line.
    """
    return Template(TEXT).substitute(
        title=escape(title),
        note=NOTE if lines[0][0].expected else "",
        lines="\n".join(
            f"<div>{''.join(_step(step) for step in line)}</div>" for line in lines
        ),
    )


def _step(step: Step) -> str:
    expected = ", ".join(f"{token} {p:.1%}" for token, p in step.expected)
    numbers = f"{step.activation:+.2f}"
    numbers += f", next: {expected}" if expected else ""
    read = f'<span class="read" style="background:{colour(step.activation)}">'
    nexts = "".join(
        f'<span class="next" style="opacity:{_opacity(p):.2f}">{escape(token)}</span>'
        for token, p in step.expected
    )
    return (
        f'<span class="step" title="{escape(numbers)}">'
        f"{read}{escape(step.token)}</span>{nexts}</span>"
    )


def _opacity(probability: float) -> float:
    """1 for probability 1; at probability 0 the token is still legible."""
    return float(0.55 + 0.45 * probability**0.5)
