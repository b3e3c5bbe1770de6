r"""A wider Swin transformer on CIFAR-10, for a graphics processor.

    KERAS_BACKEND=jax python -m recipes.swin_wide_cifar10 \
        --dtype mixed_bfloat16 --workers 13

The recipe of swin_cifar10 with more features, more patches, more epochs and stronger
changes of the pictures. One NVIDIA H100 and 16 CPU cores; 11 minutes, 93.50 % of the
test pictures, one seed.
"""

from recipes import _cifar10, swin_cifar10
from seqzoo.data import LabelledCorpus
from seqzoo.data.augmentation import cut_and_mixed, flipped, shifted
from seqzoo.data.trivial_augment import trivially_augmented
from seqzoo.models import Swin, SwinConfig
from seqzoo.training import Recipe

CARD = _cifar10.cifar10_card(
    title="Swin on CIFAR-10, wider",
    description=(
        "Reads a picture as 16 by 16 patches, with a convolutional stem, two blocks of "
        "windows of 8 by 8 patches and four over all the merged ones, and names one of "
        "ten things in it."
    ),
    paper=swin_cifar10.PAPER,
    published=swin_cifar10.PUBLISHED,
    departures=(
        "A convolutional stem of two layers (Xiao et al. 2021) in place of the linear "
        "patches.",
        "Matrices are trained by Muon (Jordan et al. 2024), all else by AdamW.",
    ),
    changes=(
        "Training pictures are changed by TrivialAugment (Müller and Hutter 2021), "
        "shifted by up to 4 pixels, mirrored, and half of them mixed by CutMix (Yun et "
        "al. 2019)."
    ),
)


def augment(pictures, rng):
    """By one operation of TrivialAugment, then shifted by up to 4 pixels, mirrored."""
    return flipped(shifted(trivially_augmented(pictures, rng), rng, 4), rng)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any colour pictures of 32 by 32 pixels."""
    model = Swin(
        SwinConfig(
            image_size=_cifar10.SIDE,
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
    return _cifar10.recipe(
        corpus,
        "swin_wide_cifar10",
        model,
        CARD,
        optimizer="muon",
        learning_rate=4e-3,
        batch_size=512,
        epochs=270,
        augment=augment,
        mix=cut_and_mixed,
    )


if __name__ == "__main__":
    _cifar10.run(recipe)
