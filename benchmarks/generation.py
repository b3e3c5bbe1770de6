"""Characters a second that a character model writes, one text at a time.

    python benchmarks/generation.py --model lstm_char_lm --out generation.json

Texts of several lengths: a character costs the same however many came before.
"""

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LENGTHS = (512, 2_048, 8_192)
ROUNDS = 5


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lstm_char_lm", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    flags = parser.parse_args()

    import keras

    import seqzoo

    model = seqzoo.load(flags.model)
    model.generate("A", max_new_tokens=64, seed=0)  # compiles
    times: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for _ in range(ROUNDS):
        for length in LENGTHS:
            start = time.perf_counter()
            model.generate("A", max_new_tokens=length, seed=0)
            times[length].append(time.perf_counter() - start)
    speeds = {n: n / statistics.median(seconds) for n, seconds in times.items()}
    backend = keras.backend.backend()
    print(f"| {flags.model}, {backend}, characters | characters a second |")
    print("|---|---|")
    for length, speed in speeds.items():
        print(f"| {length:,} | {speed:,.0f} |")
    if flags.out:
        record = {
            "model": flags.model,
            "params": model.info.params,
            "backend": backend,
            "keras": keras.__version__,
            "machine": platform.processor() or platform.machine(),
            "characters_a_second": speeds,
        }
        partial = flags.out.with_suffix(".partial")
        partial.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        partial.replace(flags.out)


if __name__ == "__main__":
    main()
