"""Recurrent sweeps of MNIST in four directions.

    python -m recipes.four_way_mnist

One CPU core and KERAS_BACKEND=jax; 33 minutes beside other work, 99.15 % of the test
pictures, one seed. `recipes/_mnist.py` holds what the MNIST models share.
"""

from recipes._mnist import mnist_card, run
from recipes._mnist import recipe as mnist_recipe
from seqzoo.data import LabelledCorpus
from seqzoo.models import FourWayClassifier, FourWayClassifierConfig
from seqzoo.training import Published, Recipe

CARD = mnist_card(
    title="Four-way recurrent network on MNIST",
    description=(
        "Sweeps a picture of a digit to the right, left, down and up, twice, and names "
        "the digit."
    ),
    paper=(
        "Visin et al. 2015, ReNet: a recurrent neural network based alternative to "
        "convolutional networks, arxiv.org/abs/1505.00393"
    ),
    published=Published(99.55, "ReNet, Visin et al. 2015, table 2"),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any pictures of ten classes."""
    return mnist_recipe(
        corpus,
        name="four_way_mnist",
        make=lambda: FourWayClassifier(
            FourWayClassifierConfig(patch_size=4, cell="gru", units=64, layers=2)
        ),
        layout="plane",
        card=CARD,
        epochs=10,
    )


if __name__ == "__main__":
    run(recipe)
