"""A Phased LSTM on the period of sine waves, sampled in three ways.

    python -m recipes.phased_lstm_sines

Two CPU cores and KERAS_BACKEND=jax; 32 minutes beside other work, 98.99 % of waves
sampled every millisecond, 99.05 % every tenth of one, 98.83 % at random times, one
seed.

The frequency discrimination task of Neil et al. (2016, section 4.1). The card lists the
departures from the paper.
"""

from functools import partial
from statistics import fmean

from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.processors import TimedSeriesProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Published, Recipe, adam, main

# A high-resolution wave has ten times the steps of the others, and is the easiest.
CYCLE = (*("standard", "asynchronous") * 3, "standard", "high_resolution")
VALIDATION_SEED, TEST_SEED = (1, 0), (2, 0)  # training waves have (0, epoch, index)
SOURCE = (
    "Neil et al. 2016, figure 3, read off the chart of its repository, +-0.5, one "
    "network for each sampling"
)
PUBLISHED = {"standard": 99.1, "high_resolution": 99.6, "asynchronous": 97.9}
CARD = Card(
    title="Phased LSTM on sine waves",
    description="Tells from samples at any times whether a sine's period is 5 to 6 ms.",
    paper="Neil et al. 2016, Phased LSTM, arxiv.org/abs/1610.09513",
    published={
        f"accuracy_{name}": Published(value, SOURCE)
        for name, value in PUBLISHED.items()
    },
    departures=(
        "One set of weights for all samplings; the paper trains a network for each.",
        "Cosine decay of the learning rate, weight averaging, batches of 64.",
    ),
    data=(
        "Sine waves (new in every batch) of 15 to 125 ms, with a period of 5 to 6 ms "
        "or another from 1 to 100 ms, sampled every 1 ms, 0.1 ms, or at random times"
    ),
    licence="apache-2.0",
    limits="Clean waves of amplitude 1; times in milliseconds, from 0 to 125.",
    usage='print(model.classify("wave.csv"))  # lines of time, value',
)


def recipe(waves: int | None = None, cell: str = "phased_lstm") -> Recipe:
    """The recipe of one cell of `seqzoo.layers.CELLS`, or "phased_lstm".

    Args:
        waves: Number of waves that validate and test each sampling, to try it quickly.
        cell: Other cells than "phased_lstm" get the time as a second input.
    """
    config = RecurrentClassifierConfig(
        features=1, num_classes=2, cell=cell, timed=True, time_unit=100.0, units=110
    )
    model = RecurrentClassifier(config)
    model.processor = TimedSeriesProcessor(data.SINE_LABELS)
    train = data.SineBatches(CYCLE * (1 if waves else 15), batch_size=64)
    epochs = 84
    return Recipe(
        name=f"{cell}_sines",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(2e-3, epochs * len(train), clip_norm=1.0, ema_momentum=0.99),
        epochs=epochs,
        validate=partial(validate, waves=waves or 1_000),
        monitor="accuracy",
        mode="max",
        evaluate=partial(accuracies, waves=waves or 10_000, seed=TEST_SEED),
        card=CARD,
        golden=data.sine_waves("asynchronous", 2, TEST_SEED).inputs,
        weights_dtype="float32",
    )


def accuracies(model: RecurrentClassifier, waves: int, seed: tuple) -> dict:
    """Accuracy on waves of each sampling."""
    samples = {name: data.sine_waves(name, waves, seed) for name in data.SAMPLINGS}
    return {f"accuracy_{n}": Accuracy(s)(model)["accuracy"] for n, s in samples.items()}


def validate(model: RecurrentClassifier, waves: int) -> dict:
    """The mean over the three samplings, and each of them."""
    scores = accuracies(model, waves, VALIDATION_SEED)
    return {"accuracy": fmean(map(float, scores.values())), **scores}


if __name__ == "__main__":
    main(recipe, data=lambda: None, toy=lambda: 20)
