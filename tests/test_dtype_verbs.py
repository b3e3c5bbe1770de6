"""Every verb in every dtype policy, against float32; whatever it says is float32."""

import keras
import numpy as np
import pytest
from keras import ops, tree

from seqzoo.data import toy_pairs
from seqzoo.decoding import blocks
from seqzoo.models import MODELS
from seqzoo.processors import (
    CharacterProcessor,
    DetectionProcessor,
    ImageProcessor,
    StoryProcessor,
    TimedSeriesProcessor,
    TranslationProcessor,
)
from seqzoo.tasks import base
from seqzoo.tasks.persistence import dtype_policy
from tests.graphs import uncompiled
from tests.test_contract import TINY

POLICIES = ("float64", "mixed_bfloat16", "bfloat16", "mixed_float16", "float16")
PAIRS = toy_pairs(20)
WORDS = TranslationProcessor.train(PAIRS.source, PAIRS.target, 60)
LABELS = ["a", "b", "c"]
PIXELS = np.random.default_rng(0).integers(0, 255, (16, 16, 3)).astype("uint8")
SERIES = np.column_stack([np.arange(4), np.random.default_rng(0).normal(size=(4, 3))])


def series(model):
    model.processor = TimedSeriesProcessor(LABELS, 3)
    probabilities = model.probabilities([SERIES, SERIES[:2]])
    np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-6)
    return [probabilities]


def images(model):
    model.processor = ImageProcessor(LABELS, model.config.sides)
    probabilities = model.probabilities([PIXELS])
    np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-6)
    return [probabilities, model.features([PIXELS])]


def boxes(model):
    model.processor = DetectionProcessor(LABELS, 16, 32)
    found = model.detect(PIXELS, threshold=0.0)
    return [found.scores, found.boxes_xyxy]


def texts(model):
    model.processor = CharacterProcessor("abcdefghijk")
    for settings in ({"temperature": 0}, {"top_k": 3, "top_p": 0.9}):
        assert len(model.generate("ab", 3, seed=0, **settings)) == 3
    states = model.initial_states(1)
    _, after = model.advance(np.array([[1, 2]]), states)
    kinds = [[x.dtype for x in tree.flatten(each)] for each in (states, after)]
    assert kinds[0] == kinds[1]  # a compiled loop needs it
    return [np.float32([model.score("abca").nats_per_token])]


def translations(model):
    model.processor = WORDS
    best = model.translate("Dogs.", beam_size=2, return_attention=True)
    assert best.attention.dtype == np.float32
    np.testing.assert_allclose(best.attention.sum(-1), 1, atol=0.02)
    return [np.float32([best.score])]


def answers(model):
    model.processor = StoryProcessor("abcdef")
    answer = model.answer("a b c. d e. f a.", "b c?", return_attention=True)
    assert answer.attention.dtype == np.float32
    np.testing.assert_allclose(answer.attention.sum(-1), 1, atol=0.02)
    return [np.float32([answer.probability]), answer.attention]


VERBS = {
    "DETR": boxes,
    "MemoryNetwork": answers,
    "RecurrentClassifier": series,
    "RecurrentLM": texts,
    "Seq2Seq": translations,
    "Swin": images,
    "TCNClassifier": series,
    "ViT": images,
}


@pytest.fixture(autouse=True)
def small_and_uncompiled(monkeypatch):
    """Compiling is not the question, and takes longer than all else."""
    monkeypatch.setattr(base, "compile_for", uncompiled)
    monkeypatch.setattr(blocks, "BLOCK", 3)
    monkeypatch.setattr(blocks, "CHUNK", 4)
    monkeypatch.setattr(MODELS["Seq2Seq"], "max_target_steps", lambda _, n: 0 * n + 3)
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def built(name, policy=None):
    sizes = dict(TINY[name])
    if name == "Seq2Seq":
        sizes["vocab_size"] = WORDS.vocab_size
    keras.utils.set_random_seed(0)
    with dtype_policy(policy):
        model = MODELS[name](MODELS[name].Config(**sizes))
        model.build()
    return model


@pytest.mark.parametrize("name", VERBS)
def test_answers_are_those_of_float32(name, graphs):
    original = built(name)
    wanted = VERBS[name](original)
    if keras.backend.backend() == "jax":
        policies = POLICIES[1:]  # JAX has float64 only if it is told so at its start
    else:
        policies = POLICIES
    if name == "Seq2Seq":
        policies = ("bfloat16", "mixed_float16")  # a search takes long without a graph
    for policy in (*policies, None):
        if policy is None:
            keras.config.set_floatx("float16")
            keras.config.set_dtype_policy("float16")
        model = built(name, policy)
        for variable, value in zip(model.weights, original.weights, strict=True):
            variable.assign(ops.cast(value, variable.dtype))
        scale = 1e-5 if policy == "float64" else 0.03
        for want, answer in zip(wanted, VERBS[name](model), strict=True):
            assert answer.dtype == np.float32
            np.testing.assert_allclose(
                answer, want, rtol=scale, atol=scale * np.abs(want).max()
            )
