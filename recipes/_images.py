"""What the classifiers of images share: batches, a schedule, and what is measured."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from recipes._schedule import Kind, scheduled
from seqzoo.data import LabelledArrays, LabelledCorpus, shuffled_batches
from seqzoo.tasks import ImageClassifier, SequenceClassifier
from seqzoo.training import Card, Metric, Recipe

Classifier = ImageClassifier | SequenceClassifier
# From pictures of a batch, and a generator, to pictures changed at random, 0 to 255.
Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]
# From pictures and probabilities of a batch, and a generator, to the same mixed.
Mix = Callable[
    [np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]
]


def recipe(
    corpus: LabelledCorpus,
    name: str,
    model: Classifier,
    arrange: Callable[[np.ndarray], Any],
    augment: Augment,
    card: Card,
    batch_size: int = 128,
    epochs: int = 12,
    learning_rate: float = 2e-3,
    warmup_steps: int = 400,
    clip_norm: float = 1.0,
    weight_decay: float = 0.0,
    label_smoothing: float = 0.0,
    ema_momentum: float = 0.998,
    optimizer: Kind = "adamw",
    mix: Mix | None = None,
    xla: bool = False,
) -> Recipe:
    """The recipe of one model.

    Args:
        corpus: Pictures in three parts.
        name: The trained name.
        model: With its processor.
        arrange: From pictures, 0 to 255, to what the model is called on.
        augment: How training pictures are changed.
        card: The hand-written part of the model card.
        batch_size: Pictures in a batch.
        epochs: How many.
        learning_rate: After the warm-up; falls by half a cosine to a hundredth.
        warmup_steps: Steps in which it rises from 0.
        clip_norm: Largest norm of all gradients together.
        weight_decay: On kernels.
        label_smoothing: Share of the target's probability spread over all classes.
        ema_momentum: Of the averaged weights, which are kept.
        optimizer: "adamw" or "muon".
        mix: How changed pictures are mixed with each other, and their targets.
        xla: As in `Recipe`.
    """
    batch_size = min(batch_size, len(corpus.train))
    one_hot = np.eye(len(corpus.labels), dtype="float32")

    def batches(epoch: int):
        def batch(rows):
            rng = np.random.default_rng([3, epoch, int(rows[0])])
            pictures = augment(corpus.train.examples[rows], rng)
            targets = one_hot[corpus.train.labels[rows]]
            if mix is not None:
                pictures, targets = mix(pictures, targets, rng)
            return arrange(pictures), targets

        return shuffled_batches(len(corpus.train), batch_size, batch, epoch=epoch)

    made = scheduled(
        optimizer,
        epochs * len(batches(0)),
        learning_rate,
        warmup_steps,
        weight_decay,
        clip_norm,
        ema_momentum,
    )
    return Recipe(
        name=name,
        model=model,
        train=batches,
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=label_smoothing
        ),
        optimizer=made,
        epochs=epochs,
        validate=lambda model: {"accuracy": accuracy(model, corpus.validation)},
        monitor="accuracy",
        mode="max",
        evaluate=functools.partial(evaluate, name=corpus.name, test=corpus.test),
        card=card,
        golden=arrange(corpus.test.examples[:2]),
        weights_dtype="float16",
        xla=xla,
    )


def accuracy(model: Classifier, data: LabelledArrays) -> float:
    """Share of right answers, in per cent."""
    probabilities = model.probabilities(list(data.examples))
    return 100 * float((probabilities.argmax(1) == data.labels).mean())


def evaluate(model: Classifier, name: str, test: LabelledArrays) -> dict[str, Metric]:
    """Accuracy on the test pictures."""
    return {
        "accuracy": Metric(
            value=accuracy(model, test),
            unit="%",
            split=f"{name}, test",
            examples=len(test),
        )
    }
