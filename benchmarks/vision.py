"""Vision models beside transformers and PyTorch: inference, and a step of training.

    python benchmarks/vision.py --out vision.json
    KERAS_BACKEND=jax python benchmarks/vision.py --cases swin training --rounds 3

Inference: ViT-B/16, Swin-T and DETR-R50 with random weights that transformers drew and
seqzoo.convert read, so that both give the same answers, which is checked before
anything is timed; transformers runs on PyTorch with its fused attention (sdpa).
Training: one step of the recipe vit_cifar10, beside the same model in PyTorch.

Each library has two processes of its own, on the same two cores and with two threads:
one as the library comes, and one that keeps the memory of freed arrays
(seqzoo/memory.py), as our command that trains does. All take turns, and so does a
product of two square float32 matrices (or bfloat16, where the processor has it), whose
speed is what the fractions are of. The table gives medians.
"""

import argparse
import contextlib
import itertools
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

# Height and width of the pictures, and the batches.
CASES = {
    "vit": ("ViT-B/16", (224, 224), (1, 8)),
    "swin": ("Swin-T", (224, 224), (1,)),
    "detr": ("DETR-R50", (800, 1066), (1,)),
    "training": ("vit_cifar10, a step", (32, 32), (128,)),
}
KEPT = ", memory kept"
# What is timed: the library, whether its process keeps memory, and the step.
TIMED = {
    OURS: ("seqzoo", False, OURS),
    OURS_JIT: ("seqzoo", False, OURS_JIT),
    OURS_JIT + KEPT: ("seqzoo", True, OURS_JIT),
    THEIRS: ("PyTorch", False, THEIRS),
    THEIRS + KEPT: ("PyTorch", True, THEIRS),
    PRODUCT: ("PyTorch", False, PRODUCT),
}
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
    """The processes of a task by library and memory, after they agree."""
    with contextlib.ExitStack() as stack:
        made = {}
        # PyTorch is the first: it draws the weights.
        for library, keeps_memory in itertools.product(
            ("PyTorch", "seqzoo"), (False, True)
        ):
            each = Contestant(library, task, keeps_memory)
            stack.callback(each.close)
            made[library, keeps_memory] = each
        expected = made["PyTorch", False].outputs
        for (library, _), each in made.items():
            worst = np.abs(each.outputs - expected).max() / np.abs(expected).max()
            if not worst <= TOLERANCE[task.dtype]:
                raise ValueError(
                    f"{task.case}, {task.dtype}: {library} differs from PyTorch by "
                    f"{worst:.2g} of the largest logit, more than "
                    f"{TOLERANCE[task.dtype]}."
                )
        yield made


def medians(processes, rounds):
    """Milliseconds by what is timed; all take turns, after two rounds of warm-up."""
    times: dict[str, list[float]] = {name: [] for name in TIMED}
    for turn in range(rounds + 2):
        for name, (library, keeps_memory, step) in TIMED.items():
            elapsed = processes[library, keeps_memory].milliseconds(step)
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
            flops = processes["PyTorch", False].flops
    peak = 2 * SIDE**3 / times.pop(PRODUCT)  # operations a millisecond
    # `classify` and `detect` run in a process as it comes, training in one that keeps.
    ours = OURS_JIT + KEPT if case == "training" else OURS_JIT
    return {
        "case": title,
        "dtype": dtype,
        "batch": batch,
        "image_size": size,
        "milliseconds": times,
        "ours": ours,
        "theirs_to_ours": times[THEIRS] / times[ours],
        "theirs_to_ours_memory_kept": times[THEIRS + KEPT] / times[OURS_JIT + KEPT],
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
        "| theirs / ours | memory kept | ours, of the peak | theirs |"
    )
    print("|---" * (len(names) + 7) + "|")
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
        f"{record['theirs_to_ours']:.2f} | "
        f"{record['theirs_to_ours_memory_kept']:.2f} | "
        f"{shares[record['ours']]:.0%} | {shares[THEIRS]:.0%} |"
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
