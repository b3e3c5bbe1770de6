"""Rows for tables of `benchmarks/results`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builder.records import RESULTS, benchmark, character_models, read_json, records

Row = dict[str, Any]


def recurrent(mode: str, page: Path) -> Iterator[Row]:
    """Recurrent layers beside Keras and PyTorch, in "training" or "inference"."""
    for file in sorted(RESULTS.glob("recurrent*.json")):
        for row in read_json(file)["results"]:
            if row["mode"] == mode:
                yield {**row, "shape": ", ".join(map(str, row["shape"]))}


def vision(_: str, page: Path) -> Iterator[Row]:
    """Vision transformers beside PyTorch, one row a model and batch."""
    for row in benchmark("vision")["results"]:
        shares = row["fraction_of_peak"]
        ours = max(share for name, share in shares.items() if name != "PyTorch")
        yield {**row, "ratio": 1 / row["ours_to_theirs"], "our_share": ours}


def gradients(_: str, page: Path) -> Iterator[Row]:
    """The lag from which each cell's gradient is below a thousandth, and that at 64."""
    result = benchmark("gradients")
    lags = result["lags"]
    for name in character_models():
        row: Row = {"name": name}
        for state, norms in result["models"][name].items():
            small = [lag for lag, g in zip(lags, norms, strict=True) if g < 1e-3]
            row[f"{state}_end"] = min(small) if small else f"beyond {lags[-1]}"
            row[f"{state}_64"] = norms[lags.index(64)]
        yield row


def long_range(_: str, page: Path) -> Iterator[Row]:
    """The test losses of the memory tasks beside the guess level."""
    order = ("task", "length", "test_loss")
    rows = benchmark("long_range").values()
    for row in sorted(rows, key=lambda row: [row[key] for key in order]):
        chrono = f", chrono {row['chrono_steps']}" if row["chrono_steps"] else ""
        yield {**row, "chrono": chrono, "minutes": row["seconds"] / 60}


def sines(_: str, page: Path) -> Iterator[Row]:
    """The Phased LSTM beside the other cells that `benchmarks/sines.py` trained."""
    ours = records()["phased_lstm_sines"]
    for cell, row in {"phased_lstm": ours, **benchmark("sines")}.items():
        yield {"cell": cell, **row}


def results(path: str, page: Path) -> Iterator[Row]:
    """The entries of a list or of a mapping in a result: `benchmark/key/key`."""
    name, *keys = path.split("/")
    entries = benchmark(name)
    for key in keys:
        entries = entries[key]
    for key, entry in (
        entries.items() if isinstance(entries, dict) else enumerate(entries)
    ):
        row = entry if isinstance(entry, dict) else {"value": entry}
        yield {"key": int(key) if str(key).isdigit() else key, **row}


ROWS = {
    rows.__name__: rows
    for rows in (recurrent, vision, gradients, long_range, sines, results)
}
