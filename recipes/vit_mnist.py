"""A small vision transformer on MNIST.

    python -m recipes.vit_mnist

Two CPU cores and KERAS_BACKEND=tensorflow; 65 minutes, 99.51 % of the test images, one
seed. The card lists the departures from the paper.
"""

from keras.losses import CategoricalCrossentropy

from seqzoo import data
from seqzoo.models import ViT, ViTConfig
from seqzoo.processors import ImageProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Published, Recipe, adamw, main

AUGMENT = (data.RandomAffine(degrees=12, scale=0.12, shift=2),)

CARD = Card(
    title="ViT on MNIST",
    description=(
        "Classifies an image of a digit: a convolutional stem turns it into 7 by 7 "
        "patches, which four transformer blocks read."
    ),
    paper=(
        "Dosovitskiy et al. 2021, An image is worth 16x16 words, "
        "arxiv.org/abs/2010.11929"
    ),
    published={
        "accuracy": Published(
            99.5, "0.21 M parameters, 100 epochs, github.com/s-chh, ViT from scratch"
        )
    },
    departures=(
        "A convolutional stem (Xiao et al. 2021) in place of the linear patches.",
        "The mean over the patches in place of a class token.",
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
    model = ViT(
        ViTConfig(
            image_size=28,
            patch_size=4,
            channels=1,
            num_classes=len(corpus.labels),
            embed_dim=72,
            num_layers=4,
            num_heads=2,
            hidden_dim=216,
            stem="conv",
            pooling="mean",
            dropout=0.05,
            drop_path=0.05,
        )
    )
    model.processor = ImageProcessor(
        corpus.labels, model.config.sides, mean=(0.131,), std=(0.308,)
    )
    train = data.ImageBatches(corpus.train, model.processor, 128, AUGMENT)
    epochs = 26
    return Recipe(
        name="vit_mnist",
        model=model,
        train=train,
        loss=CategoricalCrossentropy(from_logits=True, label_smoothing=0.05),
        optimizer=adamw(
            learning_rate=2e-3,
            steps=epochs * len(train),
            warmup_steps=400,
            weight_decay=0.02,
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
