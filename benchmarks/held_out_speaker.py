"""Spoken digits of an unheard speaker: `recipes/bigru_spoken_digit.py` without one.

    python -m benchmarks.held_out_speaker --out held_out_speaker.json

Six trainings, each without one of the six speakers of the Free Spoken Digit Dataset,
whose 500 recordings are then the test. The other five are split as in the recipe: takes
10-49 train, 5-9 choose the epoch; takes 0-4 are left out. An interrupted run resumes
after its last epoch, and speakers whose result is in the file are not trained again.
"""

import argparse
import dataclasses
import functools
import json
import statistics
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recipes.bigru_spoken_digit import recipe
from seqzoo.data import Recording, part_by_take, recording_corpus, spoken_recordings
from seqzoo.training import Recipe, run
from seqzoo.training.record import write_json

# Fields of the training's record that the result repeats.
CIRCUMSTANCES = (
    "params",
    "train_steps",
    "seconds",
    "seed",
    "validation",
    "device",
    "backend",
    "versions",
    "commit",
    "dirty",
)


def part_without(speaker: str) -> Callable[[Recording], str | None]:
    """The recipe's split, but all recordings of one speaker are the test."""

    def part(recording: Recording) -> str | None:
        if recording.speaker == speaker:
            return "test"
        by_take = part_by_take(recording)
        return None if by_take == "test" else by_take

    return part


def recipe_without(speaker: str, recordings: list[Recording]) -> Recipe:
    """The recipe on all speakers but one, tested on that one.

    Raises:
        ValueError: If a part has no recording.
    """
    corpus = recording_corpus(
        recordings, part_without(speaker), f"spoken_digit, all takes of {speaker}"
    )
    made = recipe(corpus)
    return dataclasses.replace(made, name=f"bigru_without_{speaker}")


def result(
    speaker: str,
    recordings: list[Recording],
    seed: int,
    checkpoint_dir: Path,
    resume: bool = True,
) -> dict[str, Any]:
    """Trains without a speaker, or resumes it, and scores that speaker."""
    with tempfile.TemporaryDirectory() as weights:
        written = run(
            functools.partial(recipe_without, speaker, recordings),
            seed=seed,
            folder=Path(weights),
            checkpoint_dir=checkpoint_dir,
            resume=resume,
        )
        record = json.loads((written / "metrics.json").read_text("utf-8"))
    metric = record["metrics"]["accuracy"]
    return {
        "accuracy": metric["value"],
        "recordings": metric["examples"],
        **{key: record[key] for key in CIRCUMSTANCES if key in record},
    }


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Each speaker's accuracy in Markdown, and the mean over speakers."""
    lines = ["| unheard speaker | accuracy, % | recordings |", "|---|---|---|"]
    for speaker, row in sorted(results.items()):
        lines.append(f"| {speaker} | {row['accuracy']:.1f} | {row['recordings']:,} |")
    mean = statistics.mean(row["accuracy"] for row in results.values())
    total = sum(row["recordings"] for row in results.values())
    lines.append(f"| mean of {len(results)} | {mean:.1f} | {total:,} |")
    return "\n".join(lines)


def write(file: Path, results: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes the results and their mean, completely or not at all."""
    partial = file.with_suffix(".partial")
    mean = statistics.mean(row["accuracy"] for row in results.values())
    write_json(
        partial,
        {
            "command": "python -m benchmarks.held_out_speaker",
            "mean_accuracy": mean,
            "speakers": results,
        },
    )
    partial.replace(file)


def main() -> None:
    """Train what is missing, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--speakers", nargs="*", help="default: all")
    parser.add_argument("--out", type=Path, help="a JSON file to read and write")
    parser.add_argument(
        "--again", action="store_true", help="train again speakers that the file has"
    )
    parser.add_argument(
        "--checkpoint-dir",
        type=Path,
        default=Path("checkpoints"),
        help="default: %(default)s",
    )
    flags = parser.parse_args()
    results: dict[str, Any] = {}
    if flags.out and flags.out.exists():
        results = json.loads(flags.out.read_text("utf-8"))["speakers"]
    recordings = spoken_recordings()
    known = sorted({each.speaker for each in recordings})
    speakers = flags.speakers or known
    if unknown := sorted(set(speakers) - set(known)):
        parser.error(f"no speaker {', '.join(unknown)}; there are {', '.join(known)}")
    for speaker in speakers:
        if speaker in results and not flags.again:
            continue
        results[speaker] = result(
            speaker,
            recordings,
            flags.seed,
            flags.checkpoint_dir,
            resume=not flags.again,
        )
        if flags.out:
            write(flags.out, results)
    print(table(results))


if __name__ == "__main__":
    main()
