"""A Phased LSTM on the period of sine waves, sampled in three ways.

    python -m recipes.phased_lstm_sines

Two CPU cores and KERAS_BACKEND=jax; 32 minutes beside other work, 98.99 % of waves
sampled every millisecond, 99.05 % every tenth of one, 98.83 % at random times, one
seed.

The frequency discrimination task of Neil et al. (2016, section 4.1). Every wave is
fresh, as there; the card lists the departures from the paper.
"""

from functools import partial
from statistics import fmean

from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.processors import TimedSeriesProcessor
from seqzoo.tasks.metrics import Accuracy, Metric
from seqzoo.training import Card, Published, Recipe, adam, main

# A high-resolution wave has ten times the steps of the others, and is the easiest.
CYCLE = (*("standard", "asynchronous") * 3, "standard", "high_resolution")
# Apart from the training batches', which begin with 0.
VALIDATION_SEED, TEST_SEED = (1, 0), (2, 0)
SOURCE = (
    "Neil et al. 2016, figure 3, read off the chart of its repository, +-0.5, one "
    "network for each sampling"
)
CARD = Card(
    title="Phased LSTM on sine waves",
    description=(
        "Tells whether the period of a sine wave is 5 to 6 ms, from samples at any "
        "times."
    ),
    paper="Neil et al. 2016, Phased LSTM, arxiv.org/abs/1610.09513",
    published={
        "accuracy_standard": Published(99.1, SOURCE),
        "accuracy_high_resolution": Published(99.6, SOURCE),
        "accuracy_asynchronous": Published(97.9, SOURCE),
    },
    departures=(
        "One set of weights for all three samplings; the paper trains a network for "
        "each.",
        "Cosine decay of the learning rate, weight averaging, batches of 64.",
    ),
    data=(
        "Sine waves, new in every batch: 15 to 125 ms long, with a period of 5 to 6 ms "
        "or another between 1 and 100 ms, sampled every millisecond, every tenth of "
        "one, or at random times"
    ),
    licence="apache-2.0",
    limits="Clean waves of amplitude 1; times in milliseconds, from 0 to 125.",
    usage='print(model.classify("wave.csv"))  # lines of time, value',
)


def recipe(waves: int | None = None, cell: str = "phased_lstm") -> Recipe:
    """The recipe of one cell.

    Args:
        waves: Number of waves that validate and test each sampling, to try it quickly.
        cell: "phased_lstm", or a cell of `seqzoo.layers.CELLS`, which gets the time
            as a second input.
    """
    model = RecurrentClassifier(
        RecurrentClassifierConfig(
            features=1,
            num_classes=2,
            cell=cell,
            timed=True,
            time_unit=100.0,
            units=110,
        )
    )
    model.processor = TimedSeriesProcessor(data.SINE_LABELS)
    train = data.SineBatches(CYCLE * (1 if waves else 15), batch_size=64)
    epochs = 84
    return Recipe(
        name=f"{cell}_sines",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(
            learning_rate=2e-3,
            steps=epochs * len(train),
            clip_norm=1.0,
            ema_momentum=0.99,
        ),
        epochs=epochs,
        validate=partial(validate, waves=waves or 1_000),
        monitor="accuracy",
        mode="max",
        evaluate=partial(accuracies, waves=waves or 10_000, seed=TEST_SEED),
        card=CARD,
        golden=data.sine_waves("asynchronous", 2, TEST_SEED).inputs,
        weights_dtype="float32",
    )


def accuracies(
    model: RecurrentClassifier, waves: int, seed: tuple[int, int]
) -> dict[str, Metric]:
    """Accuracy on waves of each sampling."""
    return {
        f"accuracy_{name}": Accuracy(data.sine_waves(name, waves, seed))(model)[
            "accuracy"
        ]
        for name in data.SAMPLINGS
    }


def validate(model: RecurrentClassifier, waves: int) -> dict[str, float | Metric]:
    """The mean over the three samplings, and each of them."""
    scores = accuracies(model, waves, VALIDATION_SEED)
    return {"accuracy": fmean(map(float, scores.values())), **scores}


if __name__ == "__main__":
    main(recipe, data=lambda: None, toy=lambda: 20)
