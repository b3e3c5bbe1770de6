"""A recipe of a second: from a token to the next but one, with dropout and averages.

`python -m tests.training.toy` is a training run like any other.
"""

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass

if absent := os.environ.get("TOY_WITHOUT"):
    sys.modules[absent] = None  # importing it fails, as if it were not installed

import keras
import numpy as np
from safetensors.numpy import load_file

from seqzoo.tasks.base import Task
from seqzoo.training import Card, Metric, Published, Recipe, main, run

VOCABULARY = 11
STEPS = 5  # an epoch


@dataclass(frozen=True)
class ToyConfig:
    units: int = 8
    dropout: float = 0.3


class Inner(keras.layers.Layer):
    """Dropout two levels down: its random state must be found there."""

    def __init__(self, config, name=None):
        super().__init__(name=name)
        self.dense = keras.layers.Dense(config.units, activation="tanh", name="dense")
        self.dropout = keras.layers.Dropout(config.dropout, name="dropout")

    def build(self, shape):
        self.dense.build(shape)

    def call(self, inputs, training=False):
        return self.dropout(self.dense(inputs), training=training)


class Toy(Task):
    task = "text-generation"
    Config = ToyConfig

    def __init__(self, config, name=None):
        super().__init__(config, name)
        self.embedding = keras.layers.Embedding(
            VOCABULARY, config.units, name="embedding"
        )
        self.inner = Inner(config, name="inner")
        self.head = keras.layers.Dense(VOCABULARY, name="head")

    def build(self, input_shape=None):
        self.embedding.build((None, None))
        for layer in (self.inner, self.head):
            layer.build((None, None, self.config.units))

    def example_inputs(self):
        return {"ids": np.zeros((1, 4), "int32")}

    def call(self, inputs, training=False):
        hidden = self.embedding(inputs["ids"])
        return self.head(self.inner(hidden, training=training))


def batches(epoch: int) -> Iterator[tuple]:
    rng = np.random.default_rng(epoch)
    for step in range(STEPS):
        if os.environ.get("TOY_KILL_AT") == f"{epoch},{step}":
            os.kill(os.getpid(), signal.SIGKILL)
        ids = rng.integers(0, VOCABULARY, (6, 4 + 4 * (step % 2)), "int32")
        if os.environ.get("TOY_STOP_AT") == f"{epoch},{step}":
            os.kill(os.getpid(), int(os.environ["TOY_SIGNAL"]))
        yield {"ids": ids}, (ids + 2) % VOCABULARY, np.ones(ids.shape, "float32")


def accuracy(model: Task) -> float:
    ids = np.arange(VOCABULARY, dtype="int32")[None]
    found = keras.ops.convert_to_numpy(model({"ids": ids})).argmax(-1)
    return float((found == (ids + 2) % VOCABULARY).mean() * 100)


def loss(model: Task) -> float:
    ids = np.arange(VOCABULARY, dtype="int32")[None]
    logits = model({"ids": ids})
    losses = keras.ops.sparse_categorical_crossentropy(
        (ids + 2) % VOCABULARY, logits, from_logits=True
    )
    return float(keras.ops.mean(losses))


def recipe(data: str = "toy", **changes) -> Recipe:
    values = {
        "name": "toy_lm",
        "model": Toy(ToyConfig()),
        "train": batches,
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "optimizer": keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(0.02, 20),
            use_ema=True,
            ema_momentum=0.8,
        ),
        "epochs": 4,
        "validate": lambda model: {"loss": loss(model), "accuracy": accuracy(model)},
        "monitor": "loss",
        "mode": "min",
        "evaluate": lambda model: {
            "accuracy": Metric(
                accuracy(model), "%", "all tokens", VOCABULARY, extra={"signature": "t"}
            )
        },
        "card": Card(
            title="Toy",
            description="Says the token after the next.",
            paper="None (2026).",
            data=f"Made up: {data}.",
            licence="apache-2.0",
            limits="Knows eleven tokens.",
            languages=("en",),
            published={"accuracy": Published(99.0, "nobody")},
        ),
    }
    return Recipe(**{**values, **changes})


def train(
    tmp_path,
    seed=0,
    resume=True,
    run_eagerly=False,
    force=False,
    finish=False,
    **changes,
):
    """Runs the toy recipe with some fields changed; returns its two folders."""
    written = run(
        lambda: recipe(**changes),
        seed=seed,
        folder=tmp_path / "weights",
        checkpoint_dir=tmp_path / "checkpoints",
        resume=resume,
        run_eagerly=run_eagerly,
        force=force,
        finish=finish,
    )
    return written, tmp_path / "checkpoints" / "toy_lm"


def best_weights(checkpoints):
    """The weights that validation chose, as the checkpoint holds them."""
    arrays = load_file(checkpoints / "state.safetensors")
    return {
        key.removeprefix("best/"): array
        for key, array in arrays.items()
        if key.startswith("best/")
    }


if __name__ == "__main__":
    main(recipe, data=lambda: "real", toy=lambda: "toy")
