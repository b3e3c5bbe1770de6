"""What `seqzoo.load` costs: seconds, and memory at its peak beside the file's size.

    python benchmarks/loading.py --out loading.json
    KERAS_BACKEND=jax python benchmarks/loading.py --cases vit lstm_char_lm

ViT-B/16, Swin-T and DETR-R50 with random weights that transformers saved, and models of
the zoo. Each load is the first of a process of its own that has imported Keras and
seqzoo and made a tensor; the file is in the system's cache, and reading it whole is
timed beside. Memory is the resident set of the process, looked at every 2 ms, above
what it was before. The table gives medians.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from importlib import metadata
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS = {"vit": "ViT-B/16", "swin": "Swin-T", "detr": "DETR-R50"}
ZOO = ("bilstm_attn_translate", "lstm_char_lm")
MEBIBYTE = 2**20


def resident():
    """Bytes of the process in memory (Linux)."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def load_once(folder):
    """What one load costs in this process, which has loaded nothing yet."""
    import keras

    import seqzoo
    import seqzoo.models
    import seqzoo.zoo

    keras.layers.Dense(2).build((None, 2))  # the backend's own first steps
    files = sorted(Path(folder).glob("*.safetensors"))
    start = time.perf_counter()
    size = sum(len(file.read_bytes()) for file in files)
    reading = time.perf_counter() - start
    before, done, peak = resident(), threading.Event(), 0

    def watch():
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    model = seqzoo.load(Path(folder))
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return {
        "parameters": model.count_params(),
        "mebibytes": size / MEBIBYTE,
        "seconds": seconds,
        "reading_seconds": reading,
        "peak_mebibytes": (max(peak, resident()) - before) / MEBIBYTE,
    }


def run(*arguments):
    """This file in a process of its own, and what it prints."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def measured(case, rounds):
    """The record of one line of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = ROOT / "weights" / case
        if case in CHECKPOINTS:
            folder = Path(scratch)
            run("--save", case, str(folder))  # PyTorch stays out of what is measured
        found = [json.loads(run("--load", str(folder))) for _ in range(rounds)]
    median = {key: statistics.median(each[key] for each in found) for key in found[0]}
    return {
        "case": CHECKPOINTS.get(case, case),
        **median,
        "seconds_beyond_reading": median["seconds"] - median["reading_seconds"],
        "peak_to_file": median["peak_mebibytes"] / median["mebibytes"],
    }


def main():
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", default=[*CHECKPOINTS, *ZOO])
    parser.add_argument("--rounds", type=int, default=5, help="processes of each")
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    parser.add_argument("--load", help=argparse.SUPPRESS)
    parser.add_argument("--save", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        print(json.dumps(load_once(arguments.load)))
        return
    if arguments.save:
        sys.path[:0] = [str(ROOT)]
        from benchmarks.random_checkpoints import save_checkpoint

        save_checkpoint(*arguments.save)
        return
    backend = os.environ["KERAS_BACKEND"]
    print(
        f"| {backend} | parameters | file, MiB | s | beyond reading, s | peak / file |"
    )
    print("|---|---|---|---|---|---|")
    records = []
    for case in arguments.cases:
        row = measured(case, arguments.rounds)
        records.append(row)
        print(
            f"| {row['case']} | {row['parameters']:,.0f} | {row['mebibytes']:.0f} | "
            f"{row['seconds']:.2f} | {row['seconds_beyond_reading']:.2f} | "
            f"{row['peak_to_file']:.2f} |",
            flush=True,
        )
    if arguments.out:
        record = {
            "command": "python benchmarks/loading.py",
            "backend": backend,
            "rounds": arguments.rounds,
            "keras": metadata.version("keras"),
            "results": records,
        }
        partial = arguments.out.with_suffix(".partial")
        partial.write_text(json.dumps(record, indent=1) + "\n")
        partial.replace(arguments.out)


if __name__ == "__main__":
    main()
