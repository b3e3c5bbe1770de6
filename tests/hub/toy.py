"""A tiny model of the zoo, its processor, and the record of a training it never had."""

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np

from seqzoo.tasks.base import Task

WEIGHTS = "model.safetensors"


@dataclasses.dataclass(frozen=True)
class ToyConfig:
    units: int = 4
    dropout: float = 0.1
    sizes: tuple[int, ...] = (1, 2)


class Toy(Task):
    """Two dense layers."""

    task = "toy"
    Config = ToyConfig

    def __init__(self, config, name=None):
        super().__init__(config, name)
        self.hidden = keras.layers.Dense(config.units, name="hidden")
        self.out = keras.layers.Dense(2, name="out")

    def build(self, input_shape=None):
        self.hidden.build((None, 3))
        self.out.build((None, self.config.units))

    def example_inputs(self):
        return np.ones((1, 3), "float32")

    def call(self, inputs, training=False):
        return self.out(keras.ops.tanh(self.hidden(inputs)))


class ToyProcessor:
    """Words of a `labels.txt`."""

    def __init__(self, labels, upper=False):
        self.labels = labels
        self.upper = upper

    def get_config(self):
        return {"upper": self.upper}

    def save(self, folder):
        (Path(folder) / "labels.txt").write_text("\n".join(self.labels))

    @classmethod
    def load(cls, config, folder):
        return cls((Path(folder) / "labels.txt").read_text().split("\n"), **config)


def write_record(folder):
    (folder / "metrics.json").write_text(
        json.dumps(
            {
                "params": 26,
                "metrics": {
                    "accuracy": {
                        "value": 91.5,
                        "unit": "%",
                        "split": "test",
                        "examples": 1000,
                        "seeds": [0, 1],
                        "spread": 0.3,
                    }
                },
                "published": {"accuracy": {"value": 90.0, "source": "Toy 2020"}},
                "paper": "A Paper (2020)",
                "licence": "Apache-2.0",
            }
        )
    )
    (folder / "train_log.csv").write_text("step,loss\n1,2.0\n")


def answer(model):
    """What a toy says to its example."""
    return keras.ops.convert_to_numpy(model(model.example_inputs()))


def cached_weights(root):
    """The one file of weights in a Hub cache."""
    (blob,) = {path.resolve() for path in root.rglob(WEIGHTS)}
    return blob
