"""Public data sets as plain arrays and lists; nothing here imports Keras."""

from seqzoo.data.batches import TranslationBatches, toy_pairs, translation_batches
from seqzoo.data.multi30k import (
    Pairs,
    TranslationCorpus,
    multi30k,
    multi30k_tokenized_references,
)
from seqzoo.data.streams import StreamBatches, stream_batches
from seqzoo.data.tiny_shakespeare import (
    TextCorpus,
    split_text,
    tiny_shakespeare,
    toy_text,
)

__all__ = [
    "Pairs",
    "StreamBatches",
    "TextCorpus",
    "TranslationBatches",
    "TranslationCorpus",
    "multi30k",
    "multi30k_tokenized_references",
    "split_text",
    "stream_batches",
    "tiny_shakespeare",
    "toy_pairs",
    "toy_text",
    "translation_batches",
]
