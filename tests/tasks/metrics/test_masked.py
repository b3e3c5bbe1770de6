"""Masked accuracy and perplexity against NumPy."""

import numpy as np
from keras import ops

from seqzoo import data
from seqzoo.models import BERT, BERTConfig
from seqzoo.processors import SubwordProcessor
from seqzoo.tasks.metrics import MaskedPrediction


def test_scores_equal_those_of_numpy():
    texts = data.toy_texts().train
    processor = SubwordProcessor.train(texts, 60)
    model = BERT(
        BERTConfig(processor.vocab_size, 8, 1, 2, 8, max_positions=16, dropout=0.0)
    )
    batches = data.MaskedBatches(texts, processor, 4, 16)
    scores = MaskedPrediction(batches, "toy")(model)
    nats, right = [], []
    for inputs, targets in batches(0):
        logits = ops.convert_to_numpy(model(inputs)).astype("float64")
        logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
        nats += [-np.take_along_axis(logits, targets[..., None], -1).ravel()]
        right += [(logits.argmax(-1) == targets).ravel()]
    nats, right = np.concatenate(nats), np.concatenate(right)
    assert scores["masked_accuracy"].value == 100 * right.mean()
    np.testing.assert_allclose(
        scores["perplexity"].value, np.exp(nats.mean()), rtol=1e-5
    )
    assert scores["perplexity"].examples == len(nats)
