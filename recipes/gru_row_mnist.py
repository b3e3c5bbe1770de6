"""A GRU that reads MNIST row by row.

    python -m recipes.gru_row_mnist

Two CPU cores and KERAS_BACKEND=jax; 9 minutes beside other work, 99.40 % of the test
pictures, one seed. `recipes/_mnist.py` holds what the MNIST models share.
"""

from recipes._mnist import mnist_card, run
from recipes._mnist import recipe as mnist_recipe
from seqzoo.data import LabelledCorpus
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.training import Recipe

CARD = mnist_card(
    title="GRU on the rows of MNIST",
    description=(
        "Reads a picture of a digit as 28 rows of 28 pixels and names the digit."
    ),
    paper=(
        "Cho et al. 2014, Learning phrase representations using RNN encoder-decoder, "
        "arxiv.org/abs/1406.1078"
    ),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any pictures of ten classes."""
    return mnist_recipe(
        corpus,
        name="gru_row_mnist",
        make=lambda: RecurrentClassifier(
            RecurrentClassifierConfig(
                features=28, cell="gru", units=128, layers=2, dropout=0.2
            )
        ),
        layout="rows",
        card=CARD,
    )


if __name__ == "__main__":
    run(recipe)
