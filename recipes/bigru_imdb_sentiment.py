"""A bidirectional GRU that says whether a film review is positive.

    python -m recipes.bigru_imdb_sentiment

One CPU core and KERAS_BACKEND=jax.
"""

from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import RecurrentTextClassifier, RecurrentTextClassifierConfig
from seqzoo.processors import SubwordProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Recipe, adam, main

CARD = Card(
    title="Bidirectional GRU on film reviews",
    description="Says whether an English film review is positive or negative.",
    paper=(
        "Schuster and Paliwal 1997, Bidirectional recurrent neural networks, "
        "doi:10.1109/78.650093; Cho et al. 2014, arxiv.org/abs/1406.1078"
    ),
    data=data.IMDB_DATA,
    licence="cc-by-nc-4.0",
    limits=(
        "English film reviews of clear opinion: the data has none of five or six stars "
        "out of ten. Of long reviews it reads the beginning and the end."
    ),
    languages=("en",),
)


def recipe(corpus: data.LabelledCorpus) -> Recipe:
    """The recipe on any texts of two or more classes."""
    processor = SubwordProcessor.train(
        corpus.train.examples,
        vocab_size=8000,
        labels=corpus.labels,
        max_tokens=400,
        head_tokens=100,
    )
    model = RecurrentTextClassifier(
        RecurrentTextClassifierConfig(
            vocab_size=processor.vocab_size,
            num_classes=len(corpus.labels),
            embed_dim=128,
            cell="gru",
            units=128,
            word_dropout=0.2,
            embedding_dropout=0.3,
            dropout=0.5,
        )
    )
    model.processor = processor
    train = data.TextBatches(corpus.train, processor, batch_size=64)
    epochs = 8
    return Recipe(
        name="bigru_imdb_sentiment",
        model=model,
        train=train,
        loss=SparseCategoricalCrossentropy(from_logits=True),
        optimizer=adam(
            learning_rate=2e-3,
            steps=epochs * len(train),
            clip_norm=1.0,
            ema_momentum=0.995,
        ),
        epochs=epochs,
        validate=Accuracy(corpus.validation),
        monitor="accuracy",
        mode="max",
        evaluate=Accuracy(corpus.test),
        card=CARD,
        golden=processor.encode(corpus.test.examples[:2]),
    )


if __name__ == "__main__":
    main(recipe, data=data.imdb, toy=data.toy_reviews)
