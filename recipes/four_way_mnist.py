"""Recurrent sweeps of MNIST in four directions.

    python -m recipes.four_way_mnist

One CPU core and KERAS_BACKEND=jax; 33 minutes beside other work, 99.15 % of the test
images, one seed. The card lists the departures from the paper.
"""

from keras.losses import CategoricalCrossentropy

from seqzoo import data
from seqzoo.models import FourWayClassifier, FourWayClassifierConfig
from seqzoo.processors import GreyImageProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Published, Recipe, adamw, main

AUGMENT = (data.RandomShift(2),)

CARD = Card(
    title="Four-way recurrent network on MNIST",
    description=(
        "Classifies an image of a digit: recurrent layers sweep it to the right, left, "
        "down and up, twice."
    ),
    paper=(
        "Visin et al. 2015, ReNet: a recurrent neural network based alternative to "
        "convolutional networks, arxiv.org/abs/1505.00393"
    ),
    published={"accuracy": Published(99.55, "ReNet, Visin et al. 2015, table 2")},
    departures=(data.augmentation_sentence(AUGMENT),),
    data=data.MNIST_DATA,
    datasets=("ylecun/mnist",),
    licence="apache-2.0",
    limits="White digits on black, centred, 28 pixels on a side; nothing else.",
    usage='print(model.classify("digit.png", top=3))',
)


def recipe(corpus: data.LabelledCorpus) -> Recipe:
    """The recipe on any grey images of 28 by 28 pixels in ten classes."""
    model = FourWayClassifier(
        FourWayClassifierConfig(patch_size=4, cell="gru", units=64, layers=2)
    )
    model.processor = GreyImageProcessor(corpus.labels, layout="plane")
    train = data.ImageBatches(corpus.train, model.processor, 128, AUGMENT)
    epochs = 10
    return Recipe(
        name="four_way_mnist",
        model=model,
        train=train,
        loss=CategoricalCrossentropy(from_logits=True),
        optimizer=adamw(
            learning_rate=2e-3,
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
