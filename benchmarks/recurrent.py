"""Training step and inference of `Recurrent` beside Keras's and PyTorch's layers.

    python benchmarks/recurrent.py --out recurrent.json
    python benchmarks/recurrent.py --cell peephole_lstm --skip-keras-jit-above 500

All variants take turns in one process, on two threads, so that what else the
machine does slows them alike; the table gives medians and ratios. A training step
is forward and backward: gradients by the inputs and by all weights of the mean of
the squared outputs. A cell that Keras lacks stands beside the same cell in
`keras.layers.RNN`, and beside Keras's and PyTorch's nearest own layer.
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
# Seconds between two contestants: the threads of PyTorch's OpenMP wait for their next
# work with the processor in hand, for some milliseconds.
PAUSE = 0.05
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

from seqzoo.layers import (
    CELLS,
    LeakyCell,
    LSTMCell,
    OutputRecurrentCell,
    PhasedLSTMCell,
    Recurrent,
    SkipCell,
    ZoneoutCell,
)

MAKERS = {
    **CELLS,
    "phased_lstm": lambda units: PhasedLSTMCell(units, time_feature=True),
    "leaky": LeakyCell,
    "skip": lambda units: SkipCell(units, delay=4),
    "output_recurrent": lambda units: OutputRecurrentCell(units, outputs=units),
    "zoneout_lstm": lambda units: ZoneoutCell(LSTMCell(units), (0.05, 0.1)),
}
# The layers that Keras and PyTorch have, by the cell that is nearest.
KERAS_LAYERS = {
    "elman": keras.layers.SimpleRNN,
    "gru": keras.layers.GRU,
    "lstm": keras.layers.LSTM,
}
TORCH_LAYERS = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
# All others are variants of the LSTM.
ELMAN_VARIANTS = ("layer_norm_elman", "leaky", "skip", "output_recurrent")

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
LOOP, LOOP_JIT = "keras.layers.RNN", "keras.layers.RNN jit"
NAMES = (OURS, OURS_JIT, KERAS, KERAS_JIT, LOOP, LOOP_JIT, TORCH)


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
    layer = TORCH_LAYERS[cell](array.shape[-1], units, batch_first=True)
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
    ours = array
    if cell == "phased_lstm":  # which reads the time from one feature more
        times = np.tile(np.arange(steps, dtype="float32"), (batch, 1))
        ours = np.concatenate([array, times[..., None]], axis=-1)
    nearest = "elman" if cell in ELMAN_VARIANTS else "lstm"
    nearest = cell if cell in KERAS_LAYERS else nearest
    layers = {
        OURS: (Recurrent(MAKERS[cell](units), return_sequences=True), ours),
        KERAS: (KERAS_LAYERS[nearest](units, return_sequences=True), array),
    }
    if cell not in KERAS_LAYERS:
        loop = keras.layers.RNN(MAKERS[cell](units), return_sequences=True)
        layers[LOOP] = loop, ours
    long = training and batch > 1 and steps > skip_keras_jit_above
    contestants = {}
    for name, (layer, inputs) in layers.items():
        contestants[name] = tensorflow_variant(layer, inputs, training, jit=False)
        if long and name != OURS:
            print(
                f"{shape}: {name} jit left out of training, since autodiff of a loop "
                f"of more than {skip_keras_jit_above} steps takes seconds a step "
                "under XLA",
                file=sys.stderr,
            )
            continue
        jit = tensorflow_variant(layer, inputs, training, jit=True)
        contestants[f"{name} jit"] = jit
    contestants[TORCH] = torch_variant(nearest, array, units, training)
    return contestants


def medians(contestants, rounds, seconds):
    """Milliseconds by name, and of how many rounds; all take turns.

    After two rounds of warm-up come `rounds`, and more until `seconds` have passed.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    turn, end = -2, 0.0
    while turn < rounds or time.perf_counter() < end:
        if turn == 0:
            end = time.perf_counter() + seconds
        for name, step in contestants.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            step()
            if turn >= 0:
                times[name].append(1000 * (time.perf_counter() - start))
        turn += 1
    return {name: statistics.median(values) for name, values in times.items()}, turn


def main():
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", choices=tuple(MAKERS), default="lstm")
    parser.add_argument("--rounds", type=int, default=3, help="at least so many runs")
    parser.add_argument(
        "--seconds", type=float, default=8, help="and more until these have passed"
    )
    parser.add_argument("--shapes", type=int, nargs="*", default=range(len(SHAPES)))
    parser.add_argument("--modes", nargs="*", default=["training", "inference"])
    parser.add_argument("--skip-keras-jit-above", type=int, default=10**9)
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(int(THREADS))
    records = []
    print(
        f"| {arguments.cell}, (batch, steps, features, units) | mode | "
        f"{' ms | '.join(NAMES)} ms | better Keras / ours | / ours jit | "
        "ours jit / torch |"
    )
    print("|---" * (len(NAMES) + 5) + "|")
    for shape in (SHAPES[index] for index in arguments.shapes):
        for mode in arguments.modes:
            contestants = variants(
                arguments.cell,
                shape,
                mode == "training",
                arguments.skip_keras_jit_above,
            )
            times, rounds = medians(contestants, arguments.rounds, arguments.seconds)
            best_keras = min(times.get(KERAS_JIT, times[KERAS]), times[KERAS])
            record = {
                "cell": arguments.cell,
                "shape": shape,
                "mode": mode,
                "rounds": rounds,
                "milliseconds": times,
                "better_keras_to_ours": best_keras / times[OURS],
                "better_keras_to_ours_jit": best_keras / times[OURS_JIT],
                "ours_to_torch": times[OURS] / times[TORCH],
                "ours_jit_to_torch": times[OURS_JIT] / times[TORCH],
            }
            records.append(record)
            cells = [f"{times[name]:.1f}" if name in times else "-" for name in NAMES]
            print(
                f"| {shape} | {mode} | {' | '.join(cells)} | "
                f"{record['better_keras_to_ours']:.2f} | "
                f"{record['better_keras_to_ours_jit']:.2f} | "
                f"{record['ours_jit_to_torch']:.2f} |",
                flush=True,
            )
    if arguments.out:
        text = json.dumps(
            {
                "command": "python benchmarks/recurrent.py",
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
