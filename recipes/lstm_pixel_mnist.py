"""An LSTM that reads MNIST pixel by pixel, 784 steps.

    python -m recipes.lstm_pixel_mnist

Two CPU cores and KERAS_BACKEND=jax. `recipes/_mnist.py` holds what the MNIST models
share.
"""

from recipes._mnist import mnist_card, run
from recipes._mnist import recipe as mnist_recipe
from seqzoo.data import LabelledCorpus
from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.training import Published, Recipe

CARD = mnist_card(
    title="LSTM on the pixels of MNIST",
    description=(
        "Reads a picture of a digit as 784 pixels, row by row, and names the digit: a "
        "test of memory over hundreds of steps."
    ),
    paper=(
        "Le et al. 2015, A simple way to initialize recurrent networks of rectified "
        "linear units, arxiv.org/abs/1504.00941"
    ),
    published=Published(
        98.9,
        "LSTM of 100 units, Cooijmans et al. 2017, table 1, arxiv.org/abs/1603.09025",
    ),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any pictures of ten classes."""
    return mnist_recipe(
        corpus,
        name="lstm_pixel_mnist",
        make=lambda: RecurrentClassifier(
            RecurrentClassifierConfig(features=1, cell="lstm", units=128)
        ),
        layout="pixels",
        card=CARD,
        epochs=10,
    )


if __name__ == "__main__":
    run(recipe)
