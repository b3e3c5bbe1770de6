"""BLEU as it is published, by sacrebleu, each score with its signature.

Two pipelines that must not be mixed: published Multi30k scores are computed on
lower-cased, Moses-tokenised text; today's papers score the raw, cased text and let
sacrebleu tokenise it.
"""

from collections.abc import Sequence
from typing import NamedTuple

try:
    from sacrebleu.metrics import BLEU
    from sacremoses import MosesPunctNormalizer, MosesTokenizer
except ImportError as error:  # said at once, not after the first epoch
    raise ImportError(
        'BLEU wants sacrebleu and sacremoses: pip install "seqzoo[metrics]"'
    ) from error


class Bleu(NamedTuple):
    """A corpus BLEU from 0 to 100, and sacrebleu's signature of how it was made."""

    score: float
    signature: str


def detokenized_bleu(hypotheses: Sequence[str], references: Sequence[str]) -> Bleu:
    """BLEU of raw, cased text, tokenised by sacrebleu (13a).

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
    normalizer, tokenizer = MosesPunctNormalizer(language), MosesTokenizer(language)
    return [
        tokenizer.tokenize(normalizer.normalize(text.lower()), return_str=True)
        for text in texts
    ]


def _corpus_bleu(
    hypotheses: Sequence[str], references: Sequence[str], tokenize: str
) -> Bleu:
    if len(hypotheses) != len(references):
        raise ValueError(
            "BLEU compares each hypothesis with its reference. Received: "
            f"{len(hypotheses)} hypotheses, {len(references)} references."
        )
    metric = BLEU(tokenize=tokenize, force=True)  # force: tokenised text is meant
    score = metric.corpus_score(list(hypotheses), [list(references)]).score
    return Bleu(score, str(metric.get_signature()))
