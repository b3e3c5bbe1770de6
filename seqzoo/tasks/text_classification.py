"""Classification of texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.tasks.classification import Classifier


class TextClassifier(Classifier):
    """Base class of models that give each text a class.

    The model is called on the arrays of its processor's `encode`.
    """

    task = "text-classification"
    hub_task = "text-classification"
    demo_panel = "text"
    headline_metrics = ("accuracy",)
    examples = (
        "I expected little and was moved to tears. A small film with a big heart.",
        "Two hours of my life that nobody gives back. The plot makes no sense.",
        "Great actors, beautiful images, and still I was bored to death.",
    )
    usage = """\
for prediction in model.classify("{example}", top=2):
    print(f"{{prediction.label}}: {{prediction.probability:.3f}}")"""

    def classify(self, texts: Any, top: int = 1) -> Any:
        """The most probable labels of a text, or of each of several.

        Args:
            texts: A text, or a list of them.
            top: Number of labels, the most probable first.

        Returns:
            For one text a `Prediction`, or with `top` above 1 a list of them; for a
            list of texts, a list of those.

        Raises:
            ValueError: If a text is no str, or `top` is not from 1 to the number of
                classes.
        """
        return super().classify(texts, top)

    def probabilities(self, inputs: Sequence[Any]) -> Array:
        """The probability of every class, float32 `(inputs, classes)`."""
        texts = list(inputs)
        # Texts of similar length share a batch, so that little is padding.
        order = np.argsort([len(str(text)) for text in texts], kind="stable")
        rows = super().probabilities([texts[index] for index in order])
        probabilities = np.empty_like(rows)
        probabilities[order] = rows
        return probabilities
