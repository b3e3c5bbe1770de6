"""Milliseconds of one answer of every trained model, a batch of one, on two cores.

    python benchmarks/inference.py --out benchmarks/results/inference.json

What is asked for: a translation of one sentence with a beam of 5; 100 characters
written; the label of one image, second of sound or series of 100 steps; the boxes of
one image. The first answers, which compile, are left out; of the rest the median
counts.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if hasattr(os, "sched_setaffinity"):  # before any library counts the cores
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])

import numpy as np

# What is measured of each verb, in words and as its options.
QUESTIONS = {
    "translate": ("a sentence, beam 5", {"beam_size": 5}),
    "generate": ("100 characters", {"max_new_tokens": 100, "seed": 0}),
    "classify": ("an input", {}),
    "detect": ("an image", {}),
}
WARM_UP = 10  # a detector is traced at the ninth
ANSWERS = 15


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="*", help="a pattern; default: all")
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    flags = parser.parse_args()

    import keras

    import seqzoo

    rows = {}
    print("| name | asked for | ms | slowest ms |\n|---|---|---|---|")
    for name in seqzoo.list_models(flags.models):
        asked, answer = question(seqzoo.load(name))
        times = measured(answer)
        rows[name] = {
            "asked": asked,
            "milliseconds": statistics.median(times),
            "slowest": max(times),
        }
        print(f"| {name} | {asked} | {rows[name]['milliseconds']:.1f} | ", end="")
        print(f"{max(times):.1f} |", flush=True)
    if flags.out:
        record = {
            "models": rows,
            "answers": ANSWERS,
            "cores": len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            "load_before": os.getloadavg()[2] if hasattr(os, "getloadavg") else None,
            "backend": keras.backend.backend(),
            "keras": keras.__version__,
            "machine": platform.processor() or platform.machine(),
        }
        partial = flags.out.with_suffix(".partial")
        partial.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        partial.replace(flags.out)


def question(model) -> tuple[str, Callable[[], object]]:
    """What is measured of the model, in words and as a function."""
    verb = getattr(model, model.verb)
    words, options = QUESTIONS.get(model.verb, ("an input", {}))
    example = model.examples[0] if model.examples else noisy_input(model.processor)
    return words, lambda: verb(example, **options)


def noisy_input(processor) -> np.ndarray:
    """Noise in the form that a classifier's or a detector's processor reads."""
    if hasattr(processor, "sample_rate"):  # a second of sound
        return noise(processor.sample_rate).astype("float32") / 255 - 0.5
    size = getattr(processor, "shortest_edge", getattr(processor, "size", None))
    if size is not None:  # an image
        height, width = (size, size) if isinstance(size, int) else size
        channels = len(getattr(processor, "mean", [0]))
        return noise(height, width, *([3] if channels == 3 else []))
    steps = np.arange(100.0)[:, None]
    return np.concatenate([steps, noise(100, processor.features) / 255], axis=1)


def noise(*shape: int) -> np.ndarray:
    """Random bytes, the same every time."""
    return np.random.default_rng(0).integers(256, size=shape).astype("uint8")


def measured(answer: Callable[[], object]) -> list[float]:
    """Milliseconds of each answer after the first ones."""
    times = []
    for _ in range(WARM_UP + ANSWERS):
        start = time.perf_counter()
        answer()
        times.append(1000 * (time.perf_counter() - start))
    return times[WARM_UP:]


if __name__ == "__main__":
    main()
