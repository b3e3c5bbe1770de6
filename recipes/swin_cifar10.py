"""A small Swin transformer on CIFAR-10.

    python -m recipes.swin_cifar10

Two CPU cores and KERAS_BACKEND=tensorflow; 157 minutes, most of them on one core,
85.88 % of the test pictures, one seed. `recipes/_cifar10.py` holds what all models of
CIFAR-10 share.
"""

from recipes import _cifar10
from seqzoo.data import LabelledCorpus
from seqzoo.models import Swin, SwinConfig
from seqzoo.training import Published, Recipe

PAPER = (
    "Liu et al. 2021, Swin transformer: hierarchical vision transformer using shifted "
    "windows, arxiv.org/abs/2103.14030"
)
PUBLISHED = Published(
    94.46, "2.7 to 7 M parameters, 100 epochs, github.com/aanna0701/SPT_LSA_ViT"
)
CARD = _cifar10.cifar10_card(
    title="Swin on CIFAR-10",
    description=(
        "Reads a picture as 8 by 8 patches, with a convolutional stem, three blocks of "
        "windows of 4 by 4 patches and two over the merged ones, and names one of ten "
        "things in it."
    ),
    paper=PAPER,
    published=PUBLISHED,
    departures=(
        "A convolutional stem of four layers (Xiao et al. 2021) in place of the linear "
        "patches and of one block.",
        "Matrices are trained by Muon (Jordan et al. 2024), all else by AdamW.",
    ),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any colour pictures of 32 by 32 pixels."""
    model = Swin(
        SwinConfig(
            image_size=_cifar10.SIDE,
            patch_size=4,
            num_classes=len(corpus.labels),
            embed_dim=96,
            depths=(3, 2),
            num_heads=(3, 6),
            window_size=4,
            stem="deep_conv",
            drop_path=0.05,
        )
    )
    return _cifar10.recipe(
        corpus,
        "swin_cifar10",
        model,
        CARD,
        optimizer="muon",
        learning_rate=3e-3,
        epochs=36,
    )


if __name__ == "__main__":
    _cifar10.run(recipe)
