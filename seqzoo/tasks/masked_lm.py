"""Masked language models: the verb `fill`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.types import Tensor
from seqzoo.tasks.base import Task

MASK = "[MASK]"


@dataclass(frozen=True)
class Filling:
    """A token for a masked place.

    Attributes:
        token: Its text.
        probability: The probability that the model gives it.
        text: The whole text with this token. Other masked places have their most
            probable tokens.
    """

    token: str
    probability: float
    text: str


class MaskedLM(Task):
    """Base class of models that fill masked places of a text.

    The model is called on the arrays of its processor's `encode` and maybe "places"
    `(batch, places)`, and returns logits of these places. The processor has
    `mask_token`, `mask_id` and `piece`, the text of a token with the space before it.
    """

    task = "fill-mask"
    verb = "fill"
    hub_task = "fill-mask"
    demo_panel = "gaps"
    headline_metrics = ("masked_accuracy", "perplexity")
    headline_format = "{:.1f} % of masked tokens, perplexity {:.1f}"
    examples = (
        "One of the [MASK] films that I have ever seen.",
        "The plot makes no [MASK], but the actors are [MASK].",
    )
    usage = """\
for filling in model.fill("{example}"):
    print(f"{{filling.probability:.3f}} {{filling.text}}")"""

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """The probability and the text of each filling, place after place."""
        for place in answer if isinstance(answer[0], list) else [answer]:
            yield from (f"{each.probability:.4f}  {each.text}" for each in place)

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """For each masked place its fillings."""
        places = answer if isinstance(answer[0], list) else [answer]
        return {
            "input": given,
            "places": [[asdict(each) for each in place] for place in places],
        }

    def fill(self, texts: Any, top: int = 5) -> Any:
        """The most probable tokens for each `[MASK]` of a text, or of each of several.

        Places are filled independently of each other.

        Args:
            texts: A text with `[MASK]`, or a list of them.
            top: Number of tokens for each place, the most probable first.

        Returns:
            For a text with one `[MASK]` a list of `Filling`; for one with more a list
            of those lists; for a list of texts a list of those.

        Raises:
            ValueError: If a text is no str or has no `[MASK]`, its part that the model
                reads has not all of them, or `top` is no positive integer.
        """
        processor = self.require_processor()
        if getattr(self.config, "head", "masked_lm") == "none":
            raise ValueError(
                "This model has no head for masked tokens, only features(). Load one "
                "that was trained to fill them."
            )
        if not isinstance(top, Integral) or not 1 <= top <= self.config.vocab_size:
            raise ValueError(
                f"`top` must be an integer from 1 to {self.config.vocab_size}, the "
                f"number of tokens. Received: top={top!r}"
            )
        texts, is_one = processor.as_list(texts)
        fillings = [self._fill(text, int(top)) for text in texts]
        return fillings[0] if is_one else fillings

    def _fill(self, text: Any, top: int) -> Any:
        """The fillings of one text."""
        processor = self.processor
        if isinstance(text, str):
            text = text.replace(MASK, processor.mask_token)
        inputs = processor.encode([text])
        places = np.flatnonzero(np.asarray(inputs["token_ids"])[0] == processor.mask_id)
        count = text.count(processor.mask_token)
        if not count or count != len(places):
            raise ValueError(
                f"A text must have {MASK} where a word is missing, in the part that "
                f"the model reads. Received: {text[:60]!r}, with {len(places)} of "
                f"{count} in that part."
            )
        run = self.compiled_function(self._probabilities, any_size=True)
        rows = ops.convert_to_numpy(run(inputs))[0, places]  # (places, vocab_size)
        best = np.argsort(-rows, axis=-1, kind="stable")[:, :top]
        pieces = [[processor.piece(token_id) for token_id in row] for row in best]
        first = [row[0] for row in pieces]
        fillings = [
            [
                Filling(
                    piece.strip(),
                    float(row[token_id]),
                    _filled(
                        text,
                        processor.mask_token,
                        [*first[:place], piece, *first[place + 1 :]],
                    ),
                )
                for piece, token_id in zip(pieces[place], best[place], strict=True)
            ]
            for place, row in enumerate(rows)
        ]
        return fillings[0] if len(fillings) == 1 else fillings

    def masked_scores(self, inputs: Any, targets: Tensor) -> tuple[Tensor, Tensor]:
        """How well the model guesses the tokens at "places".

        Args:
            inputs: As for a call, with "places" `(batch, places)`.
            targets: Integer tensor `(batch, places)`, the tokens that stood there.

        Returns:
            The cross-entropy in nats, and whether the most probable token is right,
            both float32 `(batch, places)`.
        """
        logits = ops.cast(self(inputs, training=False), "float32")
        target = ops.take_along_axis(logits, ops.expand_dims(targets, -1), axis=-1)
        nats = ops.logsumexp(logits, axis=-1) - target[..., 0]
        best = ops.cast(ops.argmax(logits, axis=-1), "int32")
        right = ops.equal(best, ops.cast(targets, "int32"))
        return nats, ops.cast(right, "float32")

    def _probabilities(self, inputs: Any) -> Tensor:
        return ops.softmax(ops.cast(self(inputs, training=False), "float32"))


def _filled(text: str, mask_token: str, pieces: Sequence[str]) -> str:
    """The text with a piece in place of each mask and the spaces before it."""
    parts = re.split(rf"\s*{re.escape(mask_token)}", text)
    ends = [*pieces, ""]
    return "".join(p + e for p, e in zip(parts, ends, strict=True)).strip()
