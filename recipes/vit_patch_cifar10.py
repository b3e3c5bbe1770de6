"""A small vision transformer on CIFAR-10, with the linear patches of the paper.

    python -m recipes.vit_patch_cifar10

It stands beside vit_cifar10, to see what that one's convolutional stem is worth: a
fourth block in place of the stem, as many operations, and all else alike.

One NVIDIA H100, which another run shared, and KERAS_BACKEND=jax; 2 minutes,
79.52 % of the test pictures, one seed.
"""

from recipes import _cifar10, vit_cifar10
from seqzoo.data import LabelledCorpus
from seqzoo.training import Recipe

CARD = _cifar10.cifar10_card(
    title="ViT on CIFAR-10, linear patches",
    description=(
        "Reads a picture as 8 by 8 patches of 4 by 4 pixels, each through one linear "
        "map, with four transformer blocks, and names one of ten things in it."
    ),
    paper=vit_cifar10.PAPER,
    published=vit_cifar10.PUBLISHED,
    departures=(
        "The mean over the patches in place of a class token.",
        "Matrices are trained by Muon (Jordan et al. 2024), all else by AdamW.",
    ),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any colour pictures of 32 by 32 pixels."""
    model = vit_cifar10.network(len(corpus.labels), stem="patch", num_layers=4)
    return _cifar10.recipe(
        corpus, "vit_patch_cifar10", model, CARD, **vit_cifar10.TRAINING
    )


if __name__ == "__main__":
    _cifar10.run(recipe)
