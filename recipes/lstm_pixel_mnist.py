"""An LSTM that reads MNIST pixel by pixel, 784 steps.

    python -m recipes.lstm_pixel_mnist

One CPU core and KERAS_BACKEND=jax; 49 minutes beside other work, 98.30 % of the test
images, one seed. Two initial values make it learn in few epochs: gates that remember
for up to the length of the image, and a kernel large enough for the single input. In
short trials it learned several times as slowly without either. The card lists the
departures from the paper.
"""

from keras.losses import CategoricalCrossentropy

from seqzoo import data
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.processors import GreyImageProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Published, Recipe, adamw, main

AUGMENT = (data.RandomShift(1),)

CARD = Card(
    title="LSTM on the pixels of MNIST",
    description=(
        "Classifies an image of a digit, read as 784 pixels, row by row: a test of "
        "memory over hundreds of steps."
    ),
    paper=(
        "Le et al. 2015, A simple way to initialize recurrent networks of rectified "
        "linear units, arxiv.org/abs/1504.00941"
    ),
    published={
        "accuracy": Published(
            98.9,
            "LSTM of 100 units, Cooijmans et al. 2017, table 1, "
            "arxiv.org/abs/1603.09025",
        )
    },
    departures=(
        "Gates start with memories of 1 to 784 steps (Tallec and Ollivier 2018).",
        data.augmentation_sentence(AUGMENT),
    ),
    data=data.MNIST_DATA,
    datasets=("ylecun/mnist",),
    licence="apache-2.0",
    limits="White digits on black, centred, 28 pixels on a side; nothing else.",
    usage='print(model.classify("digit.png", top=3))',
)


def recipe(corpus: data.LabelledCorpus) -> Recipe:
    """The recipe on any grey images of 28 by 28 pixels in ten classes."""
    model = RecurrentClassifier(
        RecurrentClassifierConfig(
            features=1,
            cell="lstm",
            units=64,
            kernel_initializer="lecun_uniform",
            chrono_steps=784,
        )
    )
    model.processor = GreyImageProcessor(corpus.labels, layout="pixels")
    train = data.ImageBatches(corpus.train, model.processor, 64, AUGMENT)
    epochs = 20
    return Recipe(
        name="lstm_pixel_mnist",
        model=model,
        train=train,
        loss=CategoricalCrossentropy(from_logits=True),
        optimizer=adamw(
            learning_rate=8e-3,
            steps=epochs * len(train),
            warmup_steps=400,
            weight_decay=0.0,
            clip_norm=1.0,
            ema_momentum=0.998,
        ),
        epochs=epochs,
        validate=Accuracy(corpus.validation),
        monitor="accuracy",
        mode="max",
        evaluate=Accuracy(corpus.test),
        card=CARD,
        golden=model.processor.batch(corpus.test.examples[:2]),
    )


if __name__ == "__main__":
    main(recipe, data=data.mnist, toy=data.toy_digits)
