"""One tiny model for each panel, in folders as `seqzoo.save` writes them."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import seqzoo
from seqzoo.decoding import blocks
from seqzoo.demo import models
from seqzoo.models import (
    BERT,
    DETR,
    BERTConfig,
    MemoryNetwork,
    MemoryNetworkConfig,
    RecurrentClassifier,
    RecurrentClassifierConfig,
    RecurrentLM,
    RecurrentLMConfig,
    RecurrentTextClassifier,
    RecurrentTextClassifierConfig,
    Seq2Seq,
    Seq2SeqConfig,
    ViT,
    ViTConfig,
)
from seqzoo.processors import (
    CharacterProcessor,
    DetectionProcessor,
    GreyImageProcessor,
    ImageProcessor,
    LogMelProcessor,
    StoryProcessor,
    SubwordProcessor,
    TimedSeriesProcessor,
    TranslationProcessor,
)
from seqzoo.tasks import base
from tests.graphs import uncompiled
from tests.models.tiny import TINY_DETR

WORDS = ["two dogs play <b>", "a man sleeps", "a dog & a man"]
TEXT = "to be or not to be <i>&amp;</i>\n"
DIGITS = [str(digit) for digit in range(10)]


def translator():
    processor = TranslationProcessor.train(WORDS, WORDS, vocab_size=60)
    config = Seq2SeqConfig(
        vocab_size=processor.vocab_size,
        embed_dim=6,
        encoder_units=4,
        decoder_units=8,
        attention_units=5,
        max_source_steps=64,
    )
    return Seq2Seq(config), processor


def writer():
    processor = CharacterProcessor.train(TEXT)
    config = RecurrentLMConfig(processor.vocab_size, embed_dim=3, units=4, layers=2)
    return RecurrentLM(config), processor


def reviews():
    processor = SubwordProcessor.train(WORDS * 2, 60, labels=["<good>", "bad"])
    config = RecurrentTextClassifierConfig(processor.vocab_size, 2, 4, units=3)
    return RecurrentTextClassifier(config), processor


def gaps():
    options = {"max_tokens": 64, "head_tokens": 8, "framed": True}
    processor = SubwordProcessor.train(WORDS * 2, 60, **options)
    sizes = (processor.vocab_size, 8, 1, 2, 8)
    return BERT(BERTConfig(*sizes, max_positions=64)), processor


def digits():
    config = RecurrentClassifierConfig(features=28, num_classes=10, units=4)
    return RecurrentClassifier(config), GreyImageProcessor(DIGITS)


def words():
    config = RecurrentClassifierConfig(features=40, num_classes=2, units=4)
    return RecurrentClassifier(config), LogMelProcessor(["yes", "no"])


def series():
    config = RecurrentClassifierConfig(features=1, num_classes=2, units=4)
    return RecurrentClassifier(config), TimedSeriesProcessor(["slow", "fast"])


def pictures():
    config = ViTConfig((8, 14), 4, 3, 2, 8, 2, 2, 8)
    return ViT(config), ImageProcessor(["<cat>", "dog"], (8, 14), resize=(12, 16))


def objects():
    return DETR(TINY_DETR), DetectionProcessor(["<cat>", "dog", "ball"], 24, 48)


def stories():
    processor = StoryProcessor(["a", "dog", "is", "mary", "the", "where"])
    return MemoryNetwork(MemoryNetworkConfig(processor.vocab_size, 4)), processor


MAKERS = (
    translator,
    writer,
    reviews,
    gaps,
    digits,
    words,
    series,
    pictures,
    objects,
    stories,
)


@pytest.fixture(scope="session")
def zoo(tmp_path_factory):
    """A folder of models, each by the name of the function that makes it."""
    root = tmp_path_factory.mktemp("zoo")
    for make in MAKERS:
        model, model.processor = make()
        model(model.example_inputs())
        rng = np.random.default_rng(0)
        for weight in model.trainable_weights:
            weight.assign(rng.normal(size=weight.shape) * 0.5)
        seqzoo.save(model, root / make.__name__)
    return root


@pytest.fixture
def tiny_zoo(zoo, monkeypatch):
    """These models are the zoo, and run uncompiled, which is quicker for a few."""
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(zoo))
    monkeypatch.setattr(base, "compile_for", uncompiled)
    monkeypatch.setattr(blocks, "BLOCK", 10)
    models._loaded.cache_clear()
    yield zoo
    models._loaded.cache_clear()


@pytest.fixture
def picture(tmp_path):
    """The path of a small picture in colour."""
    pixels = np.random.default_rng(0).integers(256, size=(24, 32, 3))
    Image.fromarray(pixels.astype("uint8")).save(tmp_path / "scene.png")
    return str(tmp_path / "scene.png")


@pytest.fixture
def sound(tmp_path):
    """Writes a recording of so many seconds and returns its path."""

    def write(seconds, rate=8000):
        samples = np.random.default_rng(0).integers(-999, 999, int(seconds * rate))
        wavfile.write(tmp_path / "word.wav", rate, samples.astype("int16"))
        return str(tmp_path / "word.wav")

    return write
