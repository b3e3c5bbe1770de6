"""A small GPT on the characters of Tiny Shakespeare.

    python -m recipes.gpt_char_lm

Two CPU cores, one seed. The recurrent models beside it are in `recipes/_char_lm.py`.
"""

import dataclasses

from keras.losses import SparseCategoricalCrossentropy

from recipes._char_lm import NATS, char_lm_card, scores_of
from seqzoo import data
from seqzoo.models import GPT, GPTConfig
from seqzoo.processors import CharacterProcessor
from seqzoo.tasks.metrics import CrossEntropy
from seqzoo.training import Recipe, main, muon

CARD = dataclasses.replace(
    char_lm_card(
        title="GPT character model",
        paper=(
            "Radford et al. (2018), Improving Language Understanding by Generative "
            "Pre-Training, https://openai.com/index/language-unsupervised; the norms "
            "of GPT-2 (Radford et al. 2019)"
        ),
    ),
    description=(
        "Generates English in the manner of Shakespeare's plays, one character at a "
        "time, and scores how likely a text is. Six layers of causal attention."
    ),
    departures=(
        "Characters in place of byte pairs; rotary positions (Su et al. 2021) in place "
        "of learned ones, so that a text has any length.",
        "Muon (Jordan et al. 2024) in place of Adam; averaged weights.",
    ),
)


def recipe(corpus: data.TextCorpus) -> Recipe:
    """The recipe on any text that is split into parts."""
    processor = CharacterProcessor.train(corpus.text, max_characters=2_048)
    config = GPTConfig(
        vocab_size=processor.vocab_size,
        window=256,
        embed_dim=192,
        num_layers=6,
        num_heads=6,
        hidden_dim=768,
        positions="rotary",
        dropout=0.2,
        attention_dropout=0.2,
    )
    model = GPT(config)
    model.processor = processor
    train = data.TokenStream(processor.encode(corpus.train), batch_size=32, steps=256)
    validation = processor.encode(corpus.validation)
    epochs = 30
    return Recipe(
        name="gpt_char_lm",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=muon(
            learning_rate=2e-3,
            steps=epochs * len(train),
            warmup_steps=200,
            weight_decay=0.1,
            clip_norm=1.0,
            ema_momentum=0.998,
        ),
        epochs=epochs,
        validate=CrossEntropy(NATS, validation, f"{corpus.name}, validation", rows=64),
        monitor=NATS,
        mode="min",
        evaluate=scores_of(corpus, processor),
        card=CARD,
        golden=processor.encode(corpus.test)[None, :64],
        data_sha256={corpus.name: corpus.sha256} if corpus.sha256 else {},
    )


if __name__ == "__main__":
    main(
        recipe,
        data=data.tiny_shakespeare,
        toy=lambda: data.split_text("toy", 2 * data.toy_text()),
    )
