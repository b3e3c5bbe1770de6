"""Periods of sine waves with other cells: `recipes/phased_lstm_sines.py` with each.

    python -m benchmarks.sines --cells lstm gru --out sines.json

The cell gets the time of each sample, in tenths of a second, as a second input;
everything else is the recipe's. An interrupted run resumes after its last epoch, and
cells whose result is in the file are not trained again.
"""

import argparse
import functools
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recipes.phased_lstm_sines import recipe
from seqzoo.data import SAMPLINGS
from seqzoo.layers import CELLS
from seqzoo.training import run
from seqzoo.training.record import write_json


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Accuracy of each cell on each sampling, in Markdown."""
    names = [f"accuracy_{sampling}" for sampling in SAMPLINGS]
    lines = [
        f"| cell | parameters | {', % | '.join(s.replace('_', ' ') for s in SAMPLINGS)}"
        ", % |",
        "|---" * (2 + len(names)) + "|",
    ]
    for cell, record in sorted(results.items()):
        scores = [f"{record['metrics'][name]['value']:.1f}" for name in names]
        lines.append(f"| {cell} | {record['params']:,} | {' | '.join(scores)} |")
    return "\n".join(lines)


def main() -> None:
    """Train what is missing, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", choices=tuple(CELLS), default=["lstm"])
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="a JSON file to read and write")
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("checkpoints"))
    flags = parser.parse_args()
    results: dict[str, Any] = {}
    if flags.out and flags.out.exists():
        results = json.loads(flags.out.read_text("utf-8"))
    for cell in flags.cells:
        if cell in results:
            continue
        with tempfile.TemporaryDirectory() as weights:
            written = run(
                functools.partial(recipe, cell=cell),
                seed=flags.seed,
                folder=Path(weights),
                checkpoint_dir=flags.checkpoint_dir,
            )
            record = json.loads((written / "metrics.json").read_text("utf-8"))
        results[cell] = record
        if flags.out:
            partial = flags.out.with_suffix(".partial")
            write_json(partial, results)
            partial.replace(flags.out)
    print(table(results))


if __name__ == "__main__":
    main()
