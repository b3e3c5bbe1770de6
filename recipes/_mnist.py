"""What the models of MNIST share: pictures in an order, shifts, a card."""

import functools
from collections.abc import Callable
from typing import Any

from recipes import _images
from seqzoo.data import LabelledCorpus, mnist, toy_digits
from seqzoo.data.augmentation import shifted
from seqzoo.processors import GreyImageProcessor
from seqzoo.tasks import SequenceClassifier
from seqzoo.training import Card, Published, Recipe, main


def recipe(
    corpus: LabelledCorpus,
    name: str,
    make: Callable[[], SequenceClassifier],
    layout: str,
    card: Card,
    max_shift: int = 2,
    **settings: Any,
) -> Recipe:
    """The recipe of a model that reads pictures in the order of `layout`.

    Training pictures are shifted at random by up to `max_shift` pixels both ways. The
    settings are those of `recipes/_images.py`.
    """
    processor = GreyImageProcessor(corpus.labels, layout)
    model = make()
    model.processor = processor
    return _images.recipe(
        corpus,
        name,
        model,
        arrange=lambda pictures: processor.arranged(pictures / 255),
        augment=functools.partial(shifted, most=max_shift),
        card=card,
        **settings,
    )


def mnist_card(
    title: str,
    description: str,
    paper: str,
    published: Published | None = None,
    departures: tuple[str, ...] = ("Training pictures are shifted by up to 2 pixels.",),
) -> Card:
    """What the model cards of all MNIST models say."""
    return Card(
        title=title,
        description=description,
        paper=paper,
        data="MNIST (LeCun et al. 1998): 55,000 pictures train, 5,000 choose the "
        "epoch, 10,000 are the test",
        licence="apache-2.0",
        limits="White digits on black, centred, 28 pixels on a side; nothing else.",
        usage='print(model.classify("digit.png", top=3))',
        datasets=("ylecun/mnist",),
        published={"accuracy": published} if published else {},
        departures=departures,
    )


def run(make_recipe: Callable[[LabelledCorpus], Recipe]) -> None:
    """The command line of one model's recipe."""
    main(make_recipe, data=mnist, toy=toy_digits)
