"""Naive Bayes against its formula."""

import math

import numpy as np

from benchmarks.naive_bayes import NaiveBayes, features

TEXTS = ["good good film", "a bad film", "good story", "bad bad"]
LABELS = [1, 0, 1, 0]


def test_features_are_sets_of_words_and_pairs():
    assert features("A <br /> film, a film", False) == {"a", "film", ","}
    assert features("A film", True) == {"a", "film", "a film"}


def test_scores_are_those_of_the_formula():
    model = NaiveBayes(TEXTS, LABELS, pairs=False)
    assert set(model.columns) == {"good", "film", "a", "bad", "story"}
    # In how many texts of each class a word occurs, plus one.
    positive = {"good": 3, "film": 2, "story": 2, "a": 1, "bad": 1}
    negative = {"bad": 3, "a": 2, "film": 2, "good": 1, "story": 1}
    for word, column in model.columns.items():
        wanted = math.log(positive[word] / 9) - math.log(negative[word] / 9)
        np.testing.assert_allclose(model.weights[column], wanted)
    assert model.bias == 0
    assert model.predict(["good film", "bad unknown story"]).tolist() == [1, 0]
