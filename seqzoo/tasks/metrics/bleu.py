"""BLEU as it is published, by sacrebleu, each score with its signature.

Two pipelines that must not be mixed: published Multi30k scores are computed on
lower-cased, Moses-tokenised text; today's papers score the raw, cased text and let
sacrebleu tokenise it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seqzoo.ops.extras import imported
from seqzoo.tasks.metrics.metric import Metric
from seqzoo.tasks.translation import Translator


def _libraries() -> list[Any]:
    """The modules `sacrebleu.metrics` and `sacremoses`."""
    return imported("BLEU", "metrics", "sacrebleu.metrics", "sacremoses")


@dataclass(frozen=True, eq=False)
class DetokenizedBLEU:
    """BLEU of raw, cased translations, under the name "bleu".

    Args:
        pairs: Its `source` sentences are translated, its `target` are the references.
        split: Name of the data and part.
        beam_size: 1 is greedy, which is fast and ranks epochs alike.
    """

    pairs: Any
    split: str
    beam_size: int

    def __post_init__(self) -> None:
        _libraries()  # an error at once, not after the first epoch

    def __call__(self, model: Translator) -> dict[str, Metric]:
        texts = model.translate(self.pairs.source, beam_size=self.beam_size)
        bleu = detokenized_bleu(texts, self.pairs.target)
        return {"bleu": bleu.metric(self.split, len(texts), self.beam_size)}


@dataclass(frozen=True, eq=False)
class PublishedBLEU:
    """BLEU of test sets by both pipelines: "bleu_<test>" (Moses), "sacrebleu_<test>".

    Args:
        tests: Test sets by name, as `DetokenizedBLEU` takes them.
        tokenized: References of each, lower-cased, normalised and tokenised.
        language: ISO 639-1 code of the references.
        beam_size: Hypotheses that the search keeps.
    """

    tests: Mapping[str, Any]
    tokenized: Mapping[str, Sequence[str]]
    language: str
    beam_size: int

    def __post_init__(self) -> None:
        _libraries()  # an error at once, not after the first epoch

    def __call__(self, model: Translator) -> dict[str, Metric]:
        metrics = {}
        for name, pairs in self.tests.items():
            texts = model.translate(pairs.source, beam_size=self.beam_size)
            count, beam = len(texts), self.beam_size
            moses = moses_bleu(texts, self.tokenized[name], self.language)
            raw = detokenized_bleu(texts, pairs.target)
            metrics[f"bleu_{name}"] = moses.metric(name, count, beam)
            metrics[f"sacrebleu_{name}"] = raw.metric(name, count, beam)
        return metrics


class Bleu(NamedTuple):
    """A corpus BLEU from 0 to 100, and sacrebleu's signature of its settings."""

    score: float
    signature: str

    def metric(self, split: str, examples: int, beam_size: int) -> Metric:
        """The score with its circumstances."""
        extra = {"signature": self.signature, "beam_size": beam_size}
        return Metric(self.score, "BLEU", split, examples, extra=extra)


def detokenized_bleu(hypotheses: Sequence[str], references: Sequence[str]) -> Bleu:
    """BLEU of raw, cased text, tokenised by sacrebleu (13a).

    A text counts as a list of one. Where no hypothesis has four tokens, the longest
    n-grams that there are count, which the signature says (eff:yes).

    Raises:
        ValueError: If there are not as many references as hypotheses.
    """
    return _corpus_bleu(hypotheses, references, tokenize="13a")


def moses_bleu(
    hypotheses: Sequence[str], tokenized_references: Sequence[str], language: str
) -> Bleu:
    """BLEU of lower-cased, Moses-tokenised text, sacrebleu's tokenisation off.

    Args:
        hypotheses: Raw, cased text, which `moses_text` prepares.
        tokenized_references: Lower-cased, normalised, tokenised lines.
        language: ISO 639-1 code of both.

    Raises:
        ValueError: If there are not as many references as hypotheses.
    """
    prepared = moses_text(hypotheses, language)
    return _corpus_bleu(prepared, tokenized_references, tokenize="none")


def moses_text(texts: Sequence[str], language: str) -> list[str]:
    """Lower-cased, punctuation-normalised, tokenised text, as Moses' scripts do it."""
    _, moses = _libraries()
    normalizer = moses.MosesPunctNormalizer(language)
    tokenizer = moses.MosesTokenizer(language)
    return [
        tokenizer.tokenize(normalizer.normalize(text.lower()), return_str=True)
        for text in texts
    ]


def _corpus_bleu(
    hypotheses: Sequence[str], references: Sequence[str], tokenize: str
) -> Bleu:
    hypotheses, references = (
        [texts] if isinstance(texts, str) else list(texts)
        for texts in (hypotheses, references)
    )
    if len(hypotheses) != len(references):
        raise ValueError(
            "BLEU compares each hypothesis with its reference. Received: "
            f"{len(hypotheses)} hypotheses, {len(references)} references."
        )
    sacrebleu, _ = _libraries()
    options = {"tokenize": tokenize, "force": True}  # force: tokenised text is meant
    metric = sacrebleu.BLEU(**options)
    result = metric.corpus_score(hypotheses, [references])
    if hypotheses and not result.totals[-1]:
        metric = sacrebleu.BLEU(**options, effective_order=True)
        result = metric.corpus_score(hypotheses, [references])
    return Bleu(result.score, str(metric.get_signature()))
