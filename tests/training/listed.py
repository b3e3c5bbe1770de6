"""The toy recipe with batches that have indices.

`python -m tests.training.listed --workers 2` lets worker processes prepare them.
"""

from seqzoo.training import main
from tests.training import toy


def batches(epoch: int) -> list[tuple]:
    return list(toy.batches(epoch))


def recipe(data: str = "toy"):
    return toy.recipe(data, train=batches)


if __name__ == "__main__":
    main(recipe, data=lambda: "real", toy=lambda: "toy")
