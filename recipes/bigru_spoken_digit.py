"""A bidirectional GRU on spoken digits.

    python -m recipes.bigru_spoken_digit

Two CPU cores and KERAS_BACKEND=jax; 6 minutes, 99.0 % of the 300 test recordings, one
seed.
"""

from keras.losses import SparseCategoricalCrossentropy

from seqzoo import data
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.processors import LogMelProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Recipe, adam, main

VARIATION = data.SpeakerVariation(
    rate=(0.8, 1.25), shift=2, noise=0.3, blanks=2, blank_size=5
)
CARD = Card(
    title="Bidirectional GRU on spoken digits",
    description="Classifies a recording of an English digit.",
    paper=(
        "Schuster and Paliwal 1997, Bidirectional recurrent neural networks, "
        "doi:10.1109/78.650093; Cho et al. 2014, arxiv.org/abs/1406.1078"
    ),
    data=(
        "Free Spoken Digit Dataset (Jackson et al. 2018), CC BY-SA 4.0: six speakers, "
        "3,000 recordings at 8 kHz; takes 10-49 train the model, 5-9 choose the epoch, "
        "0-4 test it"
    ),
    licence="cc-by-sa-4.0",
    limits=(
        "Six speakers, all of them in the training data; other speakers are recognised "
        "far less well, as benchmarks/held_out_speaker.py measures. One digit at a "
        "time, in a quiet room."
    ),
    usage='print(model.classify("seven.wav", top=3))',
    languages=("en",),
)


def recipe(corpus: data.LabelledCorpus) -> Recipe:
    """The recipe on any recordings at 8 kHz."""
    processor = LogMelProcessor(corpus.labels)
    model = RecurrentClassifier(
        RecurrentClassifierConfig(
            features=processor.bands,
            cell="gru",
            units=96,
            layers=2,
            bidirectional=True,
            pooling="mean",
            dropout=0.3,
        )
    )
    model.processor = processor
    train = data.RecordingBatches(corpus.train, processor, 64, (VARIATION,))
    epochs = 40
    return Recipe(
        name="bigru_spoken_digit",
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
        validate=Accuracy(corpus.validation),
        monitor="accuracy",
        mode="max",
        evaluate=Accuracy(corpus.test),
        card=CARD,
        golden=processor.encode(corpus.test.examples[:2]),
    )


if __name__ == "__main__":
    main(recipe, data=data.spoken_digits, toy=data.toy_spoken_digits)
