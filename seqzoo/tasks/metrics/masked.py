"""How well a masked language model guesses masked tokens."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.tasks.masked_lm import MaskedLM
from seqzoo.tasks.metrics.metric import Metric


@dataclass(frozen=True, eq=False)
class MaskedPrediction:
    """Share of chosen tokens that are guessed, and the perplexity of all of them.

        perplexity = exp(mean over the chosen tokens of -log p(token))

    Args:
        batches: Those of epoch 0 are scored (`seqzoo.data.MaskedBatches`), so the masks
            are the same each time.
        name: The data set and part.
    """

    batches: Any
    name: str

    def __call__(self, model: MaskedLM) -> dict[str, Metric]:
        run = model.compiled_function(model.masked_scores)
        scores = [
            [ops.convert_to_numpy(values).ravel() for values in run(inputs, targets)]
            for inputs, targets in self.batches(0)
        ]
        nats, right = map(np.concatenate, zip(*scores, strict=True))
        count = len(right)
        accuracy = 100 * float(right.mean())
        perplexity = math.exp(nats.mean(dtype="float64"))
        return {
            "masked_accuracy": Metric(accuracy, "%", self.name, count),
            "perplexity": Metric(perplexity, "per masked token", self.name, count),
        }
