"""Public data sets as arrays, and batches of them; nothing here imports Keras."""

from seqzoo.data.annotated import (
    AnnotatedImage,
    DetectionCorpus,
    RandomFlips,
    RandomResizedCrop,
)
from seqzoo.data.augmentation import (
    CutMix,
    Cutout,
    RandomAffine,
    RandomFlip,
    RandomShift,
    augmentation_sentence,
)
from seqzoo.data.babi import (
    BABI_DATA,
    TASK_NAMES,
    StoryCorpus,
    StoryQuestion,
    babi,
    toy_stories,
)
from seqzoo.data.bccd import bccd
from seqzoo.data.cifar10 import CIFAR10_DATA, cifar10, toy_colours
from seqzoo.data.detection_batches import DetectionBatches
from seqzoo.data.image_batches import ImageBatches
from seqzoo.data.imdb import (
    IMDB_DATA,
    ReviewTexts,
    imdb,
    imdb_texts,
    toy_reviews,
    toy_texts,
)
from seqzoo.data.labelled import LabelledArrays, LabelledCorpus
from seqzoo.data.masked_batches import MaskedBatches
from seqzoo.data.mnist import MNIST_DATA, mnist, toy_digits
from seqzoo.data.multi30k import (
    MULTI30K_DATA,
    TranslationCorpus,
    multi30k,
    multi30k_tokenized_references,
)
from seqzoo.data.recording_batches import RecordingBatches, SpeakerVariation
from seqzoo.data.scenes import digit_scenes, toy_scenes
from seqzoo.data.sines import SAMPLINGS, SINE_LABELS, SineBatches, sine_waves
from seqzoo.data.spoken_digit import (
    DIGITS,
    Recording,
    part_by_take,
    recording_corpus,
    spoken_digits,
    spoken_recordings,
    toy_recordings,
    toy_spoken_digits,
)
from seqzoo.data.story_batches import StoryBatches
from seqzoo.data.text_batches import TextBatches
from seqzoo.data.tiny_shakespeare import (
    TextCorpus,
    split_text,
    text_file,
    tiny_shakespeare,
    toy_text,
)
from seqzoo.data.token_stream import TokenCircle, TokenStream
from seqzoo.data.toy_pairs import toy_pairs, toy_translations
from seqzoo.data.translation_batches import TranslationBatches
from seqzoo.data.trivial_augment import TrivialAugment

__all__ = [
    "BABI_DATA",
    "CIFAR10_DATA",
    "DIGITS",
    "IMDB_DATA",
    "MNIST_DATA",
    "MULTI30K_DATA",
    "SAMPLINGS",
    "SINE_LABELS",
    "TASK_NAMES",
    "AnnotatedImage",
    "CutMix",
    "Cutout",
    "DetectionBatches",
    "DetectionCorpus",
    "ImageBatches",
    "LabelledArrays",
    "LabelledCorpus",
    "MaskedBatches",
    "RandomAffine",
    "RandomFlip",
    "RandomFlips",
    "RandomResizedCrop",
    "RandomShift",
    "Recording",
    "RecordingBatches",
    "ReviewTexts",
    "SineBatches",
    "SpeakerVariation",
    "StoryBatches",
    "StoryCorpus",
    "StoryQuestion",
    "TextBatches",
    "TextCorpus",
    "TokenCircle",
    "TokenStream",
    "TranslationBatches",
    "TranslationCorpus",
    "TrivialAugment",
    "augmentation_sentence",
    "babi",
    "bccd",
    "cifar10",
    "digit_scenes",
    "imdb",
    "imdb_texts",
    "mnist",
    "multi30k",
    "multi30k_tokenized_references",
    "part_by_take",
    "recording_corpus",
    "sine_waves",
    "split_text",
    "spoken_digits",
    "spoken_recordings",
    "text_file",
    "tiny_shakespeare",
    "toy_colours",
    "toy_digits",
    "toy_pairs",
    "toy_recordings",
    "toy_reviews",
    "toy_scenes",
    "toy_spoken_digits",
    "toy_stories",
    "toy_text",
    "toy_texts",
    "toy_translations",
]
