"""What is special to the recurrent classifier of texts."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo import data
from seqzoo.models import RecurrentTextClassifier, RecurrentTextClassifierConfig
from seqzoo.processors import SubwordProcessor


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    corpus = data.toy_reviews()
    processor = SubwordProcessor.train(corpus.train.examples, 80, labels=corpus.labels)
    model = RecurrentTextClassifier(
        RecurrentTextClassifierConfig(processor.vocab_size, 2, 4, units=3, layers=2)
    )
    model.processor = processor
    return model


def test_logits_are_those_of_pooled_states(model):
    inputs = model.example_inputs()
    mask = inputs["mask"]
    x = model.embedding(inputs["token_ids"])
    for layer in model.recurrent:
        x = layer(x, mask=mask)
    x = ops.convert_to_numpy(x)
    pooled = [np.r_[x[i, m].mean(0), x[i, m].max(0)] for i, m in enumerate(mask)]
    np.testing.assert_allclose(
        model(inputs), ops.convert_to_numpy(model.logits(np.stack(pooled))), atol=1e-5
    )


def test_classify_keeps_the_order_of_the_texts(model):
    texts = ["good " * 30, "bad", "a film " * 9]
    together = model.probabilities(texts)
    alone = np.concatenate([model.probabilities([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    answers = model.classify(texts)
    assert [a.label for a in answers] == [
        model.processor.labels[row.argmax()] for row in together
    ]
    assert [p.label for p in model.classify("bad", top=2)] != []
    assert model.classify([]) == []


def test_dropout_of_words_drops_whole_words():
    model = RecurrentTextClassifier(
        RecurrentTextClassifierConfig(9, 2, 4, units=3, word_dropout=0.5)
    )
    x = ops.ones((3, 20, 4))
    dropped = ops.convert_to_numpy(model.word_dropout(x, training=True))
    assert ((dropped == 0).all(-1) | (dropped == 2).all(-1)).all()
    assert 0 < (dropped == 0).mean() < 1


@pytest.mark.parametrize("field", ["cell", "units", "vocab_size"])
def test_bad_choices_are_refused(field):
    with pytest.raises(ValueError, match=field):
        RecurrentTextClassifierConfig(**{field: "x" if field == "cell" else 0})


def test_a_unit_is_read_token_by_token(model):
    text = "a good film is a good story"
    (ids,) = model.processor.encode_ids([text])
    trace = model.read(text, layer=0, unit=4)
    assert "".join(trace.characters) == " " + text
    assert (trace.layer, trace.unit, trace.quantity) == (0, 4, "h")
    outputs = model.recurrent[0](model.embedding(np.array([ids])))
    np.testing.assert_allclose(trace.activations, outputs[0, :, 4], atol=1e-5)
    assert trace.top == ((),) * len(ids)
    assert trace.probabilities.shape == (len(ids), 0)
    # By default a unit that reads forward, of the last layer.
    chosen = model.read(text)
    assert chosen.layer == 1 and 0 <= chosen.unit < 3


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [("", {}, "empty"), ("a", {"unit": 6}, "unit"), ("a", {"layer": 2}, "layer")],
)
def test_what_cannot_be_read_is_refused(model, text, options, wanted):
    with pytest.raises(ValueError, match=wanted):
        model.read(text, **options)
