"""What the models of CIFAR-10 share: pictures changed at random, a card, a budget."""

from collections.abc import Callable
from typing import Any

from recipes import _images
from seqzoo.data import LabelledCorpus, cifar10, toy_colours
from seqzoo.data.augmentation import erased, flipped, shifted
from seqzoo.processors import ImageProcessor
from seqzoo.tasks import ImageClassifier
from seqzoo.training import Card, Published, Recipe, main

SIDE = 32  # pixels
CHANGES = (
    "Training pictures are shifted by up to 4 pixels, mirrored, and a square of 10 "
    "pixels is erased."
)


def augment(pictures, rng):
    """Shifted by up to 4 pixels, mirrored, with a square of 10 pixels erased."""
    return erased(flipped(shifted(pictures, rng, 4), rng), rng, 10)


def recipe(
    corpus: LabelledCorpus,
    name: str,
    model: ImageClassifier,
    card: Card,
    **changes: Any,
) -> Recipe:
    """The recipe of one model on colour pictures of 32 by 32 pixels.

    Args:
        corpus: Pictures in three parts.
        name: The trained name.
        model: Of ten classes; it gets its processor here.
        card: The hand-written part of the model card.
        changes: Options of `_images.recipe` that are this model's own.
    """
    model.processor = ImageProcessor(
        corpus.labels,
        (SIDE, SIDE),
        mean=(0.491, 0.482, 0.447),
        std=(0.247, 0.243, 0.262),
    )
    options: dict[str, Any] = {
        "epochs": 30,
        "learning_rate": 1.5e-3,
        "weight_decay": 0.05,
        "label_smoothing": 0.1,
        "augment": augment,
        "xla": True,
    }
    return _images.recipe(
        corpus,
        name,
        model,
        arrange=model.processor.normalised,
        card=card,
        **options | changes,
    )


def cifar10_card(
    title: str,
    description: str,
    paper: str,
    published: Published | None = None,
    departures: tuple[str, ...] = (),
    changes: str = CHANGES,
) -> Card:
    """What the model cards of all CIFAR-10 models say."""
    return Card(
        title=title,
        description=description,
        paper=paper,
        data=(
            "CIFAR-10 (Krizhevsky 2009), in the JPEG copies that tensorflow_datasets "
            "has here, which are lossy: 45,000 pictures train, 5,000 choose the epoch, "
            "10,000 are the test"
        ),
        licence="apache-2.0",
        limits="Ten things in pictures of 32 by 32 pixels; larger ones are shrunk.",
        usage='print(model.classify("frog.png", top=3))',
        datasets=("uoft-cs/cifar10",),
        published={"accuracy": published} if published else {},
        departures=(*departures, changes),
    )


def run(make_recipe: Callable[[LabelledCorpus], Recipe]) -> None:
    """The command line of one model's recipe."""
    main(make_recipe, data=cifar10, toy=toy_colours)
