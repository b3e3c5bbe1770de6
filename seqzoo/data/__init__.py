"""Public data sets as plain arrays and lists; nothing here imports Keras."""

from seqzoo.data.batches import TranslationBatches, toy_pairs, translation_batches
from seqzoo.data.multi30k import (
    Pairs,
    TranslationCorpus,
    multi30k,
    multi30k_tokenized_references,
)

__all__ = [
    "Pairs",
    "TranslationBatches",
    "TranslationCorpus",
    "multi30k",
    "multi30k_tokenized_references",
    "toy_pairs",
    "translation_batches",
]
