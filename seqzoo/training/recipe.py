"""A recipe: a model, how it is trained, and the hand-written part of its card."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from seqzoo.hub.storage import WEIGHTS_DTYPES
from seqzoo.tasks.base import Task
from seqzoo.tasks.metrics import Metric
from seqzoo.training.optimizers import stretch


@dataclass(frozen=True)
class Published:
    """A score that others report for the same metric on the same data."""

    value: float
    source: str


@dataclass(frozen=True)
class Card:
    """The hand-written part of a model card; the numbers come from the run."""

    title: str
    description: str  # one paragraph: what the model is and does
    paper: str  # authors, year, title, address
    data: str  # what it was trained on, where from, the data's own licence
    licence: str  # of the weights, in the Hub's words, such as "apache-2.0"
    limits: str  # what it fails at, what it is not for
    usage: str = ""  # Python lines after `model = seqzoo.load(...)`
    languages: tuple[str, ...] = ()  # ISO 639-1
    datasets: tuple[str, ...] = ()  # Hub ids
    departures: tuple[str, ...] = ()  # from the paper, one sentence each
    published: Mapping[str, Published] = field(default_factory=dict)  # by metric


@dataclass(frozen=True)
class Recipe:
    """Everything a training run needs; made after the seed is set.

    Attributes:
        name: The trained name, which is the folder in `weights/`.
        model: The model with fresh weights and its processor.
        train: From the index of an epoch (from 0) to its batches, `(x, y)` or
            `(x, y, sample_weight)`, such as `seqzoo.data.ImageBatches`. Equal indices
            must give equal batches: a resumed run begins in the middle.
        loss: Keras loss.
        optimizer: Keras optimizer. With `use_ema=True` the averaged weights are
            validated, chosen and saved, while training goes on with the raw ones.
        epochs: Number of epochs.
        validate: From the model to its scores on validation data; after each epoch.
        monitor: The score that chooses the weights to keep.
        mode: Whether more ("max") or less ("min") of it is better.
        evaluate: From the chosen model, its weights rounded as they are saved, to its
            metrics on test data. Called once, after training.
        card: The hand-written part of the model card.
        golden: A small real input of the model; by default `model.example_inputs()`.
        weights_dtype: "float32", "float16" or "int8", of the saved weights (see
            `seqzoo.save`).
        data_sha256: Hash of each data file, for the record.
        source: Name of the file in `recipes/`, if `name` is another.
        arguments: Flags of the command, besides the seed, that led to this recipe.
        about: What a person should know of the data; said before the training.
        minutes: What to expect of the training on two CPU cores; None: not known.
        sample: From the model to something to show after each epoch.
        xla: Whether TensorFlow compiles a training step with XLA, which Keras does on a
            CPU only if told. It takes half a minute more at the start.
    """

    name: str
    model: Task
    train: Callable[[int], Iterable[Any]]
    loss: Any
    optimizer: Any
    epochs: int
    validate: Callable[[Any], Mapping[str, Metric | float]]
    monitor: str
    mode: Literal["max", "min"]
    evaluate: Callable[[Any], Mapping[str, Metric]]
    card: Card
    golden: Any = None
    weights_dtype: Literal["float32", "float16", "int8"] = "float16"
    data_sha256: Mapping[str, str] = field(default_factory=dict)
    xla: bool = False
    source: str = ""
    arguments: tuple[str, ...] = ()
    about: str = ""
    minutes: float | None = None
    sample: Callable[[Any], str] | None = None

    def __post_init__(self) -> None:
        """Refuses values that would fail only after hours."""
        if self.mode not in ("max", "min"):
            raise ValueError(
                f"`mode` must be 'max' or 'min'. Received: mode={self.mode!r}"
            )
        if self.weights_dtype not in WEIGHTS_DTYPES:
            raise ValueError(
                f"`weights_dtype` must be one of {', '.join(WEIGHTS_DTYPES)}. "
                f"Received: weights_dtype={self.weights_dtype!r}"
            )
        if self.epochs < 1:
            raise ValueError(
                f"`epochs` must be at least 1. Received: epochs={self.epochs}"
            )

    def with_epochs(self, epochs: int) -> "Recipe":
        """The same recipe with another number of epochs.

        The schedule of the learning rate and the averages of the weights become shorter
        or longer with it, so that a short run ends at a low rate, too.
        """
        if epochs == self.epochs:
            return self
        factor = epochs / self.epochs
        changed = dataclasses.replace(
            self,
            epochs=epochs,
            arguments=(*self.arguments, "--epochs", str(epochs)),
            minutes=None if self.minutes is None else self.minutes * factor,
        )
        stretch(self.optimizer, factor)
        return changed

    def is_better(self, score: float, best: float | None) -> bool:
        """Whether `score` beats `best`; NaN beats nothing, anything beats None."""
        if score != score:
            return False
        if best is None:
            return True
        return score > best if self.mode == "max" else score < best
