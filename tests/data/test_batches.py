"""Batches: a function of epoch and index, also in another process."""

import pickle

import numpy as np
import pytest

from seqzoo import data
from seqzoo.processors import (
    DetectionProcessor,
    GreyImageProcessor,
    ImageProcessor,
    LogMelProcessor,
)
from tests.data.arrays import equal


def images():
    corpus = data.toy_colours()
    augment = (data.TrivialAugment(), data.RandomShift(4), data.RandomFlip())
    augment += (data.Cutout(10),)
    processor = ImageProcessor(corpus.labels, (32, 32))
    return data.ImageBatches(corpus.train, processor, 8, augment, data.CutMix(0.5))


def digits():
    corpus = data.toy_digits()
    processor = GreyImageProcessor(corpus.labels, "pixels")
    warp = data.RandomAffine(12, 0.12, 2)
    return data.ImageBatches(corpus.train, processor, 8, (warp,))


def scenes():
    corpus = data.toy_scenes()
    augment = (
        data.RandomResizedCrop(0.6, (48, 64), visible=0.4),
        data.RandomFlips(),
    )
    processor = DetectionProcessor(corpus.labels)
    return data.DetectionBatches(corpus.train, processor, 3, 10, 2, augment, repeats=2)


def recordings():
    corpus = data.toy_spoken_digits()
    vary = data.SpeakerVariation((0.8, 1.25), 2, 0.3, blanks=2, blank_size=5)
    return data.RecordingBatches(corpus.train, LogMelProcessor(data.DIGITS), 7, (vary,))


def translations():
    from seqzoo.processors import TranslationProcessor
    from seqzoo.processors.bpe import BPEDropout

    pairs = data.toy_pairs(60)
    processor = TranslationProcessor.train(pairs.source, pairs.target, vocab_size=120)
    return data.TranslationBatches(
        BPEDropout.sources(processor, pairs.source),
        BPEDropout.targets(processor, pairs.target),
        batch_size=16,
    )


def stream():
    return data.TokenStream(np.arange(500), batch_size=4, steps=16)


def sines():
    return data.SineBatches(["standard", "asynchronous", "standard"], batch_size=4)


ALL = [images, digits, scenes, recordings, translations, stream, sines]


@pytest.mark.parametrize("make", ALL)
def test_another_process_makes_the_same_batches(make):
    """In another order, of a pickled copy; and epochs differ."""
    batches = make()
    copy = pickle.loads(pickle.dumps(batches))
    other, last, first = copy(1), copy(0)[-1], copy(0)[0]
    assert equal(batches(0)[0], first)
    assert equal(batches(0)[len(batches) - 1], last)
    assert equal(batches(1)[0], other[0])
    assert not equal(batches(0)[0], batches(1)[0])


@pytest.mark.parametrize("make", ALL)
def test_an_epoch_is_a_sequence(make):
    batches = make()
    epoch = batches(0)
    assert len(batches) == len(epoch) == len(list(epoch))
    assert equal(epoch[1:3], [epoch[1], epoch[2]])
    with pytest.raises(IndexError):
        epoch[len(epoch)]


def test_an_epoch_has_each_example_at_most_once():
    corpus = data.toy_colours()
    numbered = data.LabelledArrays(
        np.broadcast_to(np.arange(32.0)[:, None, None, None], (32, 32, 32, 3)),
        corpus.train.labels,
        "numbered",
    )
    processor = ImageProcessor(corpus.labels, mean=(0, 0, 0), std=(1, 1, 1))
    batches = data.ImageBatches(numbered, processor, 5)
    seen = [round(255 * x) for inputs, _ in batches(0) for x in inputs[:, 0, 0, 0]]
    assert len(batches) == 6 and len(set(seen)) == len(seen) == 30


def test_a_set_smaller_than_a_batch_is_one_batch():
    corpus = data.toy_colours(8)
    processor = ImageProcessor(corpus.labels, (32, 32))
    assert len(data.ImageBatches(corpus.train, processor, 128)) == 1
    with pytest.raises(ValueError, match="0 examples"):
        data.ImageBatches(corpus.train[:0], processor, 128)


def test_detection_shows_each_image_as_often_as_it_repeats():
    corpus = data.toy_scenes()
    processor = DetectionProcessor(corpus.labels)
    shown = data.DetectionBatches(corpus.train, processor, 4, 10, 1, repeats=3)
    counts = np.bincount(np.concatenate(shown.plan(0)) % 32, minlength=32)
    assert (counts == 3).all()


def test_every_part_of_the_recordings_is_needed():
    with pytest.raises(ValueError, match="none for test, validation"):
        data.recording_corpus(data.toy_recordings(), lambda _: "train", "nothing")
