"""One diverging scale of colours on which black text stays legible."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Blue and orange: told apart by every eye, and both light enough for black on them.
ANCHORS = {-1.0: (84, 160, 236), 0.0: (255, 255, 255), 1.0: (250, 140, 76)}


def colour(value: float) -> str:
    """The colour of a value in [-1, 1], as "#rrggbb"; beyond, that of the bound.

    Example:
        >>> colour(0.0), colour(1.0), colour(7.0)
        ('#ffffff', '#fa8c4c', '#fa8c4c')
    """
    share = min(abs(value), 1.0)
    end = ANCHORS[-1.0 if value < 0 else 1.0]
    mixed = [round(a + share * (b - a)) for a, b in zip(ANCHORS[0.0], end, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def colour_map() -> "Colormap":
    """The scale for matplotlib."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "blue_white_orange", [colour(value) for value in ANCHORS]
    )
