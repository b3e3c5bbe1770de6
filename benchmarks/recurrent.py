"""Training step and inference of `Recurrent` beside Keras's and PyTorch's layers.

    python benchmarks/recurrent.py --out recurrent.json
    python benchmarks/recurrent.py --cell gru --skip-keras-jit-above 500

All variants take turns in one process, on two threads, so that what else the
machine does slows them alike; the table gives medians and ratios. A training step
is forward and backward: gradients by the inputs and by all weights of the mean of
the squared outputs.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

THREADS = "2"
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[variable] = THREADS
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# The backends read the settings above when they are imported.
import keras
import numpy as np
import tensorflow as tf
import torch

from seqzoo.layers import GRUCell, LSTMCell, Recurrent

# (batch, steps, features, units)
SHAPES = [
    (64, 100, 128, 256),
    (32, 35, 200, 200),
    (128, 784, 1, 128),
    (1, 1000, 128, 256),
    (256, 20, 512, 512),
]
# "jit": in a function that XLA compiles whole, as `compile(jit_compile=True)` does.
OURS, OURS_JIT = "Recurrent", "Recurrent jit"
KERAS, KERAS_JIT, TORCH = "Keras", "Keras jit", "torch"


def tensorflow_variant(layer, array, training, jit):
    """A function of nothing that runs one step, and waits for it."""
    inputs = tf.constant(array)
    layer(inputs)

    @tf.function(jit_compile=jit)
    def infer(inputs):
        return layer(inputs)

    @tf.function(jit_compile=jit)
    def train(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_mean(layer(inputs, training=True) ** 2)
        return tape.gradient(loss, [inputs, *layer.trainable_variables])

    step = train if training else infer
    return lambda: [tensor.numpy() for tensor in tf.nest.flatten(step(inputs))][-1]


def torch_variant(cell, array, units, training):
    """The same of `torch.nn`'s fused layer."""
    kinds = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    layer = kinds[cell](array.shape[-1], units, batch_first=True)
    inputs = torch.tensor(array, requires_grad=training)

    def infer():
        with torch.no_grad():
            layer(inputs)

    def train():
        loss = (layer(inputs)[0] ** 2).mean()
        torch.autograd.grad(loss, [inputs, *layer.parameters()])

    return train if training else infer


def variants(cell, shape, training, skip_keras_jit_above):
    """The contestants at one shape, by name."""
    batch, steps, features, units = shape
    array = np.random.default_rng(0).normal(size=(batch, steps, features))
    array = array.astype("float32")
    our_cell = {"lstm": LSTMCell, "gru": GRUCell}[cell](units)
    keras_class = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    ours = Recurrent(our_cell, return_sequences=True)
    contestants = {
        OURS: tensorflow_variant(ours, array, training, jit=False),
        OURS_JIT: tensorflow_variant(ours, array, training, jit=True),
    }
    for name, jit in ((KERAS, False), (KERAS_JIT, True)):
        layer = keras_class(units, return_sequences=True)
        contestants[name] = tensorflow_variant(layer, array, training, jit)
    long = batch > 1 and steps > skip_keras_jit_above
    if training and long:
        print(
            f"{shape}: {KERAS_JIT} left out of training, since autodiff of a loop of "
            f"more than {skip_keras_jit_above} steps takes seconds a step under XLA",
            file=sys.stderr,
        )
        del contestants[KERAS_JIT]
    contestants[TORCH] = torch_variant(cell, array, units, training)
    return contestants


def medians(contestants, rounds):
    """Milliseconds by name; all take turns, after two rounds of warm-up."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 2):
        for name, step in contestants.items():
            start = time.perf_counter()
            step()
            if turn >= 2:
                times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main():
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", choices=("lstm", "gru"), default="lstm")
    parser.add_argument("--rounds", type=int, default=9, help="timed runs of each")
    parser.add_argument("--shapes", type=int, nargs="*", default=range(len(SHAPES)))
    parser.add_argument("--modes", nargs="*", default=["training", "inference"])
    parser.add_argument("--skip-keras-jit-above", type=int, default=10**9)
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(int(THREADS))
    records = []
    print(
        f"| {arguments.cell}, (batch, steps, features, units) | mode | ours ms | "
        "ours jit ms | Keras ms | Keras jit ms | torch ms | better Keras / ours | "
        "ours / torch |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for shape in (SHAPES[index] for index in arguments.shapes):
        for mode in arguments.modes:
            contestants = variants(
                arguments.cell,
                shape,
                mode == "training",
                arguments.skip_keras_jit_above,
            )
            times = medians(contestants, arguments.rounds)
            best_keras = min(times.get(KERAS_JIT, times[KERAS]), times[KERAS])
            record = {
                "cell": arguments.cell,
                "shape": shape,
                "mode": mode,
                "milliseconds": times,
                "better_keras_to_ours": best_keras / times[OURS],
                "ours_to_torch": times[OURS] / times[TORCH],
            }
            records.append(record)
            cells = [
                f"{times[name]:.1f}" if name in times else "-"
                for name in (OURS, OURS_JIT, KERAS, KERAS_JIT, TORCH)
            ]
            print(
                f"| {shape} | {mode} | {' | '.join(cells)} | "
                f"{record['better_keras_to_ours']:.2f} | "
                f"{record['ours_to_torch']:.2f} |",
                flush=True,
            )
    if arguments.out:
        text = json.dumps(
            {
                "command": "python benchmarks/recurrent.py",
                "rounds": arguments.rounds,
                "threads": int(THREADS),
                "machine": platform.processor() or platform.machine(),
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
                "torch": torch.__version__,
                "results": records,
            },
            indent=1,
        )
        partial = arguments.out.with_suffix(".partial")
        partial.write_text(text + "\n")
        partial.replace(arguments.out)


if __name__ == "__main__":
    main()
