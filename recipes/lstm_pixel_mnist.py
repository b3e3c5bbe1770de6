"""An LSTM that reads MNIST pixel by pixel, 784 steps.

    python -m recipes.lstm_pixel_mnist

One CPU core and KERAS_BACKEND=jax; 49 minutes beside other work, 98.30 % of the test
pictures, one seed. It learns in few epochs because of how it starts: with memories of
every length up to the whole picture's, and with a kernel that lets the one input be
heard; in short trials, without either it learned several times as slowly.
`recipes/_mnist.py` holds what the MNIST models share.
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
    departures=(
        "Gates start with memories of 1 to 784 steps (Tallec and Ollivier 2018).",
        "Training pictures are shifted by up to 1 pixel.",
    ),
)


def recipe(corpus: LabelledCorpus) -> Recipe:
    """The recipe on any pictures of ten classes."""
    return mnist_recipe(
        corpus,
        name="lstm_pixel_mnist",
        make=lambda: RecurrentClassifier(
            RecurrentClassifierConfig(
                features=1,
                cell="lstm",
                units=64,
                kernel_initializer="lecun_uniform",
                chrono_steps=784,
            )
        ),
        layout="pixels",
        card=CARD,
        max_shift=1,
        batch_size=64,
        epochs=20,
        learning_rate=8e-3,
    )


if __name__ == "__main__":
    run(recipe)
