"""Draws the pictures of the trained models, and writes what they answer.

    python docs/pictures.py            # the models whose weights changed since
    python docs/pictures.py NAME ...   # these
    python docs/pictures.py --compare  # what shows all cells, too
    python docs/pictures.py --check    # exits with 1 if some are not of the weights

Into `docs/figures/NAME/`, from `weights/NAME/` alone: no data sets, no network. They
are committed, so that they show in the repository too and the site is built without
Keras; `sources.json` says of which weights each model's are.
"""

import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
DOCS = Path(__file__).resolve().parent
FIGURES = DOCS / "figures"
DRAWN = FIGURES / "sources.json"
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

from builder.records import WEIGHTS, records  # noqa: E402

# What the pictures are of.
SOURCES = ("config.json", "model.safetensors", "train_log.csv", "golden.safetensors")


def hashes(name: str) -> dict[str, str]:
    """The sha256 of what a model's pictures are of, as its manifest has them."""
    manifest = json.loads((WEIGHTS / name / "manifest.json").read_text("utf-8"))
    return {file: manifest["files"][file]["sha256"] for file in SOURCES}


def stale() -> list[str]:
    """Models without pictures, or with those of other weights; and gone ones."""
    drawn = json.loads(DRAWN.read_text("utf-8")) if DRAWN.exists() else {}
    found = list(records())
    changed = [name for name in found if drawn.get(name) != hashes(name)]
    return changed + [name for name in drawn if name not in found]


def main() -> int:
    """Draws or checks; 1 if something is stale and it was only to check."""
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or stale()
    if "--check" in sys.argv:
        print("\n".join(names), end="\n" if names else "")
        return int(bool(names))
    drawn = json.loads(DRAWN.read_text("utf-8")) if DRAWN.exists() else {}
    for name in names:
        drawn.pop(name, None)
        shutil.rmtree(FIGURES / name, ignore_errors=True)
        if name in records():
            _draw(name)
            drawn[name] = hashes(name)
        DRAWN.write_text(json.dumps(drawn, indent=1, sort_keys=True) + "\n", "utf-8")
    if names or "--compare" in sys.argv:
        from builder.plots import compare_cells, compare_gradients

        compare_cells(FIGURES / "cells.svg")
        compare_gradients(FIGURES)
    return 0


def _draw(name: str) -> None:
    """Everything of one model."""
    from builder.examples import code_of, printed, write_picture
    from builder.plots import plots

    print(name, flush=True)
    folder = FIGURES / name
    folder.mkdir(parents=True)
    picture = write_picture(name, folder)
    plots(name, folder, picture)
    code = code_of(name, picture)
    if code is None:
        return
    answer = {"code": code, "output": printed(code)}
    if picture:
        answer |= {"image": picture.name, "alt": "What the model is given"}
    text = json.dumps(answer, indent=1, ensure_ascii=False)
    (folder / "example.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
