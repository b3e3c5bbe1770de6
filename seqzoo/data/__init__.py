"""Public data sets as plain arrays and lists; nothing here imports Keras."""

from seqzoo.data.annotated import AnnotatedPicture, DetectionCorpus
from seqzoo.data.bccd import BCCD_LABELS, bccd
from seqzoo.data.cifar10 import CIFAR10_LABELS, cifar10, toy_colours
from seqzoo.data.labelled import LabelledArrays, LabelledCorpus
from seqzoo.data.mnist import mnist, toy_digits
from seqzoo.data.multi30k import (
    Pairs,
    TranslationCorpus,
    multi30k,
    multi30k_tokenized_references,
)
from seqzoo.data.scenes import DigitScenes, digit_scenes, toy_scenes
from seqzoo.data.shuffled import ShuffledBatches, shuffled_batches
from seqzoo.data.sines import SAMPLINGS, SINE_LABELS, SineBatches, Waves, sine_waves
from seqzoo.data.spoken_digit import DIGITS, Recording, spoken_digits, toy_recordings
from seqzoo.data.tiny_shakespeare import (
    TextCorpus,
    split_text,
    tiny_shakespeare,
    toy_text,
)
from seqzoo.data.token_stream import StreamBatches, stream_batches
from seqzoo.data.translation_batches import (
    TranslationBatches,
    toy_pairs,
    translation_batches,
)

__all__ = [
    "BCCD_LABELS",
    "CIFAR10_LABELS",
    "DIGITS",
    "SAMPLINGS",
    "SINE_LABELS",
    "AnnotatedPicture",
    "DetectionCorpus",
    "DigitScenes",
    "LabelledArrays",
    "LabelledCorpus",
    "Pairs",
    "Recording",
    "ShuffledBatches",
    "SineBatches",
    "StreamBatches",
    "TextCorpus",
    "TranslationBatches",
    "TranslationCorpus",
    "Waves",
    "bccd",
    "cifar10",
    "digit_scenes",
    "mnist",
    "multi30k",
    "multi30k_tokenized_references",
    "shuffled_batches",
    "sine_waves",
    "split_text",
    "spoken_digits",
    "stream_batches",
    "tiny_shakespeare",
    "toy_colours",
    "toy_digits",
    "toy_pairs",
    "toy_recordings",
    "toy_scenes",
    "toy_text",
    "translation_batches",
]
