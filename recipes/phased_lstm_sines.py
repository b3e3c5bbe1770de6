"""A Phased LSTM that tells the period of a sine wave, however it is sampled.

    python -m recipes.phased_lstm_sines

Two CPU cores and KERAS_BACKEND=jax; 32 minutes beside other work, 98.99 % of waves
sampled every millisecond, 99.05 % every tenth of one, 98.83 % at random times, one
seed.

The frequency discrimination task of Neil et al. (2016, section 4.1). Unlike there, one
set of weights learns all three samplings at once, where the paper trains a network for
each; every wave is fresh, as there.
"""

import functools

import keras

from seqzoo.data import SAMPLINGS, SINE_LABELS, SineBatches, Waves, sine_waves
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.processors import TimedSeriesProcessor
from seqzoo.training import Card, Metric, Published, Recipe, main

UNITS = 110
BATCH_SIZE = 64
# A high-resolution wave has ten times the steps of the others, and is the easiest.
CYCLE = (*("standard", "asynchronous") * 3, "standard", "high_resolution")
CYCLES = 15  # in an epoch
EPOCHS = 84
LEARNING_RATE = 2e-3
VALIDATION_WAVES = 1_000  # of each sampling
TEST_WAVES = 10_000
# Apart from the training batches', which begin with 0.
VALIDATION_SEED, TEST_SEED = (1, 0), (2, 0)


def recipe(waves: int | None = None, cell: str = "phased_lstm") -> Recipe:
    """The recipe of one cell.

    Args:
        waves: How many waves validate and test each sampling, where fewer will do.
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
            units=UNITS,
        )
    )
    model.processor = TimedSeriesProcessor(SINE_LABELS)
    samplings = CYCLE * (1 if waves else CYCLES)
    steps = EPOCHS * len(samplings)
    return Recipe(
        name=f"{cell}_sines",
        model=model,
        train=lambda epoch: SineBatches(samplings, BATCH_SIZE, epoch=epoch),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps, alpha=0.01),
            global_clipnorm=1.0,
            use_ema=True,
            ema_momentum=0.99,
        ),
        epochs=EPOCHS,
        validate=functools.partial(validate, waves=waves or VALIDATION_WAVES),
        monitor="accuracy",
        mode="max",
        evaluate=functools.partial(evaluate, waves=waves or TEST_WAVES),
        card=CARD,
        golden=sine_waves("asynchronous", 2, TEST_SEED).inputs,
        weights_dtype="float32",
    )


def accuracy(model: RecurrentClassifier, waves: Waves) -> float:
    """Share of right answers, in per cent."""
    right = 0
    for start in range(0, len(waves), 250):
        part = {
            name: array[start : start + 250] for name, array in waves.inputs.items()
        }
        found = keras.ops.convert_to_numpy(model(part)).argmax(1)
        right += int((found == waves.labels[start : start + 250]).sum())
    return 100 * right / len(waves)


def validate(model: RecurrentClassifier, waves: int) -> dict[str, float]:
    """Mean accuracy over the three samplings."""
    found = {
        f"accuracy_{name}": accuracy(model, sine_waves(name, waves, VALIDATION_SEED))
        for name in SAMPLINGS
    }
    return {"accuracy": sum(found.values()) / len(found), **found}


def evaluate(model: RecurrentClassifier, waves: int) -> dict[str, Metric]:
    """Accuracy on waves of each sampling."""
    return {
        f"accuracy_{name}": Metric(
            value=accuracy(model, sine_waves(name, waves, TEST_SEED)),
            unit="%",
            split=f"fresh waves, {name.replace('_', ' ')} sampling",
            examples=waves,
        )
        for name in SAMPLINGS
    }


SOURCE = (
    "Neil et al. 2016, figure 3, read off the chart of its repository, +-0.5, one "
    "network for each sampling"
)
CARD = Card(
    title="Phased LSTM on sine waves",
    description=(
        "Tells whether a sine wave's period is 5 to 6 ms, from samples at any times."
    ),
    paper="Neil et al. 2016, Phased LSTM, arxiv.org/abs/1610.09513",
    data=(
        "Sine waves drawn afresh for every batch: 15 to 125 ms, period 5 to 6 ms or "
        "another between 1 and 100 ms, sampled every millisecond, every tenth of one, "
        "or at random times"
    ),
    licence="apache-2.0",
    limits="Clean waves of amplitude 1; times in milliseconds, from 0 to 125.",
    usage='print(model.classify("wave.csv"))  # lines of time, value',
    published={
        "accuracy_standard": Published(99.1, SOURCE),
        "accuracy_high_resolution": Published(99.6, SOURCE),
        "accuracy_asynchronous": Published(97.9, SOURCE),
    },
    departures=(
        "One set of weights for all three samplings.",
        "Cosine decay of the learning rate, weight averaging, batches of 64.",
    ),
)

if __name__ == "__main__":
    main(recipe, data=lambda: None, toy=lambda: 20)
