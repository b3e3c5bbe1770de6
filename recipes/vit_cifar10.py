"""A small vision transformer on CIFAR-10.

    python -m recipes.vit_cifar10

Two CPU cores and KERAS_BACKEND=tensorflow; 114 minutes, half of the epochs on one core,
85.34 % of the test pictures, one seed. `recipes/_cifar10.py` holds what all models of
CIFAR-10 share.
"""

from recipes import _cifar10
from seqzoo.data import LabelledCorpus
from seqzoo.models import ViT, ViTConfig
from seqzoo.training import Published, Recipe

PAPER = (
    "Dosovitskiy et al. 2021, An image is worth 16x16 words, arxiv.org/abs/2010.11929"
)
PUBLISHED = Published(
    86.3, "0.82 M parameters, patches of 4, github.com/s-chh, ViT from scratch"
)
TRAINING = {"optimizer": "muon", "learning_rate": 3e-3}
CARD = _cifar10.cifar10_card(
    title="ViT on CIFAR-10",
    description=(
        "Reads a picture as 8 by 8 patches, with a convolutional stem and three "
        "transformer blocks, and names one of ten things in it."
    ),
    paper=PAPER,
    published=PUBLISHED,
    departures=(
        "A convolutional stem of four layers (Xiao et al. 2021) in place of the linear "
        "patches and of one block.",
        "The mean over the patches in place of a class token.",
        "Matrices are trained by Muon (Jordan et al. 2024), all else by AdamW.",
    ),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any colour pictures of 32 by 32 pixels."""
    model = network(len(corpus.labels), stem="deep_conv", num_layers=3)
    return _cifar10.recipe(corpus, "vit_cifar10", model, CARD, **TRAINING)


def network(num_classes: int, stem: str, num_layers: int) -> ViT:
    """The model with one stem or another, without its processor."""
    return ViT(
        ViTConfig(
            image_size=_cifar10.SIDE,
            patch_size=4,
            num_classes=num_classes,
            embed_dim=128,
            num_layers=num_layers,
            num_heads=2,
            hidden_dim=512,
            stem=stem,
            pooling="mean",
            drop_path=0.05,
        )
    )


if __name__ == "__main__":
    _cifar10.run(recipe)
