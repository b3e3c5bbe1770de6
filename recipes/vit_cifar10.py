"""A small vision transformer on CIFAR-10.

    python -m recipes.vit_cifar10

Two CPU cores and KERAS_BACKEND=tensorflow; 114 minutes, half of the epochs on one core;
85.34 % of the test images, one seed. The card lists the departures from the paper.
"""

from keras.losses import CategoricalCrossentropy

from seqzoo import data
from seqzoo.models import ViT, ViTConfig
from seqzoo.processors import ImageProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Published, Recipe, main, muon

AUGMENT = (data.RandomShift(4), data.RandomFlip(), data.Cutout(10))

CARD = Card(
    title="ViT on CIFAR-10",
    description=(
        "Classifies an image into ten classes: a convolutional stem turns it into 8 by "
        "8 patches, which three transformer blocks read."
    ),
    paper=(
        "Dosovitskiy et al. 2021, An image is worth 16x16 words, "
        "arxiv.org/abs/2010.11929"
    ),
    published={
        "accuracy": Published(
            86.3, "0.82 M parameters, patches of 4, github.com/s-chh, ViT from scratch"
        )
    },
    departures=(
        "A convolutional stem of four layers (Xiao et al. 2021) in place of the linear "
        "patches and of one block.",
        "The mean over the patches in place of a class token.",
        "Muon (Jordan et al. 2024) trains the matrices, AdamW all other weights.",
        data.augmentation_sentence(AUGMENT),
    ),
    data=data.CIFAR10_DATA,
    datasets=("uoft-cs/cifar10",),
    licence="apache-2.0",
    limits="Ten classes, images of 32 by 32 pixels; larger ones are scaled down.",
    usage='print(model.classify("frog.png", top=3))',
)


def recipe(corpus: data.LabelledCorpus) -> Recipe:
    """The recipe on any colour images of 32 by 32 pixels."""
    model = ViT(
        ViTConfig(
            image_size=32,
            patch_size=4,
            num_classes=len(corpus.labels),
            embed_dim=128,
            num_layers=3,
            num_heads=2,
            hidden_dim=512,
            stem="deep_conv",
            pooling="mean",
            drop_path=0.05,
        )
    )
    model.processor = ImageProcessor(
        corpus.labels,
        model.config.sides,
        mean=(0.491, 0.482, 0.447),
        std=(0.247, 0.243, 0.262),
    )
    train = data.ImageBatches(corpus.train, model.processor, 128, AUGMENT)
    epochs = 30
    return Recipe(
        name="vit_cifar10",
        model=model,
        train=train,
        loss=CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        optimizer=muon(
            learning_rate=3e-3,
            steps=epochs * len(train),
            warmup_steps=400,
            weight_decay=0.05,
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
        xla=True,
    )


if __name__ == "__main__":
    main(recipe, data=data.cifar10, toy=data.toy_colours)
