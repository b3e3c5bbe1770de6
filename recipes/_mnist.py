"""What the MNIST models share: pictures, a split, and what is measured."""

import functools
from collections.abc import Callable

import keras
import numpy as np

from seqzoo.data import (
    LabelledArrays,
    LabelledCorpus,
    mnist,
    shuffled_batches,
    toy_digits,
)
from seqzoo.processors import GreyImageProcessor
from seqzoo.tasks import SequenceClassifier
from seqzoo.training import Card, Metric, Published, Recipe, main

MAX_SHIFT = 2  # pixels, in each direction, at random in training


def recipe(
    corpus: LabelledCorpus,
    name: str,
    make: Callable[[], SequenceClassifier],
    layout: str,
    card: Card,
    batch_size: int = 128,
    epochs: int = 12,
    learning_rate: float = 2e-3,
    clip_norm: float = 1.0,
) -> Recipe:
    """The recipe of one model of MNIST."""
    processor = GreyImageProcessor(corpus.labels, layout)
    model = make()
    model.processor = processor
    batch_size = min(batch_size, len(corpus.train))

    def batches(epoch: int):
        def batch(rows):
            rng = np.random.default_rng([3, epoch, int(rows[0])])
            pictures = shifted(corpus.train.examples[rows], rng) / 255
            return processor.arranged(pictures), corpus.train.labels[rows]

        return shuffled_batches(len(corpus.train), batch_size, batch, epoch=epoch)

    steps = epochs * len(batches(0))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=learning_rate,
        warmup_steps=min(400, steps // 2),
        decay_steps=steps - min(400, steps // 2),
        alpha=0.01,
    )
    return Recipe(
        name=name,
        model=model,
        train=batches,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(
            schedule, global_clipnorm=clip_norm, use_ema=True, ema_momentum=0.998
        ),
        epochs=epochs,
        validate=lambda model: {"accuracy": accuracy(model, corpus.validation)},
        monitor="accuracy",
        mode="max",
        evaluate=functools.partial(evaluate, test=corpus.test),
        card=card,
        golden=processor.arranged(corpus.test.examples[:2] / 255),
        weights_dtype="float16",
    )


def shifted(pictures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each picture moved by up to `MAX_SHIFT` pixels, its border filled with black."""
    size = pictures.shape[1]
    padded = np.pad(pictures, ((0, 0), (MAX_SHIFT, MAX_SHIFT), (MAX_SHIFT, MAX_SHIFT)))
    starts = rng.integers(2 * MAX_SHIFT + 1, size=(2, len(pictures), 1))
    rows, columns = starts + np.arange(size)
    examples = np.arange(len(pictures))[:, None, None]
    return padded[examples, rows[:, :, None], columns[:, None, :]]


def accuracy(model: SequenceClassifier, data: LabelledArrays) -> float:
    """Share of right answers, in per cent."""
    probabilities = model.probabilities(list(data.examples))
    return 100 * float((probabilities.argmax(1) == data.labels).mean())


def evaluate(model: SequenceClassifier, test: LabelledArrays) -> dict[str, Metric]:
    """Accuracy on the test pictures."""
    return {
        "accuracy": Metric(
            value=accuracy(model, test),
            unit="%",
            split="mnist, test",
            examples=len(test),
        )
    }


def mnist_card(
    title: str,
    description: str,
    paper: str,
    published: Published | None = None,
    departures: tuple[str, ...] = (),
) -> Card:
    """What the model cards of all MNIST models say."""
    return Card(
        title=title,
        description=description,
        paper=paper,
        data="MNIST (LeCun et al. 1998): 55,000 pictures train, 5,000 choose the "
        "epoch, 10,000 are the test",
        licence="apache-2.0",
        limits="White digits on black, centred, 28 pixels on a side; nothing else.",
        usage='print(model.classify("digit.png", top=3))',
        datasets=("ylecun/mnist",),
        published={"accuracy": published} if published else {},
        departures=("Training pictures are shifted by up to 2 pixels.", *departures),
    )


def run(make_recipe: Callable[[LabelledCorpus], Recipe]) -> None:
    """The command line of one model's recipe."""
    main(make_recipe, data=mnist, toy=toy_digits)
