r"""TeX to MathML while the site is built, so that a page needs no script for it.

In the Markdown a formula stands between dollar signs or in a fence called `math`, which
is also what GitHub draws. latex2mathml does not know `aligned`, but `align*`.
"""

import html
import re

# The name of a function needs a space after it if no bracket follows.
FUNCTION = re.compile(
    r"(?<!<msub>)(?<!<msup>)(<mi>(?:exp|log|tanh)</mi>)(?!<mo[^>]*>&#x00028;)"
)


def mathml(tex: str, display: bool) -> str:
    """A formula as a `<math>` element with the TeX as its description.

    Args:
        tex: The formula without its dollar signs.
        display: Whether it stands on a line of its own.

    Raises:
        ValueError: If latex2mathml cannot read it.
    """
    from latex2mathml.converter import convert

    rows = tex.strip().replace("{aligned}", "{align*}")
    try:
        element = convert(rows, display="block" if display else "inline")
    except Exception as error:  # latex2mathml raises many kinds
        raise ValueError(f"latex2mathml cannot read this formula: {tex!r}.") from error
    description = html.escape(" ".join(tex.split()))
    element = element.replace("<math ", f'<math alttext="{description}" ', 1)
    return FUNCTION.sub(r'\1<mspace width="0.17em"/>', element)
