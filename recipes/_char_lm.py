"""What the character models of Tiny Shakespeare share: one budget for every cell.

Each cell has as many units as give the model 0.82 to 0.90 million parameters, in two
layers, and sees the same batches in the same order for the same number of steps, with
the same learning rate and dropout: these were set on the LSTM and not searched.

`--text my.txt` trains on any UTF-8 file instead.
"""

import functools
from pathlib import Path

import keras
import numpy as np

from seqzoo.data import (
    TextCorpus,
    split_text,
    stream_batches,
    tiny_shakespeare,
    toy_text,
)
from seqzoo.models import RecurrentLM, RecurrentLMConfig
from seqzoo.processors import CharacterProcessor
from seqzoo.training import Card, Metric, Published, Recipe, main

BATCH_SIZE = 32  # rows of the stream
STEPS = 128  # characters of truncated backpropagation
RESET_RATE = 0.1  # of rows, which begin a batch with fresh states
TRAINING_STEPS = 2_940  # 12 times through Tiny Shakespeare
NANOGPT_WINDOW = 256


def recipe(
    corpus: TextCorpus,
    name: str,
    title: str,
    paper: str,
    cell: str,
    units: int,
    learning_rate: float = 4e-3,
    **config,
) -> Recipe:
    """The recipe of one cell on any text."""
    whole = corpus.train + corpus.validation + corpus.test
    processor = CharacterProcessor.train(whole)
    encode = processor.encode
    train, validation, test = map(
        encode, (corpus.train, corpus.validation, corpus.test)
    )
    model = RecurrentLM(
        RecurrentLMConfig(
            vocab_size=processor.vocab_size,
            embed_dim=64,
            cell=cell,
            units=units,
            layers=2,
            dropout=0.25,
            **config,
        )
    )
    model.processor = processor
    model.carry_states(BATCH_SIZE, RESET_RATE)
    batches = functools.partial(stream_batches, train, BATCH_SIZE, STEPS)
    epochs = max(1, round(TRAINING_STEPS / len(batches())))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=learning_rate,
        warmup_steps=200,
        decay_steps=max(1, epochs * len(batches()) - 200),
        alpha=0.01,
    )
    return Recipe(
        name=name,
        model=model,
        train=lambda epoch: batches(epoch=epoch),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.AdamW(
            schedule,
            weight_decay=0.01,
            beta_2=0.99,
            global_clipnorm=1.0,
            use_ema=True,
            ema_momentum=0.998,
        ),
        epochs=epochs,
        validate=functools.partial(validate, token_ids=validation),
        monitor="nats_per_character",
        mode="min",
        evaluate=functools.partial(
            evaluate, name=corpus.name, validation=validation, test=test
        ),
        card=card(title, paper, corpus),
        golden=test[None, :64],
        weights_dtype="float16",
    )


def validate(model: RecurrentLM, token_ids: np.ndarray) -> dict[str, float]:
    """In 64 pieces side by side, which is quick; each begins without context."""
    rows = token_ids[: len(token_ids) // 64 * 64].reshape(64, -1)
    return {"nats_per_character": model.cross_entropy(rows).nats_per_token}


def evaluate(
    model: RecurrentLM, name: str, validation: np.ndarray, test: np.ndarray
) -> dict[str, Metric]:
    """With the whole context, and by nanoGPT's protocol."""
    both = np.concatenate([validation, test])
    whole = {"test": test, "last_tenth": both}
    metrics = {}
    for split, token_ids in whole.items():
        score = model.cross_entropy(token_ids[None])
        metrics[f"nats_per_character_{split}"] = Metric(
            value=score.nats_per_token,
            unit="nats/character",
            split=f"{name}, {split}",
            examples=score.tokens,
            extra={
                "bits_per_character": score.bits_per_token,
                "context": "everything before, in one pass",
            },
        )
    score = nanogpt_score(model, both)
    metrics["nats_per_character_nanogpt"] = Metric(
        value=score,
        unit="nats/character",
        split=f"{name}, last_tenth",
        examples=200 * 64 * NANOGPT_WINDOW,
        extra={
            "context": "200 batches of 64 random windows of 256 characters, every "
            "position, the first of them without context"
        },
    )
    return metrics


def nanogpt_score(model: RecurrentLM, token_ids: np.ndarray) -> float:
    """Nats a character as nanoGPT's `estimate_loss` samples them."""
    window = min(NANOGPT_WINDOW, len(token_ids) - 2)
    rng = np.random.default_rng(1337)
    nats = tokens = 0
    for _ in range(min(200, len(token_ids) // window)):
        starts = rng.integers(len(token_ids) - window, size=64)
        rows = token_ids[starts[:, None] + np.arange(window + 1)]
        score = model.cross_entropy(rows)
        nats, tokens = nats + score.nats, tokens + score.tokens
    return nats / tokens


def card(title: str, paper: str, corpus: TextCorpus) -> Card:
    """What the model cards of all cells say."""
    if corpus.name != "tiny_shakespeare":
        return Card(
            title=f"{title}, trained on {corpus.name}",
            description="Writes on in the manner of its text, character by character.",
            paper=paper,
            data=f"{corpus.name}; the last tenth chose the epoch and is the test",
            licence="other",
            limits="It knows the characters of its text and nothing of the world.",
        )
    return Card(
        title=title,
        description=(
            "Writes English in the manner of Shakespeare's plays, one character at a "
            "time, and scores how likely a text is. Two recurrent layers."
        ),
        paper=paper,
        data=(
            "Tiny Shakespeare (Karpathy 2015, char-rnn), 1,115,394 characters, public "
            "domain; the first 90 % train, the next 5 % choose the epoch, the last 5 % "
            "are the test"
        ),
        licence="apache-2.0",
        limits=(
            "It knows the 65 characters of its text and nothing of the world: no "
            "digits but 3, no typographic quotes. What it writes is form without sense."
        ),
        usage=(
            'print(model.generate("ROMEO:", max_new_tokens=200, seed=0))\n'
            'print(model.score("To be, or not to be").bits_per_token)'
        ),
        languages=("en",),
        datasets=("karpathy/tiny_shakespeare",),
        published={
            "nats_per_character_nanogpt": Published(
                1.4697,
                "nanoGPT, 10.7 M parameters, github.com/karpathy/nanoGPT, README; its "
                "CPU configuration of 0.8 M has 1.88",
            )
        },
    )


def run(name: str, **settings) -> None:
    """The command line of one cell's recipe."""
    main(
        functools.partial(recipe, name=name, **settings),
        data=tiny_shakespeare,
        toy=lambda: split_text("toy", toy_text()),
        read=read,
    )


def read(path: Path) -> TextCorpus:
    """A UTF-8 file in three parts."""
    try:
        return split_text(path.stem, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"--text wants a file in UTF-8. Received: {path}, where {error}."
        ) from error
