"""Batches of stories with questions, with empty memories and a linear start."""

from collections.abc import Iterator, Sequence

import numpy as np

from seqzoo.data.babi import StoryQuestion
from seqzoo.data.batches import Batches
from seqzoo.ops.types import Array
from seqzoo.processors.stories import StoryProcessor, pad

# Stories of at most so many sentences share batches, so that little is padded.
LENGTHS = (2, 6, 10, 16, 28)


class StoryBatches(Batches):
    """Batches `(x, y)` of questions about stories of similar length.

    `x` is `{"story": (batch, sentences, words), "question": (batch, words), "softmax":
    (batch,)}`, `y` int32 `(batch,)`, the ids of the answers.

    Args:
        questions: The training questions; those whose answer is unknown are left out.
        processor: Gives the ids; of a longer story its last `max_sentences` are kept.
        batch_size: Questions in every batch.
        noise: Empty memories in a story of n sentences: at random from 0 to noise * n,
            rounded up (Sukhbaatar et al. 2015, section 4.1, "RN").
        linear_epochs: First epochs in which attention has no softmax (section 4.2,
            "LS").
        seed: Equal seed and epoch, equal order and noise.

    Raises:
        ValueError: If `noise` is not from 0 to 1, or no question is left.
    """

    def __init__(
        self,
        questions: Sequence[StoryQuestion],
        processor: StoryProcessor,
        batch_size: int,
        noise: float = 0.1,
        linear_epochs: int = 0,
        seed: int = 0,
    ):
        if not 0 <= noise <= 1:
            raise ValueError(f"`noise` must be from 0 to 1. Received: noise={noise}")
        answers = np.array([processor.answer_id(x.answer) for x in questions], "int32")
        kept = [x for x, answer in zip(questions, answers, strict=True) if answer]
        if not kept:
            raise ValueError("There must be a question whose answer is known.")
        self.batch_size, self.noise, self.seed = batch_size, noise, seed
        self.linear_epochs = linear_epochs
        self.answers = answers[answers > 0]
        limit = processor.max_sentences
        sentences: dict[str, int] = {"": 0}  # the empty memory

        def index(text: str) -> int:
            return sentences.setdefault(text, len(sentences))

        self.stories = [[index(s) for s in x.story[-limit:]] for x in kept]
        self.questions = np.array([index(x.question) for x in kept])
        ids = [processor.ids(text) if text else [] for text in sentences]
        self.counts = np.array([len(row) for row in ids])  # words of each sentence
        self.ids = pad(ids, int(self.counts.max()))
        self.lengths = np.array([len(story) for story in self.stories])
        self.groups = list(self._groups([n for n in LENGTHS if n < limit] + [limit]))

    def _groups(self, lengths: Sequence[int]) -> Iterator[tuple[Array, int, int]]:
        """Questions of similar length, their longest story, and its words."""
        low = 0
        for length in lengths:
            rows = np.flatnonzero((self.lengths > low) & (self.lengths <= length))
            low = length
            if len(rows):
                used = np.unique(np.concatenate([self.stories[row] for row in rows]))
                yield rows, length, int(self.counts[used].max())

    def plan(self, epoch: int) -> list[tuple[Array, int, int]]:
        """The questions of each batch, and the sizes of their stories."""
        rng = np.random.default_rng([self.seed, epoch])
        batches = []
        for rows, length, words in self.groups:
            rows = rng.permutation(rows)
            # Questions are repeated to fill the last batch of a group.
            count = -(-len(rows) // self.batch_size) * self.batch_size
            for part in np.resize(rows, count).reshape(-1, self.batch_size):
                batches.append((part, length, words))
        return [batches[i] for i in rng.permutation(len(batches))]

    def make(
        self, epoch: int, part: tuple[Array, int, int]
    ) -> tuple[dict[str, Array], Array]:
        rows, length, words = part
        rng = np.random.default_rng([self.seed, epoch, int(rows[0])])
        width = length + int(np.ceil(self.noise * length))
        lengths = self.lengths[rows][:, None]
        empty = rng.integers(0, np.ceil(self.noise * lengths).astype(int) + 1)
        # Places of the sentences: as many of the first, with the least random keys.
        keys = rng.random((len(rows), width))
        keys[np.arange(width) >= lengths + empty] = 2.0
        is_real = keys.argsort(axis=1).argsort(axis=1) < lengths
        story = np.zeros((len(rows), width), int)
        story[is_real] = np.concatenate([self.stories[row] for row in rows])
        x = {
            "story": self.ids[story][..., :words],
            "question": self.ids[self.questions[rows]],
            "softmax": np.full(len(rows), epoch >= self.linear_epochs),
        }
        return x, self.answers[rows]
