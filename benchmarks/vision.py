"""Vision models beside transformers and PyTorch: inference, and a step of training.

    python benchmarks/vision.py --out vision.json
    KERAS_BACKEND=jax python benchmarks/vision.py --cases swin training --rounds 3

Inference: ViT-B/16, Swin-T and DETR-R50 with random weights that transformers drew and
seqzoo.convert read, so that both give the same answers, which is checked before
anything is timed; transformers runs on PyTorch with its fused attention (sdpa).
Training: one step of the recipe vit_cifar10, beside the same model in PyTorch.

Each library has a process of its own, as its users have it, with two threads on the
same two cores; in training both keep the memory of freed arrays, as our command does.
They take turns, and so does a product of two square float32 matrices (or bfloat16,
where the processor has it), whose speed is what the fractions are of. The table gives
medians.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import tempfile
from importlib import metadata
from pathlib import Path

THREADS = 2
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[variable] = str(THREADS)
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# The recipes, and this folder as a package.
sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]
if hasattr(os, "sched_setaffinity"):  # JAX takes every core that it may
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])

import numpy as np

from benchmarks.vision_processes import (
    OURS,
    OURS_JIT,
    PRODUCT,
    SIDE,
    THEIRS,
    Contestant,
    Task,
)

# Height and width of the images, and the batches.
CASES = {
    "vit": ("ViT-B/16", (224, 224), (1, 8)),
    "swin": ("Swin-T", (224, 224), (1,)),
    "detr": ("DETR-R50", (800, 1066), (1,)),
    "training": ("vit_cifar10, a step", (32, 32), (128,)),
}
# What is timed, and in whose process.
TIMED = {OURS: OURS, OURS_JIT: OURS, THEIRS: THEIRS, PRODUCT: THEIRS}
# The largest difference, as a share of the largest output.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}


def has_bfloat16():
    """Whether the processor multiplies bfloat16 by itself."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


@contextlib.contextmanager
def contestants(task):
    """The two processes of a task by library, after they agree."""
    with contextlib.ExitStack() as stack:
        made = {}
        for library in (THEIRS, OURS):  # PyTorch first: it draws the weights
            made[library] = Contestant(library, task)
            stack.callback(made[library].close)
        expected = made[THEIRS].outputs
        worst = np.abs(made[OURS].outputs - expected).max() / np.abs(expected).max()
        if not worst <= TOLERANCE[task.dtype]:
            raise ValueError(
                f"{task.case}, {task.dtype}: ours differs from PyTorch by {worst:.2g} "
                f"of the largest logit, more than {TOLERANCE[task.dtype]}."
            )
        yield made


def medians(processes, rounds):
    """Milliseconds by what is timed; all take turns, after two rounds of warm-up."""
    times: dict[str, list[float]] = {name: [] for name in TIMED}
    for turn in range(rounds + 2):
        for name, library in TIMED.items():
            elapsed = processes[library].milliseconds(name)
            if turn >= 2:
                times[name].append(elapsed)
    return {name: statistics.median(values) for name, values in times.items()}


def measured(case, dtype, batch, rounds):
    """The record of one line of the table."""
    title, size, _ = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        task = Task(case, size, batch, dtype, THREADS, Path(folder))
        with contestants(task) as processes:
            times = medians(processes, rounds)
            flops = processes[THEIRS].flops
    peak = 2 * SIDE**3 / times.pop(PRODUCT)  # operations a millisecond
    ours = min(times[OURS], times[OURS_JIT])
    return {
        "case": title,
        "dtype": dtype,
        "batch": batch,
        "image_size": size,
        "milliseconds": times,
        "ours_to_theirs": ours / times[THEIRS],
        "gigaflops": flops / 1e9,
        "peak_gigaflops_a_second": peak / 1e6,
        "fraction_of_peak": {
            name: flops / (value * peak) for name, value in times.items()
        },
    }


def main():
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="*", choices=tuple(CASES), default=[*CASES])
    parser.add_argument("--rounds", type=int, default=9, help="timed runs of each")
    parser.add_argument(
        "--dtypes",
        nargs="*",
        choices=tuple(TOLERANCE),
        default=["float32", *(["bfloat16"] if has_bfloat16() else [])],
        help="of inference; by default what the processor has",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="a JSON file to write; what it holds of other cases is kept",
    )
    arguments = parser.parse_args()
    records = []
    names = [name for name in TIMED if name != PRODUCT]
    print(
        f"| {os.environ['KERAS_BACKEND']} | batch | dtype | {' ms | '.join(names)} ms "
        "| better of ours / theirs | ours, of the peak | theirs |"
    )
    print("|---" * (len(names) + 6) + "|")
    for case in arguments.cases:
        for dtype in ["float32"] if case == "training" else arguments.dtypes:
            for batch in CASES[case][2]:
                record = measured(case, dtype, batch, arguments.rounds)
                records.append(record)
                print(_row(record, names), flush=True)
    if arguments.out:
        measured_now = {record["case"] for record in records}
        if arguments.out.exists():
            before = json.loads(arguments.out.read_text())["results"]
            records = [r for r in before if r["case"] not in measured_now] + records
        text = json.dumps(_record(arguments, records), indent=1)
        partial = arguments.out.with_suffix(".partial")
        partial.write_text(text + "\n")
        partial.replace(arguments.out)


def _row(record, names):
    times, shares = record["milliseconds"], record["fraction_of_peak"]
    return (
        f"| {record['case']} | {record['batch']} | {record['dtype']} | "
        f"{' | '.join(f'{times[name]:.1f}' for name in names)} | "
        f"{record['ours_to_theirs']:.2f} | {max(shares[OURS], shares[OURS_JIT]):.0%} | "
        f"{shares[THEIRS]:.0%} |"
    )


def _record(arguments, records):
    installed = {}
    for library in ("keras", "tensorflow", "jax", "torch", "transformers"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed[library] = metadata.version(library)
    return {
        "command": "python benchmarks/vision.py",
        "backend": os.environ["KERAS_BACKEND"],
        "rounds": arguments.rounds,
        "threads": THREADS,
        "machine": platform.processor() or platform.machine(),
        **installed,
        "results": records,
    }


if __name__ == "__main__":
    main()
