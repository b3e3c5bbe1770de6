"""The small BERT of film reviews, fine-tuned to say whether a review is positive.

    python -m recipes.bert_imdb_sentiment

It needs the trained model bert_imdb_mlm. `python -m benchmarks.without_pretraining`
trains the same network from fresh weights.
"""

from keras.losses import SparseCategoricalCrossentropy

import seqzoo
from seqzoo import data
from seqzoo.models import BERT, BERTClassifier, BERTClassifierConfig, BERTConfig
from seqzoo.processors import SubwordProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Recipe, adamw, main

PRETRAINED = "bert_imdb_mlm"
CARD = Card(
    title="Small BERT on the sentiment of film reviews",
    description=(
        "Says whether an English film review is positive or negative. It is "
        "bert_imdb_mlm, fine-tuned."
    ),
    paper="Devlin et al. 2019, BERT, aclanthology.org/N19-1423",
    data=f"{data.IMDB_DATA}. Pretrained on 50,000 reviews without a label, too",
    licence="cc-by-nc-4.0",
    limits=(
        "English film reviews of clear opinion: the data has none of five or six stars "
        "out of ten. Of long reviews it reads the beginning and the end."
    ),
    languages=("en",),
    departures=(
        "The mean over the tokens in place of the first token's output, because "
        "pretraining had no task for the first token.",
    ),
)


def recipe(
    corpus: data.LabelledCorpus, pretrained: BERT, is_pretrained: bool = True
) -> Recipe:
    """The recipe on any texts of two or more classes.

    Args:
        corpus: Texts and their classes.
        pretrained: A masked language model with its processor.
        is_pretrained: Whether its weights are the first ones, or only its sizes used.
    """
    processor = SubwordProcessor(
        pretrained.processor.tokenizer,
        corpus.labels,
        pretrained.config.max_positions,
        head_tokens=64,
        framed=True,
    )
    model = BERTClassifier(
        BERTClassifierConfig(
            **pretrained.config.encoder | {"dropout": 0.1, "attention_dropout": 0.1},
            num_classes=len(corpus.labels),
            pooling="mean",
            head_dropout=0.3,
        )
    )
    if is_pretrained:
        model.adopt(pretrained)
    model.processor = processor
    train = data.TextBatches(corpus.train, processor, batch_size=32)
    epochs = 3 if is_pretrained else 6
    return Recipe(
        name="bert_imdb_sentiment",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adamw(
            learning_rate=3e-4,
            steps=epochs * len(train),
            warmup_steps=200,
            weight_decay=0.01,
            clip_norm=1.0,
            ema_momentum=0.99,
        ),
        epochs=epochs,
        validate=Accuracy(corpus.validation),
        monitor="accuracy",
        mode="max",
        evaluate=Accuracy(corpus.test),
        card=CARD,
        golden=processor.encode([text[:300] for text in corpus.test.examples[:2]]),
    )


def toy_model() -> BERT:
    """A tiny model with fresh weights and its processor."""
    processor = SubwordProcessor.train(data.toy_texts().train, 80, framed=True)
    model = BERT(BERTConfig(processor.vocab_size, 8, 1, 2, 8, 100, token_types=0))
    model.processor = processor
    return model


if __name__ == "__main__":
    main(
        lambda inputs: recipe(*inputs),
        data=lambda: (data.imdb(), seqzoo.load(PRETRAINED)),
        toy=lambda: (data.toy_reviews(), toy_model()),
    )
