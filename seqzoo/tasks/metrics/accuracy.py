"""Accuracy of a classifier."""

from dataclasses import dataclass
from typing import Any

from seqzoo.tasks.classification import Classifier
from seqzoo.tasks.metrics.metric import Metric


@dataclass(frozen=True, eq=False)
class Accuracy:
    """Share of examples whose most probable class is right, in per cent.

    Args:
        data: Its `examples` are inputs of the model's processor, `labels` their
            classes, `name` the data set and part (`seqzoo.data.LabelledArrays`).
    """

    data: Any

    def __call__(self, model: Classifier) -> dict[str, Metric]:
        labels = self.data.labels
        predicted = model.probabilities(list(self.data.examples)).argmax(axis=1)
        percent = 100 * float((predicted == labels).mean())
        return {"accuracy": Metric(percent, "%", self.data.name, len(labels))}
