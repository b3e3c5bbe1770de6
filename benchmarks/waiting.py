"""How long a person waits: the first answer of a process, then answers of new kinds.

    python benchmarks/waiting.py --out waiting.json

Each step is the first of its kind in the process: a new length, a new number of texts,
a new setting. Each waits for what it traces or compiles. The load of the machine
(running processes, mean of a minute) stands beside the times; above the number of cores
they mean little.
"""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

STARTED = time.perf_counter()
WORDS = (
    "a man in a blue shirt is standing on a ladder and two small dogs are playing with "
    "a red ball in the snow near the big window of an old house behind the green park"
).split()
LENGTHS = (3, 8, 16, 25, 33, 40, 80)  # words
COUNTS = (2, 5, 9, 30)  # sentences


def steps(translator: Any, generator: Any) -> list[tuple[str, Callable[[], Any]]]:
    """What is waited for, and its name."""

    def translate(length: int, count: int = 1) -> Callable[[], Any]:
        texts = [" ".join((WORDS * 3)[i:][:length]) for i in range(count)]
        return lambda: translator.translate(texts)

    def generate(**settings: Any) -> Callable[[], Any]:
        return lambda: generator.generate("ROMEO:", 64, seed=0, **settings)

    return [
        ("first translation", translate(8)),
        *((f"translate {n} words", translate(n)) for n in LENGTHS),
        *((f"translate {n} sentences", translate(8, n)) for n in COUNTS),
        ("length_penalty=0.5", lambda: translator.translate("a", length_penalty=0.5)),
        ("first text", generate()),
        ("temperature=0", generate(temperature=0)),
        ("top_k=5", generate(top_k=5)),
        ("top_k=7, top_p=0.9", generate(top_k=7, top_p=0.9)),
    ]


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="JSON file to write")
    flags = parser.parse_args()

    import keras

    import seqzoo

    models = [seqzoo.load(name) for name in ("bilstm_attn_translate", "lstm_char_lm")]
    times = {"import and load of two models": time.perf_counter() - STARTED}
    print(f"{times['import and load of two models']:7.2f} s  import and load of both")
    for name, step in steps(*models):
        start = time.perf_counter()
        step()
        times[name] = time.perf_counter() - start
        print(f"{times[name]:7.2f} s  {name}", flush=True)
    machine = platform.processor() or platform.machine()
    record = {
        "device": f"{machine}, {os.cpu_count()} cores",
        "load": os.getloadavg()[0],
        "backend": keras.backend.backend(),
        "keras": keras.__version__,
        "seconds": times,
    }
    if flags.out:
        flags.out.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
