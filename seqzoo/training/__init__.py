"""From a recipe to `weights/<name>/`: train, resume, choose, evaluate, record."""

from seqzoo.training.command import main
from seqzoo.training.loop import averaged_weights, run
from seqzoo.training.recipe import Card, Metric, Published, Recipe
from seqzoo.training.workers import BatchMakers

__all__ = [
    "BatchMakers",
    "Card",
    "Metric",
    "Published",
    "Recipe",
    "averaged_weights",
    "main",
    "run",
]
