r"""A wider Swin transformer on CIFAR-10, for a GPU.

    KERAS_BACKEND=jax python -m recipes.swin_wide_cifar10 \
        --dtype mixed_bfloat16 --workers 13

Unlike swin_cifar10 it has more features, patches and epochs and stronger augmentation.
One NVIDIA H100 and 16 CPU cores; 11 minutes, 93.50 % of the test images, one seed. The
card lists the departures from the paper.
"""

from keras.losses import CategoricalCrossentropy

from seqzoo import data
from seqzoo.models import Swin, SwinConfig
from seqzoo.processors import ImageProcessor
from seqzoo.tasks.metrics import Accuracy
from seqzoo.training import Card, Published, Recipe, main, muon

AUGMENT = (data.TrivialAugment(), data.RandomShift(4), data.RandomFlip())
MIX = data.CutMix(share=0.5)
CARD = Card(
    title="Swin on CIFAR-10, wider",
    description=(
        "Classifies an image into ten classes: a convolutional stem turns it into 16 "
        "by 16 patches, which two blocks read in windows of 8 by 8, and four more, all "
        "at once, after merging the patches."
    ),
    paper=(
        "Liu et al. 2021, Swin transformer: hierarchical vision transformer using "
        "shifted windows, arxiv.org/abs/2103.14030"
    ),
    published={
        "accuracy": Published(
            94.46, "2.7 to 7 M parameters, 100 epochs, github.com/aanna0701/SPT_LSA_ViT"
        )
    },
    departures=(
        "A convolutional stem of two layers (Xiao et al. 2021) in place of the linear "
        "patches.",
        "Muon (Jordan et al. 2024) trains the matrices, AdamW all other weights.",
        data.augmentation_sentence(AUGMENT, MIX),
    ),
    data=data.CIFAR10_DATA,
    datasets=("uoft-cs/cifar10",),
    licence="apache-2.0",
    limits="Ten classes, images of 32 by 32 pixels; larger ones are scaled down.",
    usage='print(model.classify("frog.png", top=3))',
)


def recipe(corpus: data.LabelledCorpus) -> Recipe:
    """The recipe on any colour images of 32 by 32 pixels."""
    model = Swin(
        SwinConfig(
            image_size=32,
            patch_size=2,
            num_classes=len(corpus.labels),
            embed_dim=128,
            depths=(2, 4),
            num_heads=(4, 8),
            window_size=8,
            stem="deep_conv",
            drop_path=0.1,
        )
    )
    model.processor = ImageProcessor(
        corpus.labels,
        model.config.sides,
        mean=(0.491, 0.482, 0.447),
        std=(0.247, 0.243, 0.262),
    )
    train = data.ImageBatches(corpus.train, model.processor, 512, AUGMENT, MIX)
    epochs = 270
    return Recipe(
        name="swin_wide_cifar10",
        model=model,
        train=train,
        loss=CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        optimizer=muon(
            learning_rate=4e-3,
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
