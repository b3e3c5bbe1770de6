"""Translation: text in one language to text in another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from seqzoo.decoding import BeamSettings, Step
from seqzoo.decoding.continuous_batching import search_all
from seqzoo.ops.arguments import number_between, positive_integer
from seqzoo.ops.types import Array, Tensor
from seqzoo.processors.special_tokens import BOS, EOS, PAD, until_eos
from seqzoo.tasks.base import Task


@dataclass(frozen=True)
class Translation:
    """One translation, with its tokens and attention weights.

    Attributes:
        text: The translation.
        score: Log-probability divided by length ** length_penalty.
        source_tokens: Pieces of the source, the end mark last.
        target_tokens: Pieces of the translation, the end mark last.
        attention: Float array `(target_steps, source_steps)`: row t has the attention
            weights of target piece t, which sum to 1. None for a model without
            attention.
    """

    text: str
    score: float
    source_tokens: list[str]
    target_tokens: list[str]
    attention: Array | None = None


def _alignment(translation: Translation) -> dict[str, Any]:
    """The tokens and attention weights of a translation as JSON values."""
    if translation.attention is None:
        raise ValueError("--attention: this model has no attention. Leave it out.")
    return {
        "source_tokens": list(translation.source_tokens),
        "target_tokens": list(translation.target_tokens),
        "attention": [
            [round(float(weight), 6) for weight in row] for row in translation.attention
        ],
    }


class Translator(Task):
    """Base class of translators.

    The model is called on `{"source_ids": (batch, source_steps), "target_ids": (batch,
    target_steps)}` and returns logits `(batch, target_steps, vocab_size)`; id 0 is
    padding. `translate` uses its `read_source` and `start_decoding`, and `align` if it
    has attention. `seqzoo.decoding.continuous_batching` shows the way from the verb to
    the decoder's step.
    """

    task = "translation"
    verb = "translate"
    hub_task = "translation"
    headline_metrics = ("bleu_test_2016_flickr", "bleu_test_2017_flickr")
    headline_format = "BLEU {:.1f} / {:.1f}, test 2016 / 2017"
    figure = "alignment"
    demo_panel = "translation"
    examples = (
        "Two dogs are playing in the snow.",
        "A man in a blue shirt is standing on a ladder.",
        "A little girl climbing into a wooden playhouse.",
    )
    usage = 'print(model.translate("{example}"))'
    batch_size = 64  # sentences in one batch
    # Whether `read_source` and `start_decoding` work on tensors of unknown sizes.
    any_size: ClassVar[bool] = False

    @classmethod
    def answers(
        cls, model: Any, inputs: Sequence[str], as_json: bool, **options: Any
    ) -> Any:
        """All inputs in one call, with their scores if several are printed."""
        if as_json or options.get("n_best", 1) > 1:
            options["return_attention"] = True
        return model.translate(inputs, **options)

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """A line for each translation; of several, with its score and a tab."""
        if isinstance(answer, str):
            yield " ".join(answer.split())
            return
        for translation in answer:
            yield f"{translation.score:.4f}\t{' '.join(translation.text.split())}"

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """The text and score of each translation, and its alignment if wanted."""
        translations = answer if isinstance(answer, list) else [answer]
        return {
            "input": given,
            "translations": [
                {"text": each.text, "score": float(each.score)}
                | (_alignment(each) if attention else {})
                for each in translations
            ],
        }

    def read_source(self, source_ids: Tensor) -> Any:
        """Encodes the sources for decoding.

        Args:
            source_ids: Integer tensor `(batch, source_steps)`.

        Returns:
            Nested tensors that begin with `(batch,)`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define read_source()."
        )

    def start_decoding(self, source: Any, beam_size: int) -> tuple[Step, Any]:
        """The step function and the first state of `seqzoo.decoding`.

        Args:
            source: From `read_source`.
            beam_size: The state's tensors begin with `(batch, beam_size)`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define start_decoding()."
        )

    def max_target_steps(self, source_steps: Any) -> Any:
        """The most steps of a translation, of an integer or an integer tensor."""
        return 2 * source_steps + 8

    def align(self, source_ids: Tensor, target_ids: Tensor) -> Tensor | None:
        """Attention weights `(batch, target_steps, source_steps)`, or None."""
        return None

    def translate(
        self,
        texts: str | Sequence[str],
        beam_size: int | None = None,
        length_penalty: float = 1.0,
        n_best: int = 1,
        return_attention: bool = False,
    ) -> Any:
        """Translates a text, or each of a list of texts.

        Args:
            texts: Raw text, cased and punctuated, or a list of such texts.
            beam_size: Width of the beam search; 1 is greedy decoding. Default: that of
                the Config, or else 5.
            length_penalty: Power of the length by which log-probabilities are divided
                when hypotheses are compared; 0 favours short translations.
            n_best: Most translations of each text, at most `beam_size`. Their texts
                differ: of hypotheses of one text only the best is kept, so there may
                be fewer.
            return_attention: Return `Translation`s, which hold scores, pieces and
                attention weights, not plain strings.

        Returns:
            For one text a string, for a list a list. With `n_best` above 1 each
            string becomes a list of strings, best first. An empty text becomes an
            empty translation.

        Raises:
            ValueError: If a text is not a string or too long for the processor, or
                `beam_size` or `n_best` is out of range.
        """
        sources, is_one = self.require_processor().as_list(texts)
        settings = self._beam_settings(beam_size)
        beam_size = settings.beam_size
        length_penalty = number_between(length_penalty, "length_penalty", 0, 10)
        if positive_integer(n_best, "n_best") > beam_size:
            raise ValueError(
                "`n_best` must be at most `beam_size`. Received: "
                f"n_best={n_best}, beam_size={beam_size}"
            )
        hypotheses = self._search(sources, settings, length_penalty)
        results: list[Any] = []
        for text, ranked in zip(sources, hypotheses, strict=True):
            translations = [
                self._explain(text, until_eos(ids), float(score))
                if return_attention
                else self.processor.decode(ids)
                for ids, score in self._distinct(ranked)[:n_best]
            ]
            results.append(translations if n_best > 1 else translations[0])
        return results[0] if is_one else results

    def _beam_settings(self, beam_size: int | None) -> BeamSettings:
        """The settings of a search; None takes the Config's beam size, or 5."""
        if beam_size is None:
            beam_size = getattr(self.config, "beam_size", 5)
        return BeamSettings(beam_size, BOS, EOS, PAD)

    def _search(
        self, texts: list[str], settings: BeamSettings, length_penalty: float
    ) -> list[list[tuple[Any, Any]]]:
        """For each text the pairs `(ids, score)` of all beams, best first."""
        self.ensure_built()
        sources = [self.processor.encode_source(text) for text in texts]
        # A blank text has only its end mark, and an empty translation.
        results: list[list[tuple[Any, Any]]]
        results = [[([EOS], 0.0)] * settings.beam_size for _ in texts]
        real = [i for i, ids in enumerate(sources) if len(ids) > 1]
        for place, tokens, scores in search_all(
            self, [sources[i] for i in real], settings, length_penalty
        ):
            results[real[place]] = list(zip(tokens, scores, strict=True))
        return results

    def _distinct(self, ranked: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """The best hypothesis of each text, in their order."""
        best: dict[str, tuple[Any, Any]] = {}
        for ids, score in ranked:
            best.setdefault(self.processor.decode(ids), (ids, score))
        return list(best.values())

    def _explain(self, text: str, ids: list[int], score: float) -> Translation:
        source_ids = self.processor.encode_source(text)
        inputs = np.array([[BOS, *ids[:-1]]], "int32")
        weights = self.align(np.array([source_ids], "int32"), inputs)
        return Translation(
            text=self.processor.decode(ids),
            score=score,
            source_tokens=self.processor.tokens(source_ids),
            target_tokens=self.processor.tokens(ids),
            attention=None
            if weights is None
            else ops.convert_to_numpy(ops.cast(weights[0], "float32")),
        )


@keras.saving.register_keras_serializable(package="seqzoo")
class LabelSmoothedCrossEntropy(keras.losses.Loss):
    """Cross-entropy against smoothed targets (Szegedy et al. 2016, section 7).

        loss = (1 - smoothing) * -log p(y) + smoothing * mean over tokens of -log p

    in nats a target token, averaged over the tokens whose sample weight is 1.

    Args:
        smoothing: Share of the target's probability spread over all tokens.

    Call arguments:
        y_true: Integer tensor `(batch, steps)`.
        y_pred: Logits `(batch, steps, vocab_size)`.
    """

    def __init__(self, smoothing: float = 0.1, name: str = "cross_entropy"):
        super().__init__(name=name, reduction="mean_with_sample_weight")
        self.smoothing = smoothing

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        y_true = ops.expand_dims(ops.cast(y_true, "int32"), -1)
        # Not from a log-softmax tensor, which costs as much as a product to form.
        normaliser = ops.logsumexp(y_pred, axis=-1)
        true_logits = ops.take_along_axis(y_pred, y_true, axis=-1)[..., 0]
        mean_logits = ops.mean(y_pred, axis=-1)
        expected = (1 - self.smoothing) * true_logits + self.smoothing * mean_logits
        return normaliser - expected

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "smoothing": self.smoothing}
