"""Cross-entropy of a language model."""

from dataclasses import dataclass

from seqzoo.ops.types import Array
from seqzoo.tasks.generation import TextGenerator
from seqzoo.tasks.metrics.metric import Metric


@dataclass(frozen=True, eq=False)
class CrossEntropy:
    """Mean of -log p(character | all before it) over a text, in nats.

    Args:
        name: Name of the score.
        token_ids: Int array `(characters,)`.
        split: Data set and part.
        rows: Pieces that the text is cut into and that are read side by side, which is
            faster; each begins without context.
    """

    name: str
    token_ids: Array
    split: str
    rows: int = 1

    def __call__(self, model: TextGenerator) -> dict[str, Metric]:
        length = len(self.token_ids) // self.rows * self.rows
        score = model.cross_entropy(self.token_ids[:length].reshape(self.rows, -1))
        context = "everything before, in one pass"
        extra = {"bits_per_character": score.bits_per_token, "context": context}
        unit = "nats/character"
        return {
            self.name: Metric(
                score.nats_per_token, unit, self.split, score.tokens, extra=extra
            )
        }
