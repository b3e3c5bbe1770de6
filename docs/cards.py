"""Renews the front matter of `weights/*/README.md` from the record beside it.

    python docs/cards.py            # writes, and hashes the folder anew
    python docs/cards.py --check    # exits with 1 if a card is not as it would be

A run writes its card itself; this is for when the front matter changes its form.
"""

import json
import sys
from pathlib import Path

from seqzoo.hub import write_manifest
from seqzoo.hub.manifest import replace_file
from seqzoo.training.card import renewed_card

ROOT = Path(__file__).resolve().parent.parent


def renewed(folder: Path) -> str:
    """The card of a model's folder as it would be written today."""
    card, record, spec = (
        (folder / file).read_text("utf-8")
        for file in ("README.md", "metrics.json", "config.json")
    )
    return renewed_card(card, json.loads(record), json.loads(spec))


def main() -> int:
    """Writes the cards; returns 1 if it was only to check and one is stale."""
    stale = {}
    for path in sorted((ROOT / "weights").glob("*/README.md")):
        if (card := renewed(path.parent)) != path.read_text("utf-8"):
            stale[path] = card
    for path, card in stale.items():
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            replace_file(path, card.encode())
            write_manifest(path.parent)
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
