"""A small vision transformer on CIFAR-10.

    python -m recipes.vit_cifar10

Two CPU cores and KERAS_BACKEND=jax.
"""

from recipes import _images
from seqzoo.data import LabelledCorpus, cifar10, toy_colours
from seqzoo.data.augmentation import erased, flipped, shifted
from seqzoo.models import ViT, ViTConfig
from seqzoo.processors import ImageProcessor
from seqzoo.training import Card, Published, Recipe, main

CARD = Card(
    title="ViT on CIFAR-10",
    description=(
        "Reads a picture as 8 by 8 patches, with a convolutional stem and four "
        "transformer blocks, and names one of ten things in it."
    ),
    paper=(
        "Dosovitskiy et al. 2021, An image is worth 16x16 words, "
        "arxiv.org/abs/2010.11929"
    ),
    data=(
        "CIFAR-10 (Krizhevsky 2009), in the JPEG copies that tensorflow_datasets has "
        "here, which are lossy: 45,000 pictures train, 5,000 choose the epoch, 10,000 "
        "are the test"
    ),
    licence="apache-2.0",
    limits="Pictures of 32 by 32 pixels of ten things; larger ones are scaled down.",
    usage='print(model.classify("frog.png", top=3))',
    datasets=("uoft-cs/cifar10",),
    published={
        "accuracy": Published(
            86.3, "0.82 M parameters, patches of 4, github.com/s-chh, ViT from scratch"
        )
    },
    departures=(
        "A convolutional stem (Xiao et al. 2021) in place of the linear patches.",
        "The mean over the patches in place of a class token.",
        "Training pictures are shifted by up to 4 pixels, mirrored, and a square of 10 "
        "pixels is erased.",
    ),
)


def augment(pictures, rng):
    """Shifted, mirrored, with a square erased."""
    return erased(flipped(shifted(pictures, rng, 4), rng), rng, 10)


def recipe(corpus: LabelledCorpus, stem: str = "conv") -> Recipe:
    """The recipe on any colour pictures of 32 by 32 pixels."""
    processor = ImageProcessor(
        corpus.labels, (32, 32), mean=(0.491, 0.482, 0.447), std=(0.247, 0.243, 0.262)
    )
    model = ViT(
        ViTConfig(
            image_size=32,
            patch_size=4,
            num_classes=len(corpus.labels),
            embed_dim=128,
            num_layers=4,
            num_heads=4,
            hidden_dim=512,
            stem=stem,
            pooling="mean",
            drop_path=0.05,
        )
    )
    model.processor = processor
    return _images.recipe(
        corpus,
        name="vit_cifar10",
        model=model,
        arrange=processor.normalised,
        augment=augment,
        card=CARD,
        epochs=50,
        learning_rate=1.5e-3,
        weight_decay=0.05,
        label_smoothing=0.1,
    )


if __name__ == "__main__":
    main(recipe, data=cifar10, toy=toy_colours)
