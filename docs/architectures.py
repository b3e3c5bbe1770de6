"""Draws the architectures and the cells into `docs/figures`.

    python docs/architectures.py            # writes
    python docs/architectures.py --check    # exits with 1 if a file is not as drawn

Nothing but Python is needed: the drawings show what the code says, not weights.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS))

from builder import cell_figures, recurrent_figures, transformer_figures  # noqa: E402

FIGURES = {
    **{f"architectures/{k}": v for k, v in recurrent_figures.FIGURES.items()},
    **{f"architectures/{k}": v for k, v in transformer_figures.FIGURES.items()},
    **{f"cells/{k}": v for k, v in cell_figures.FIGURES.items()},
}


def drawn() -> dict[Path, str]:
    """The text of every file, by its path."""
    return {
        DOCS / "figures" / f"{name}.svg": figure().svg()
        for name, figure in FIGURES.items()
    }


def main() -> int:
    """Writes or checks; 1 if a file was not as drawn and is only checked."""
    stale = [
        path
        for path, text in drawn().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in stale:
        print(path.relative_to(DOCS))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(drawn()[path], "utf-8")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
