"""`classify`, on a tiny model of rows of pixels."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.models import RecurrentClassifier, RecurrentClassifierConfig
from seqzoo.processors import GreyImageProcessor
from seqzoo.tasks import Prediction


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = RecurrentClassifier(
        RecurrentClassifierConfig(features=28, num_classes=3, units=4)
    )
    model.processor = GreyImageProcessor(["zero", "one", "two"])
    return model


def random_images(count):
    return list(np.random.default_rng(0).random((count, 28, 28)))


def test_probabilities_are_the_softmax_of_the_logits(model):
    inputs = random_images(5)
    logits = ops.convert_to_numpy(model(model.processor.encode(inputs)))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.probabilities(inputs), expected, atol=1e-5)


def test_one_input_and_lists(model):
    inputs = random_images(3)
    alone = model.classify(inputs[0])
    assert isinstance(alone, Prediction)
    listed = model.classify(inputs)
    assert [p.label for p in listed] == [model.classify(x).label for x in inputs]
    assert model.classify([]) == []


def test_the_top_labels_come_in_order_and_sum_to_1(model):
    best = model.classify(random_images(1)[0], top=3)
    values = [p.probability for p in best]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1, abs=1e-5)
    assert {p.label for p in best} == {"zero", "one", "two"}


def test_more_than_a_batch(model, monkeypatch):
    monkeypatch.setattr(model, "batch_size", 4)
    inputs = random_images(9)
    whole = model.probabilities(inputs)
    assert whole.shape == (9, 3)
    np.testing.assert_allclose(whole[8:], model.probabilities(inputs[8:]), atol=1e-5)


@pytest.mark.parametrize("top", [0, 4, 1.5])
def test_top_is_checked(model, top):
    with pytest.raises(ValueError, match="from 1 to 3"):
        model.classify(random_images(1)[0], top=top)


def test_a_model_without_a_processor_says_so(model):
    with pytest.raises(ValueError, match="no processor"):
        RecurrentClassifier(model.config).classify(random_images(1)[0])
