"""How far back each cell's gradient reaches, before its training and after it.

    python -m benchmarks.gradients --out benchmarks/results/gradients.json

For every trained character model the gradient of the last character's loss by the
states k steps earlier, relative to k = 0 (`seqzoo.tasks.gradients`), on windows of the
test text: with fresh weights, which `seqzoo.build` draws with the seed 0, and with the
trained ones. `docs/generate.py` writes the table and the figures. Needs Tiny
Shakespeare.
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np

import seqzoo
from seqzoo.data import tiny_shakespeare
from seqzoo.tasks.gradients import gradient_norms
from seqzoo.training.record import write_json

LAGS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 255)
ROWS = 64
SEED = 0


def windows(model: Any) -> np.ndarray:
    """Windows of the test text, which the model never learned from."""
    token_ids = model.processor.encode(tiny_shakespeare().test)
    width = max(LAGS) + 2
    starts = np.linspace(0, len(token_ids) - width, ROWS).astype(int)
    return np.stack([token_ids[start : start + width] for start in starts])


def norms(name: str) -> dict[str, list[float]]:
    """The g of every lag, of the last layer, fresh and trained."""
    keras.utils.set_random_seed(SEED)
    found = {}
    for state, model in (
        ("fresh", seqzoo.build(name)),
        ("trained", seqzoo.load(name)),
    ):
        found[state] = gradient_norms(model, windows(model), LAGS).tolist()
    return found


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="JSON file to write")
    flags = parser.parse_args()
    names = seqzoo.list_models("*_char_lm")
    results = {
        "lags": LAGS,
        "rows": ROWS,
        "seed": SEED,
        "models": {name: norms(name) for name in names},
    }
    for name, curves in results["models"].items():
        for state, values in curves.items():
            print(f"{name}, {state}: " + " ".join(f"{g:.1e}" for g in values))
    if flags.out:
        write_json(flags.out, results)


if __name__ == "__main__":
    main()
