"""A model that the command line runs: quick, and easy to foresee."""

import numpy as np
import pytest

import seqzoo
from seqzoo.tasks.translation import Translation


class Shouter:
    """A translator whose translations are its inputs in capitals."""

    task = "translation"
    figure = "alignment"

    def example(self):
        return "Beispiel"

    def translate(
        self, texts, beam_size=5, length_penalty=1.0, n_best=1, return_attention=False
    ):
        if isinstance(texts, str):
            return self.translate(
                [texts], beam_size, length_penalty, n_best, return_attention
            )[0]
        answers = [
            [self.answer(text, rank, return_attention) for rank in range(n_best)]
            for text in texts
        ]
        return answers if n_best > 1 else [best[0] for best in answers]

    def answer(self, text, rank, explained):
        shouted = text.upper() + "!" * rank
        if not explained:
            return shouted
        source, target = [*text.split(), "<eos>"], [*shouted.split(), "<eos>"]
        return Translation(
            shouted, -float(rank), source, target, np.eye(len(source), dtype="float32")
        )


@pytest.fixture
def shouter(monkeypatch):
    model = Shouter()
    monkeypatch.setattr(seqzoo, "load", lambda name: model, raising=False)
    return model
