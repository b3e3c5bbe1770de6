"""From a recipe to `weights/<name>/`: train, resume, choose, evaluate, record."""

from seqzoo.tasks.metrics import Metric
from seqzoo.training.command import main
from seqzoo.training.loop import averaged_weights, run
from seqzoo.training.optimizers import adam, adamw, muon
from seqzoo.training.recipe import Card, Published, Recipe
from seqzoo.training.workers import BatchWorkers

__all__ = [
    "BatchWorkers",
    "Card",
    "Metric",
    "Published",
    "Recipe",
    "adam",
    "adamw",
    "averaged_weights",
    "main",
    "muon",
    "run",
]
