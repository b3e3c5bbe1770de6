"""TeX to MathML while the site is built, so that a page needs no script for it.

In the Markdown a formula stands between dollar signs or in a fence called `math`, which
is also what GitHub draws. latex2mathml knows no `aligned`; its rows are converted cell
by cell here.
"""

import html
import re
from typing import Any

ALIGNED = re.compile(r"\s*\\begin\{aligned\}(.*)\\end\{aligned\}\s*", re.DOTALL)
INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
# The name of a function that no bracket follows wants a space after it.
FUNCTION = re.compile(
    r"(?<!<msub>)(?<!<msup>)(<mi>(?:exp|log|tanh)</mi>)(?!<mo[^>]*>&#x00028;)"
)
NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def mathml(tex: str, display: bool) -> str:
    """A formula as a `<math>` element that says its TeX, too.

    Args:
        tex: The formula without its dollar signs.
        display: Whether it stands on a line of its own.

    Raises:
        ValueError: If it is no TeX that latex2mathml can read.
    """
    aligned = ALIGNED.fullmatch(tex)
    body = _table(aligned[1]) if aligned else _body(tex)
    mode = ' display="block"' if display else ""
    note = html.escape(" ".join(tex.split()))
    return f'<math xmlns="{NAMESPACE}"{mode} alttext="{note}">{body}</math>'


def fence(
    source: str,
    language: str,
    class_name: str,
    options: dict[str, Any],
    md: Any,
    **settings: Any,
) -> str:
    """What a fence called `math` becomes, as pymdownx.superfences asks for it."""
    from pymdownx.superfences import SuperFencesException

    del language, class_name, options, md, settings
    try:
        return f'<div class="formula">{mathml(source, display=True)}</div>'
    except ValueError as error:  # others are swallowed, and the page shows the TeX
        raise SuperFencesException(str(error)) from error


def with_inline_formulas(page: str) -> str:
    """The page's HTML with the formulas between single dollar signs converted."""
    return INLINE.sub(
        lambda found: mathml(html.unescape(found[1]), display=False), page
    )


def _body(tex: str) -> str:
    from latex2mathml.converter import convert

    try:
        element = convert(tex.strip(), display="inline")
    except Exception as error:  # it has an exception for each thing that can be wrong
        raise ValueError(f"latex2mathml cannot read this formula: {tex!r}.") from error
    # What is within <math>: one <mrow>.
    body = element[element.index(">") + 1 : element.rindex("</math>")]
    return FUNCTION.sub(r'\1<mspace width="0.17em"/>', body)


def _table(rows: str) -> str:
    """The rows of an `aligned`, every first column to the right, every second left."""
    lines = []
    for row in _split(rows.strip(), r"\\"):
        if not row.strip():
            continue
        cells = [
            f'<mtd class="{"left" if i % 2 else "right"}"><mstyle displaystyle="true">'
            f"{_body(cell) if cell.strip() else ''}</mstyle></mtd>"
            for i, cell in enumerate(_split(row, "&"))
        ]
        lines.append(f"<mtr>{''.join(cells)}</mtr>")
    return f'<mtable class="aligned">{"".join(lines)}</mtable>'


def _split(tex: str, sign: str) -> list[str]:
    """The TeX at each sign that is not inside an environment of its own."""
    parts, depth = [""], 0
    for piece in re.split(r"(\\begin\{|\\end\{|\\\\|&)", tex):
        depth += {r"\begin{": 1, r"\end{": -1}.get(piece, 0)
        if piece == sign and not depth:
            parts.append("")
        else:
            parts[-1] += piece
    return parts
