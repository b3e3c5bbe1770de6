"""The toy recipe with batches that can be asked for one by one.

`python -m tests.training.listed --workers 2` lets other processes make them.
"""

from seqzoo.training import main
from tests.training import toy


def recipe(data: str = "toy"):
    return toy.recipe(data, train=lambda epoch: list(toy.batches(epoch)))


if __name__ == "__main__":
    main(recipe, data=lambda: "real", toy=lambda: "toy")
