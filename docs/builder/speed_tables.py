"""The tables of `benchmarks/results`: what was measured beside Keras and PyTorch."""

import json
from pathlib import Path

from builder.records import CHAR_LM_ORDER, RESULTS, found_by


def recurrent(mode: str, page: Path) -> str:
    """What `benchmarks/recurrent.py` measured, one row a cell and shape."""
    del page
    lines = [
        "| cell | batch, steps, features, units | ours ms | ours jit ms | Keras ms | "
        "Keras jit ms | PyTorch ms | better Keras / ours, ours jit | "
        "ours, ours jit / PyTorch |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for file in sorted(RESULTS.glob("recurrent*.json")):
        for row in json.loads(file.read_text("utf-8"))["results"]:
            if row["mode"] != mode:
                continue
            times = row["milliseconds"]
            names = ("Recurrent", "Recurrent jit", "Keras", "Keras jit", "torch")
            cells = [f"{times[n]:.1f}" if n in times else "-" for n in names]
            ratios = [
                f"{row[f'{pair[0]}']:.2f} / {row[f'{pair[1]}']:.2f}"
                for pair in (
                    ("better_keras_to_ours", "better_keras_to_ours_jit"),
                    ("ours_to_torch", "ours_jit_to_torch"),
                )
            ]
            shape = ", ".join(map(str, row["shape"]))
            columns = [row["cell"], shape, *cells, *ratios]
            lines.append(f"| {' | '.join(columns)} |")
    return "\n".join(lines)


def translation(page: Path) -> str:
    """What `benchmarks/translation.py` measured."""
    del page
    found = found_by("translation")
    speed, single = found["sentences_a_second"], found["one_sentence_milliseconds"]
    return "\n".join(
        [
            "| | seqzoo | PyTorch | ratio |",
            "|---|---|---|---|",
            f"| sentences a second | {speed['seqzoo']:.0f} | {speed['torch']:.0f} | "
            f"{speed['seqzoo'] / speed['torch']:.2f} |",
            f"| one sentence, milliseconds | {single['seqzoo']:.1f} | "
            f"{single['torch']:.1f} | {single['torch'] / single['seqzoo']:.2f} |",
            f"| equal translations | {found['equal_translations']} of "
            f"{found['sentences']} | | |",
            f"| first sentence, which compiles the search, s | "
            f"{found['first_sentence_seconds']:.1f} | | |",
            f"| `seqzoo.load` after Keras is imported, s | "
            f"{found['load_seconds']:.2f} | | |",
        ]
    )


def generation(page: Path) -> str:
    """What `benchmarks/generation.py` measured."""
    del page
    found = found_by("generation")
    lines = ["| characters written | characters a second |", "|---|---|"]
    for length, speed in found["characters_a_second"].items():
        lines.append(f"| {int(length):,} | {speed:,.0f} |")
    return "\n".join(lines)


def loading(page: Path) -> str:
    """What `benchmarks/loading.py` measured."""
    del page
    lines = [
        "| | parameters | file, MiB | seconds | reading the file, s | peak of memory / "
        "file |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in found_by("loading")["results"]:
        lines.append(
            f"| {row['case']} | {row['parameters']:,.0f} | {row['mebibytes']:.0f} | "
            f"{row['seconds']:.2f} | {row['reading_seconds']:.2f} | "
            f"{row['peak_to_file']:.2f} |"
        )
    return "\n".join(lines)


def vision(page: Path) -> str:
    """What `benchmarks/vision.py` measured, one row a model and batch."""
    del page
    found = found_by("vision")
    lines = [
        "| | batch | GFLOP | ours ms | ours jit ms | PyTorch ms | PyTorch / better of "
        "ours | ours, of the peak | PyTorch, of the peak |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in found["results"]:
        times, shares = row["milliseconds"], dict(row["fraction_of_peak"])
        cells = [
            f"{times[name]:,.0f}" if name in times else "-"
            for name in ("seqzoo", "seqzoo jit", "PyTorch")
        ]
        theirs = shares.pop("PyTorch")
        lines.append(
            f"| {row['case']} | {row['batch']} | {row['gigaflops']:.0f} | "
            f"{' | '.join(cells)} | {1 / row['ours_to_theirs']:.2f} | "
            f"{max(shares.values()):.0%} | {theirs:.0%} |"
        )
    return "\n".join(lines)


def gradients(page: Path) -> str:
    """What `benchmarks/gradients.py` measured: where each cell's gradient is lost."""
    del page
    found = found_by("gradients")
    lags = found["lags"]
    lines = [
        "| cell | fresh: below 0.001 from k = | fresh: k = 64 | trained: below 0.001 "
        "from k = | trained: k = 64 |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in (f"{cell}_char_lm" for cell in CHAR_LM_ORDER):
        cells = [f"`{name}`"]
        for state in ("fresh", "trained"):
            curve = found["models"][name][state]
            below = [k for k, g in zip(lags, curve, strict=True) if g < 1e-3]
            cells.append(str(min(below)) if below else f"beyond {lags[-1]}")
            cells.append(f"{curve[lags.index(64)]:.1e}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
