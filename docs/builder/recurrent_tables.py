"""Tables of `benchmarks/results` that tell what recurrent models can do."""

from pathlib import Path

from builder.records import found_by, records

SAMPLINGS = ("standard", "high_resolution", "asynchronous")


def long_range(page: Path) -> str:
    """What `benchmarks/long_range.py` found, the guess level beside every loss."""
    del page
    lines = [
        "| task | T | model | parameters | steps | minutes | test loss | guess level |",
        "|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    order = ("task", "length", "test_loss")
    rows = sorted(
        found_by("long_range").values(), key=lambda row: [row[key] for key in order]
    )
    for row in rows:
        chrono = f", chrono {row['chrono_steps']}" if row["chrono_steps"] else ""
        lines.append(
            f"| {row['task']} | {row['length']:,} | {row['model']}{chrono} | "
            f"{row['parameters']:,} | {row['train_steps']:,} | "
            f"{row['seconds'] / 60:.0f} | {row['test_loss']:.2g} | "
            f"{row['guess']:.4f} |"
        )
    return "\n".join(lines)


def sine_cells(page: Path) -> str:
    """The Phased LSTM's scores, and what `benchmarks/sines.py` found of other cells."""
    del page
    lines = [
        "| cell | parameters | epochs | every millisecond, % | every tenth of one, % | "
        "at random times, % |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    ours = records()["phased_lstm_sines"]
    for cell, record in [("phased_lstm", ours), *sorted(found_by("sines").items())]:
        values = [
            f"{record['metrics'][f'accuracy_{name}']['value']:.2f}"
            for name in SAMPLINGS
        ]
        size = f"{record['params']:,} | {record['epochs']}"
        lines.append(f"| {cell} | {size} | {' | '.join(values)} |")
    return "\n".join(lines)


def unheard_speakers(page: Path) -> str:
    """What `benchmarks/held_out_speaker.py` found: a row a speaker, and their mean."""
    del page
    found = found_by("held_out_speaker")
    lines = ["| unheard speaker | accuracy, % | recordings |", "|---|---:|---:|"]
    for speaker, row in sorted(found["speakers"].items()):
        lines.append(f"| {speaker} | {row['accuracy']:.1f} | {row['recordings']:,} |")
    several = len(found["speakers"])
    lines.append(f"| mean of {several} | **{found['mean_accuracy']:.1f}** | |")
    return "\n".join(lines)
