"""The character models of Tiny Shakespeare: one experiment, a cell each.

Each cell has as many units as give the model 0.82 to 0.90 million parameters, in two
layers, and sees the same batches in the same order for the same number of steps, with
the same learning rate and dropout: these were set on the LSTM and not searched.

`--text my.txt` trains on any UTF-8 file instead, however long, for ten minutes at most.
"""

import dataclasses
import re
from collections.abc import Callable

import numpy as np
from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import RecurrentLM, RecurrentLMConfig
from seqzoo.processors import CharacterProcessor
from seqzoo.tasks.metrics import CrossEntropy, Metric
from seqzoo.training import Card, Published, Recipe, adamw, main

NATS = "nats_per_character"


def char_lm(
    corpus: data.TextCorpus, name: str, card: Card, cell: str, units: int, **config
) -> Recipe:
    """The recipe of one cell on Tiny Shakespeare, or on the user's own text."""
    model = fresh_model(corpus.text, cell, units, **config)
    if corpus.file is not None:
        return own_char_lm(corpus, name, card, model)
    encode = model.processor.encode
    validation, test = encode(corpus.validation), encode(corpus.test)
    train = data.TokenStream(encode(corpus.train), batch_size=32, steps=128)
    # A tenth of the rows begin a batch with fresh states.
    model.carry_states(train.batch_size, 0.1)
    epochs = max(1, round(2_940 / len(train)))  # 12 for Tiny Shakespeare
    return Recipe(
        name=name,
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=optimizer(epochs * len(train), warmup_steps=200, ema_momentum=0.998),
        epochs=epochs,
        validate=CrossEntropy(NATS, validation, f"{corpus.name}, validation", rows=64),
        monitor=NATS,
        mode="min",
        evaluate=scores_of(corpus, model.processor),
        card=card,
        golden=test[None, :64],
        data_sha256={corpus.name: corpus.sha256} if corpus.sha256 else {},
    )


def scores_of(corpus: data.TextCorpus, processor: CharacterProcessor) -> Callable:
    """From a model to its scores on the test part and on the last tenth."""
    test = processor.encode(corpus.test)
    last_tenth = np.concatenate([processor.encode(corpus.validation), test])
    scores = (
        CrossEntropy(f"{NATS}_test", test, f"{corpus.name}, test"),
        CrossEntropy(f"{NATS}_last_tenth", last_tenth, f"{corpus.name}, last_tenth"),
        NanoGPTCrossEntropy(last_tenth, f"{corpus.name}, last_tenth"),
    )
    return lambda model: {
        name: metric for score in scores for name, metric in score(model).items()
    }


def own_char_lm(
    corpus: data.TextCorpus, name: str, card: Card, model: RecurrentLM
) -> Recipe:
    """The same model on a text of any length: ten minutes on two CPU cores.

    An epoch is a number of steps and not a pass through the text, so that a long text
    is validated in time and a short one not too often.
    """
    file, parts = corpus.file.name, (corpus.train, corpus.validation, corpus.test)
    train, validation, test = (model.processor.encode(part) for part in parts)
    steps = 60  # of an epoch
    batches = data.TokenCircle(train, batch_size=32, steps=128, batches=steps)
    # A short text is known by heart after some 90 passes.
    passes = steps * 32 * 128 / len(train)  # in an epoch
    epochs = max(5, min(15, round(90 / passes)))
    model.carry_states(batches.batch_size, 0.1)
    prompt = corpus.validation[:20]
    alphabet = model.processor.vocab_size
    sizes = [f"{len(part):,}" for part in parts]
    return Recipe(
        name=own_name(name, corpus),
        model=model,
        train=batches,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=optimizer(
            epochs * steps,
            warmup_steps=4 * epochs,
            ema_momentum=1 - 9 / (epochs * steps),
            young_averages=True,
        ),
        epochs=epochs,
        validate=CrossEntropy(
            NATS,
            validation,
            f"{file}, validation",
            rows=max(1, min(64, len(validation) // 500)),
        ),
        monitor=NATS,
        mode="min",
        evaluate=CrossEntropy(f"{NATS}_test", test, f"{file}, test"),
        card=own_card(card, file, sizes),
        golden=test[None, :64],
        data_sha256={file: corpus.sha256},
        source=name,
        arguments=("--text", file),
        about=f"{file}: {len(corpus.text):,} characters, {alphabet:,} different ones",
        # The last layer grows with the alphabet.
        minutes=10 * epochs / 15 * (1 + alphabet / 3_300),
        sample=lambda model: prompt + model.generate(prompt, 200, 0.8, seed=0),
    )


def fresh_model(text: str, cell: str, units: int, **config) -> RecurrentLM:
    """The model of one cell, with the alphabet of a text."""
    processor = CharacterProcessor.train(text, max_characters=2_048)
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
    return model


def optimizer(steps: int, **settings):
    """AdamW with the numbers that all cells share."""
    return adamw(
        learning_rate=4e-3,
        steps=steps,
        weight_decay=0.01,
        no_decay=(),
        beta_2=0.99,
        clip_norm=1.0,
        **settings,
    )


@dataclasses.dataclass(frozen=True)
class NanoGPTCrossEntropy:
    """Nats a character as nanoGPT's `estimate_loss` samples them.

    Args:
        token_ids: Int array `(characters,)`.
        split: Data set and part.
    """

    token_ids: np.ndarray
    split: str

    def __call__(self, model: RecurrentLM) -> dict[str, Metric]:
        batches, batch_size, longest = 200, 64, 256
        context = (
            f"{batches} batches of {batch_size} random windows of {longest} "
            "characters, every position, the first of them without context"
        )
        length = len(self.token_ids)
        window = min(longest, length - 2)
        rng = np.random.default_rng(1337)
        nats = tokens = 0
        for _ in range(min(batches, length // window)):
            starts = rng.integers(length - window, size=batch_size)
            rows = self.token_ids[starts[:, None] + np.arange(window + 1)]
            score = model.cross_entropy(rows)
            nats, tokens = nats + score.nats, tokens + score.tokens
        extra = {"context": context}
        metric = Metric(
            nats / tokens, "nats/character", self.split, tokens, extra=extra
        )
        return {f"{NATS}_nanogpt": metric}


def char_lm_card(title: str, paper: str) -> Card:
    """The model card of one cell."""
    return Card(
        title=title,
        description=(
            "Generates English in the manner of Shakespeare's plays, one character at "
            "a time, and scores how likely a text is. Two recurrent layers."
        ),
        paper=paper,
        published={
            f"{NATS}_nanogpt": Published(
                1.4697,
                "nanoGPT, 10.7 M parameters, github.com/karpathy/nanoGPT, README; its "
                "CPU configuration of 0.8 M has 1.88",
            )
        },
        data=(
            "Tiny Shakespeare (Karpathy 2015, char-rnn), 1,115,394 characters, public "
            "domain: the first 90 % train the model, the next 5 % choose the epoch, "
            "the last 5 % test it"
        ),
        datasets=("karpathy/tiny_shakespeare",),
        licence="apache-2.0",
        limits=(
            "It knows the 65 characters of its text and nothing of the world: no "
            "digits but 3, no typographic quotes. Its text has form without sense."
        ),
        usage=(
            'print(model.generate("ROMEO:", max_new_tokens=200, seed=0))\n'
            'print(model.score("To be, or not to be").bits_per_token)'
        ),
        languages=("en",),
    )


def own_name(name: str, corpus: data.TextCorpus) -> str:
    """The name of the cell's model of a text; letters that no folder likes become _."""
    return f"{name}_{re.sub(r'[^A-Za-z0-9_-]+', '_', corpus.name)}"


def own_card(card: Card, file: str, sizes: list[str]) -> Card:
    """The card of the same cell trained on the user's own text."""
    train, validation, test = sizes
    return Card(
        title=f"{card.title}, trained on {file}",
        description=f"Continues a text in the manner of {file}, one character at a "
        "time, and scores how likely a text is. Two recurrent layers.",
        paper=card.paper,
        data=(
            f"{file}, a text of the user's own: the first {train} characters train the "
            f"model, the next {validation} choose the epoch, the last {test} test it"
        ),
        licence="unknown",  # the Hub's word; the user knows the rights in the text
        limits="It knows the characters of its text and nothing of the world.",
        usage="print(model.generate(max_new_tokens=200, seed=0))",
    )


def run(recipe: Callable[[data.TextCorpus], Recipe]) -> None:
    """The command line of one cell's recipe."""
    main(
        recipe,
        data=data.tiny_shakespeare,
        toy=lambda: data.split_text("toy", data.toy_text()),
        read=data.text_file,
    )
