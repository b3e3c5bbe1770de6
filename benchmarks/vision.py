"""Vision models beside transformers and PyTorch: inference, and a step of training.

    python benchmarks/vision.py --out vision.json
    KERAS_BACKEND=jax python benchmarks/vision.py --cases swin training --rounds 3

Inference: ViT-B/16, Swin-T and DETR-R50 with random weights that transformers drew and
seqzoo.convert read, so that both give the same answers, which is checked before
anything is timed; transformers runs on PyTorch with its fused attention (sdpa).
Training: one step of the recipe vit_cifar10, beside the same model in PyTorch.

All variants take turns in one process, on two cores and threads, and so does a product
of two square float32 matrices (or bfloat16, where the processor has it), whose speed is
what the fractions are of. The process keeps the memory that they free, as that of our
recipes does. The table gives medians.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
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

# The backends read the settings above when they are imported.
import keras
import numpy as np
import torch
from keras import ops
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import seqzoo
from benchmarks.random_checkpoints import save_checkpoint
from seqzoo.memory import keep_freed_memory
from seqzoo.ops.compiled import compiled

# Height and width of the pictures, and the batches.
CASES = {
    "vit": ("ViT-B/16", (224, 224), (1, 8)),
    "swin": ("Swin-T", (224, 224), (1,)),
    "detr": ("DETR-R50", (800, 1066), (1,)),
    "training": ("vit_cifar10, a step", (32, 32), (128,)),
}
OURS, OURS_JIT, THEIRS, PRODUCT = "seqzoo", "seqzoo jit", "PyTorch", "product"
SIDE = 2048  # of the matrices
# The largest difference, as a share of the largest output.
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.1}


def has_bfloat16():
    """Whether the processor multiplies bfloat16 by itself."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def flops_of(step):
    """Floating-point operations of the products and convolutions in a step."""
    # The fused attention of a CPU is not counted, the one in parts is.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def inference(case, dtype, batch):
    """The contestants by name, and the operations of one of their steps."""
    height, width = CASES[case][1]
    pixels = np.random.default_rng(0).normal(size=(batch, height, width, 3))
    pixels = pixels.astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        theirs = save_checkpoint(case, folder).to(getattr(torch, dtype))
        ours = seqzoo.load(Path(folder), dtype=dtype)
    values = torch.tensor(pixels.transpose(0, 3, 1, 2)).to(getattr(torch, dtype))
    options = {}
    inputs = ops.convert_to_tensor(pixels, dtype)
    if case == "detr":
        mask = np.ones((batch, height, width), bool)
        options = {"pixel_mask": torch.tensor(mask)}
        inputs = {"images": inputs, "mask": ops.convert_to_tensor(mask)}
    whole = compiled(ours, lambda inputs: ours(inputs, training=False))

    def one_of(outputs):
        logits = outputs["logits"] if isinstance(outputs, dict) else outputs
        return ops.convert_to_numpy(ops.cast(logits, "float32"))

    def run_theirs():
        with torch.inference_mode():
            return theirs(pixel_values=values, **options).logits.float().numpy()

    steps = {
        OURS: lambda: one_of(ours(inputs, training=False)),
        OURS_JIT: lambda: one_of(whole(inputs)),
        THEIRS: run_theirs,
    }
    expected = run_theirs()
    for name in (OURS, OURS_JIT):
        found = steps[name]()
        worst = np.abs(found - expected).max() / np.abs(expected).max()
        if not worst <= TOLERANCE[dtype]:
            raise ValueError(
                f"{case}, {dtype}: {name} differs from transformers by {worst:.2g} of "
                f"the largest logit, more than {TOLERANCE[dtype]}."
            )
    return steps, flops_of(run_theirs)


def training(batch):
    """The same of a step of training, the recipe's beside PyTorch's."""
    from benchmarks.vision_in_torch import TorchTraining
    from recipes import vit_cifar10
    from seqzoo.data import toy_colours

    def ours(jit):
        keras.utils.set_random_seed(0)
        recipe = vit_cifar10.recipe(toy_colours(2 * batch))
        recipe.model.build()
        recipe.model.compile(
            optimizer=recipe.optimizer, loss=recipe.loss, jit_compile=jit
        )
        return recipe

    plain, jit = ours(False), ours(True)
    pixels, targets = next(iter(plain.train(0)))
    theirs = TorchTraining(plain.model)
    expected = ops.convert_to_numpy(plain.model(pixels, training=False))
    worst = np.abs(theirs.logits(pixels) - expected).max()
    if not worst <= TOLERANCE["float32"] * np.abs(expected).max():
        raise ValueError(f"The models differ by {worst:.2g} before any training.")

    def run_theirs():
        return theirs.step(pixels, targets)

    steps = {
        OURS: lambda: float(plain.model.train_on_batch(pixels, targets)),
        OURS_JIT: lambda: float(jit.model.train_on_batch(pixels, targets)),
        THEIRS: run_theirs,
    }
    return steps, flops_of(run_theirs)


def product(dtype):
    """A step that multiplies two square matrices."""
    rng = np.random.default_rng(0)
    a, b = (
        torch.tensor(rng.normal(size=(SIDE, SIDE)), dtype=getattr(torch, dtype))
        for _ in range(2)
    )
    return lambda: a @ b


def medians(steps, rounds):
    """Milliseconds by name; all take turns, after two rounds of warm-up.

    In each turn a first step is not counted: the threads of the library before may
    still spin, and its own may sleep.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 2):
        for name, step in steps.items():
            step()
            start = time.perf_counter()
            step()
            if turn >= 2:
                times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def measured(case, dtype, batch, rounds):
    """The record of one line of the table."""
    is_training = case == "training"
    steps, flops = training(batch) if is_training else inference(case, dtype, batch)
    times = medians({**steps, PRODUCT: product(dtype)}, rounds)
    peak = 2 * SIDE**3 / times.pop(PRODUCT)  # operations a millisecond
    ours = min(value for name, value in times.items() if name != THEIRS)
    return {
        "case": CASES[case][0],
        "dtype": dtype,
        "batch": batch,
        "image_size": CASES[case][1],
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
    torch.set_num_threads(THREADS)
    keep_freed_memory()  # as our recipes do; of all that take part
    records = []
    names = (OURS, OURS_JIT, THEIRS)
    print(
        f"| {keras.backend.backend()} | batch | dtype | {' ms | '.join(names)} ms | "
        "better of ours / theirs | ours, of the peak | theirs |"
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
    cells = [f"{times[name]:.1f}" if name in times else "-" for name in names]
    best = max(share for name, share in shares.items() if name != THEIRS)
    return (
        f"| {record['case']} | {record['batch']} | {record['dtype']} | "
        f"{' | '.join(cells)} | {record['ours_to_theirs']:.2f} | {best:.0%} | "
        f"{shares[THEIRS]:.0%} |"
    )


def _record(arguments, records):
    installed = {}
    for library in ("keras", "tensorflow", "jax", "torch", "transformers"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed[library] = metadata.version(library)
    return {
        "command": "python benchmarks/vision.py",
        "backend": keras.backend.backend(),
        "rounds": arguments.rounds,
        "threads": THREADS,
        "machine": platform.processor() or platform.machine(),
        **installed,
        "results": records,
    }


if __name__ == "__main__":
    main()
