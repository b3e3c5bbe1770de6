"""A small BERT that fills in missing words of film reviews.

python -m recipes.bert_imdb_mlm
"""

from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import BERT, BERTConfig
from seqzoo.processors import SubwordProcessor
from seqzoo.tasks.metrics import MaskedPrediction
from seqzoo.training import Card, Recipe, adamw, main

CARD = Card(
    title="Small BERT on film reviews",
    description=(
        "Fills in missing words of English film reviews, and gives features of texts. "
        "bert_imdb_sentiment is this model fine-tuned."
    ),
    paper="Devlin et al. 2019, BERT, aclanthology.org/N19-1423",
    data=(
        "IMDB film reviews (Maas et al. 2011), 75,000 with and without a label, no "
        "licence stated, for research. Reviews that occur twice, or in the test part "
        "too, are left out"
    ),
    licence="cc-by-nc-4.0",
    limits="English film reviews, in lower case. It knows little beyond films.",
    languages=("en",),
    departures=(
        "No prediction of the next sentence, as in RoBERTa (Liu et al. 2019).",
        "Byte-pair encoding of 6,000 pieces in place of WordPiece.",
        "Windows of 256 tokens across reviews; no dropout, as few tokens come twice.",
    ),
)


def recipe(texts: data.ReviewTexts) -> Recipe:
    """The recipe on any texts."""
    steps = 256
    processor = SubwordProcessor.train(
        texts.train,
        vocab_size=6000,
        max_tokens=steps,
        head_tokens=64,
        framed=True,
    )
    model = BERT(
        BERTConfig(
            vocab_size=processor.vocab_size,
            embed_dim=192,
            num_layers=4,
            num_heads=4,
            hidden_dim=768,
            max_positions=steps,
            token_types=0,
            dropout=0.0,
            attention_dropout=0.0,
        )
    )
    model.processor = processor
    # Two passes over the texts, in parts after which the run can be resumed.
    parts, passes = 16, 2
    train = data.MaskedBatches(texts.train, processor, 32, steps, parts)
    epochs = passes * train.parts
    validation = data.MaskedBatches(texts.validation[:500], processor, 32, steps)
    test = data.MaskedBatches(texts.test[:5000], processor, 32, steps)
    return Recipe(
        name="bert_imdb_mlm",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adamw(
            learning_rate=1e-3,
            steps=epochs * len(train),
            warmup_steps=500,
            weight_decay=0.01,
            beta_2=0.98,
            clip_norm=1.0,
            ema_momentum=0.998,
        ),
        epochs=epochs,
        validate=MaskedPrediction(validation, "imdb, validation"),
        monitor="perplexity",
        mode="min",
        evaluate=MaskedPrediction(test, "imdb, test"),
        card=CARD,
        golden=processor.encode([text[:300] for text in texts.test[:2]]),
        data_sha256={"imdb": texts.sha256} if texts.sha256 else {},
        xla=False,
    )


if __name__ == "__main__":
    main(recipe, data=data.imdb_texts, toy=data.toy_texts)
