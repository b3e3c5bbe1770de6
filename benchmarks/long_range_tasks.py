"""The two tasks of `benchmarks/long_range.py`, and the sizes of the models on them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from seqzoo.layers import CELLS, TemporalConvNet

Arrays = tuple[np.ndarray, np.ndarray]

SYMBOLS = 10  # to remember, each in 1 ... 8
DELIMITER = 9
TRAIN, TEST = 0, 1  # which stream of a seed's random numbers


def adding(rows: int, length: int, rng: np.random.Generator) -> Arrays:
    """Values and markers `(rows, length, 2)`, and sums `(rows, 1)` of the marked.

    Values are uniform in [0, 1); one is marked in each half.
    """
    values = rng.random((rows, length), dtype="float32")
    markers = np.zeros_like(values)
    sums = np.zeros((rows, 1), "float32")
    row = np.arange(rows)
    for low, high in ((0, length // 2), (length // 2, length)):
        step = rng.integers(low, high, rows)
        markers[row, step] = 1
        sums[:, 0] += values[row, step]
    return np.stack([values, markers], axis=-1), sums


def copy_memory(rows: int, length: int, rng: np.random.Generator) -> Arrays:
    """Symbols `(rows, length + 20, 1)`, and the class `(rows, length + 20)` to name.

    Ten symbols, `length - 1` zeros, eleven delimiters; the ten symbols are the last
    targets, and the others are zero.
    """
    symbols = rng.integers(1, DELIMITER, (rows, SYMBOLS))
    inputs = np.zeros((rows, length + 2 * SYMBOLS, 1), "float32")
    inputs[:, :SYMBOLS, 0] = symbols
    inputs[:, -SYMBOLS - 1 :] = DELIMITER
    targets = np.zeros((rows, length + 2 * SYMBOLS), "int32")
    targets[:, -SYMBOLS:] = symbols
    return inputs, targets


@dataclass(frozen=True)
class Task:
    """A task, the sizes of the models on it, and how they are trained."""

    draw: Callable[[int, int, np.random.Generator], Arrays]
    loss: Callable[[], keras.losses.Loss]
    guess: Callable[[int], float]  # the loss of who has forgotten everything, by T
    length: int  # T
    shortest: int
    features: int
    outputs: int
    at_every_step: bool  # or an answer at the last alone
    parameters: int  # of recurrent models
    tcn_units: int
    learning_rate: float
    train_steps: int


TASKS = {
    "adding": Task(
        draw=adding,
        loss=keras.losses.MeanSquaredError,
        guess=lambda length: 1 / 6,  # variance of the sum of two uniform values
        length=600,
        shortest=2,
        features=2,
        outputs=1,
        at_every_step=False,
        parameters=70_000,
        tcn_units=24,
        learning_rate=2e-3,
        train_steps=7000,
    ),
    "copy": Task(
        draw=copy_memory,
        loss=lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        guess=lambda length: SYMBOLS * math.log(8) / (length + 2 * SYMBOLS),
        length=1000,
        shortest=1,
        features=1,
        outputs=10,
        at_every_step=True,
        parameters=16_000,
        tcn_units=10,
        learning_rate=5e-4,
        train_steps=5000,
    ),
}


@dataclass(frozen=True)
class Settings:
    """All that decides what a run computes, but for how long it lasts.

    Raises:
        ValueError: If the sequence is too short for the task or too long for the TCN.
    """

    task: str
    length: int  # T: steps of the adding problem, delay of copy memory
    model: str  # a name of `seqzoo.layers.CELLS`, or "tcn"
    units: int
    learning_rate: float  # at the start; falls by half a cosine to a hundredth
    train_steps: int  # at most
    chrono_steps: int = 0  # of a gated cell: for how long it remembers at the start
    blocks: int = 8  # of the TCN
    kernel_size: int = 8  # of the TCN
    clip_norm: float = 1.0
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self):
        shortest = TASKS[self.task].shortest
        if self.length < shortest:
            raise ValueError(
                f"`length` must be at least {shortest} for {self.task}. "
                f"Received: length={self.length}"
            )
        if self.model == "tcn":
            net = TemporalConvNet([self.units] * self.blocks, self.kernel_size)
            if net.receptive_field < self.sequence_steps:
                raise ValueError(
                    f"The TCN sees {net.receptive_field} steps of a sequence of "
                    f"{self.sequence_steps}. Give it more blocks or a larger "
                    f"kernel. Received: blocks={self.blocks}, "
                    f"kernel_size={self.kernel_size}"
                )

    @property
    def sequence_steps(self) -> int:
        """Steps of an input."""
        return self.length + (2 * SYMBOLS if self.task == "copy" else 0)

    @property
    def guess(self) -> float:
        """The loss of who has forgotten everything."""
        return TASKS[self.task].guess(self.length)

    @property
    def title(self) -> str:
        """Name of the run and of its result."""
        return f"{self.task}_{self.length}_{self.model}"


def default_units(task: str, model: str) -> int:
    """The paper's units of the TCN; of a cell, those next to its parameters."""
    wanted = TASKS[task]
    if model == "tcn":
        return wanted.tcn_units
    sizes, counts = (1, 2, 3), []
    for units in sizes:
        cell = CELLS[model](units)
        cell.build((None, wanted.features))
        counts.append(cell.count_params() + (units + 1) * wanted.outputs)
    # The number of parameters is a quadratic of the units.
    quadratic = np.polyfit(sizes, counts, 2)
    quadratic[-1] -= wanted.parameters
    return round(max(np.roots(quadratic).real))


def batch(settings: Settings, step: int) -> Arrays:
    """The training batch of a step, whatever was drawn before."""
    rng = np.random.default_rng([settings.seed, TRAIN, step])
    return TASKS[settings.task].draw(settings.batch_size, settings.length, rng)
