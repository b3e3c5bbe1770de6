"""Naive Bayes on IMDB: what a classifier of texts without any network reaches.

    python -m benchmarks.naive_bayes --out naive_bayes.json

Binarised multinomial naive Bayes (Wang and Manning 2012, section 2.1): a text is the
set of its words, or of its words and pairs of neighbours. Each class counts in how many
of its texts a feature occurs, plus one. It trains in seconds on the training and
validation reviews of `seqzoo.data.imdb`, since nothing is chosen.
"""

import argparse
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from seqzoo import data
from seqzoo.training.record import environment, write_json

WORD = re.compile(r"[a-z0-9']+|[.,!?;:()\"]")


def features(text: str, pairs: bool) -> set[str]:
    """The words of a text in lower case, and its pairs of neighbours."""
    words = WORD.findall(text.replace("<br />", " ").lower())
    found = set(words)
    if pairs:
        found |= {f"{first} {second}" for first, second in pairwise(words)}
    return found


class NaiveBayes:
    """Binarised multinomial naive Bayes with counts of at least one.

        score(text) = sum over its features of log p(feature | class) + log p(class)

    Args:
        texts: Training texts.
        labels: The class of each, 0 or 1.
        pairs: Whether pairs of neighbours are features, too.
    """

    def __init__(self, texts: Iterable[str], labels: Sequence[int], pairs: bool):
        self.pairs = pairs
        self.columns: dict[str, int] = {}
        present = self._matrix(texts, is_training=True)
        labels = np.asarray(labels)
        counts = [np.asarray(present[labels == k].sum(axis=0))[0] + 1.0 for k in (0, 1)]
        negative, positive = (np.log(count / count.sum()) for count in counts)
        self.weights = positive - negative
        self.bias = np.log(labels.sum() / (len(labels) - labels.sum()))

    def predict(self, texts: Iterable[str]) -> np.ndarray:
        """The class of each text; features that training lacks are left out."""
        scores = self._matrix(texts, is_training=False) @ self.weights + self.bias
        return (scores > 0).astype("int32")

    def _matrix(self, texts: Iterable[str], is_training: bool) -> csr_matrix:
        columns: list[int] = []
        ends = [0]
        for text in texts:
            for feature in features(text, self.pairs):
                if is_training:
                    self.columns.setdefault(feature, len(self.columns))
                if feature in self.columns:
                    columns.append(self.columns[feature])
            ends.append(len(columns))
        shape = (len(ends) - 1, len(self.columns))
        return csr_matrix((np.ones(len(columns)), columns, ends), shape)


def main() -> None:
    """Train and test both kinds, print the accuracies, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    flags = parser.parse_args()
    corpus = data.imdb()
    texts = [*corpus.train.examples, *corpus.validation.examples]
    labels = np.concatenate([corpus.train.labels, corpus.validation.labels])
    results = {}
    for name, pairs in (("words", False), ("words and pairs", True)):
        model = NaiveBayes(texts, labels, pairs)
        right = model.predict(corpus.test.examples) == corpus.test.labels
        results[name] = {
            "accuracy": 100 * float(right.mean()),
            "examples": len(right),
            "features": len(model.columns),
        }
        print(f"{name}: {results[name]['accuracy']:.2f} % of {len(right):,} reviews")
    if flags.out:
        command = "python -m benchmarks.naive_bayes"
        record = {"command": command, "features": results, **environment()}
        write_json(flags.out, record)


if __name__ == "__main__":
    main()
