"""Seeded BPE-dropout: each epoch segments the same words in other ways.

The tokenizers library drops merges with a generator that cannot be seeded. A resumed
training run must see the same data again, so this module draws the segmentations.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import chain, count, pairwise
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from seqzoo.processors.special_tokens import BOS, EOS, SPECIAL_TOKENS, UNK
from seqzoo.processors.translation import TranslationProcessor


class BPEDropout:
    """BPE-dropout (Provilkov et al. 2020, section 3.1) over a fixed list of texts.

    A word is merged step by step. Each step drops every possible merge with probability
    `dropout` and makes the remaining merge that was learned first; the word is done
    when none remains. This equals skipping a geometrically distributed number of the
    possible merges in their order, which takes one draw a step.

    Each distinct word gets `variants` segmentations once. An epoch then picks one of
    them for each occurrence of the word; the paper draws afresh each time.

    Args:
        tokenizer: A BPE `tokenizers.Tokenizer` with normaliser and pre-tokeniser.
        texts: Raw texts, in the case that the model reads.
        dropout: Probability of dropping a merge, in [0, 1); 0.1 in the paper.
        variants: Segmentations drawn for each distinct word.
        seed: An integer or several; equal seeds give equal samples.
        begin: Ids in front of every text.
        end: Ids after every text.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        texts: Sequence[str],
        dropout: float = 0.1,
        variants: int = 32,
        seed: int | Sequence[int] = 0,
        begin: Sequence[int] = (),
        end: Sequence[int] = (),
    ):
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"`dropout` must be in [0, 1). Received: {dropout}")
        if variants < 1:
            raise ValueError(f"`variants` must be at least 1. Received: {variants}")
        self._seed = np.atleast_1d(seed).tolist()
        self.variants = variants if dropout else 1
        words: dict[str, int] = {}  # the number of each distinct word
        occurrences: list[list[int]] = []  # the words of each text
        for text in texts:
            normal = tokenizer.normalizer.normalize_str(text)
            pieces = tokenizer.pre_tokenizer.pre_tokenize_str(normal) if normal else []
            occurrences.append(
                [words.setdefault(piece, len(words)) for piece, _ in pieces]
            )
        segmenter = _Segmenter(tokenizer)
        rng = np.random.default_rng([*self._seed, 0])
        keep = 1.0 - dropout
        skips = (skip for _ in count() for skip in rng.geometric(keep, 4096).tolist())
        segments = [
            segment
            for word in words
            for segment in segmenter.draw(word, self.variants, skips)
        ]
        # `begin` and `end` are two more words, each with equal variants.
        first, last = len(words), len(words) + 1
        segments += [tuple(begin)] * self.variants + [tuple(end)] * self.variants
        self._lengths = np.array([len(segment) for segment in segments])
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._ids = np.fromiter(chain.from_iterable(segments), np.int32)
        rows = [[first, *row, last] for row in occurrences]
        self._words = np.fromiter(chain.from_iterable(rows), np.int64)
        self._text_starts = np.cumsum([0] + [len(row) for row in rows])[:-1]

    @classmethod
    def sources(
        cls, processor: TranslationProcessor, texts: Sequence[str], **options: Any
    ) -> "BPEDropout":
        """Samples for `processor.encode_sources`.

        Args:
            processor: Gives the tokenizer.
            texts: Raw texts.
            **options: `dropout`, `variants` and `seed`, an integer. Equal seeds give
                sources and targets independent draws.
        """
        options["seed"] = [options.get("seed", 0), 0]
        texts = [processor.source_text(text) for text in texts]
        return cls(processor.tokenizer, texts, end=[EOS], **options)

    @classmethod
    def targets(
        cls, processor: TranslationProcessor, texts: Sequence[str], **options: Any
    ) -> "BPEDropout":
        """Samples for `processor.encode_targets`; the arguments are as in `sources`."""
        options["seed"] = [options.get("seed", 0), 1]
        return cls(processor.tokenizer, texts, begin=[BOS], end=[EOS], **options)

    def sample(self, epoch: int) -> list[np.ndarray]:
        """The token ids of every text in this epoch, int32 arrays `(steps,)`."""
        if not len(self._text_starts):
            return []
        rng = np.random.default_rng([*self._seed, 1, epoch])
        variant = rng.integers(self.variants, size=len(self._words))
        segment = self._words * self.variants + variant
        lengths = self._lengths[segment]
        ends = np.cumsum(lengths)
        offsets = np.repeat(self._starts[segment] - (ends - lengths), lengths)
        ids = self._ids[offsets + np.arange(len(offsets))]
        cuts = (ends - lengths)[self._text_starts[1:]]
        return np.split(ids, cuts)


class _Segmenter:
    """Draws segmentations of a word; it caches the possible merges of each state."""

    def __init__(self, tokenizer: Tokenizer):
        model = json.loads(tokenizer.to_str())["model"]
        if model["type"] != "BPE":
            raise ValueError(
                f"BPE-dropout wants a BPE tokenizer. Received: {model['type']}."
            )
        self.vocab: dict[str, int] = model["vocab"]
        self.ranks = {tuple(pair): rank for rank, pair in enumerate(model["merges"])}

    def draw(
        self, word: str, number: int, skips: Iterator[int]
    ) -> Iterator[tuple[int, ...]]:
        """`number` segmentations; `skips` yields 1 + the number of merges to skip."""
        unknown = SPECIAL_TOKENS[UNK]
        start = tuple(c if c in self.vocab else unknown for c in word)
        possible: dict[tuple[str, ...], list[int]] = {}
        merged: dict[tuple[tuple[str, ...], int], tuple[str, ...]] = {}
        for _ in range(number):
            pieces = start
            while True:
                if pieces not in possible:
                    possible[pieces] = self._possible(pieces)
                places = possible[pieces]
                if not places or (skip := next(skips)) > len(places):
                    break
                step = pieces, places[skip - 1]
                if step not in merged:
                    merged[step] = _merged(*step)
                pieces = merged[step]
            yield tuple(self.vocab[piece] for piece in pieces)

    def _possible(self, pieces: tuple[str, ...]) -> list[int]:
        """Places where a merge is possible: earliest learned first, then leftmost."""
        ranked = [
            (self.ranks[pair], place)
            for place, pair in enumerate(pairwise(pieces))
            if pair in self.ranks
        ]
        return [place for _, place in sorted(ranked)]


def _merged(pieces: tuple[str, ...], place: int) -> tuple[str, ...]:
    return (
        *pieces[:place],
        pieces[place] + pieces[place + 1],
        *pieces[place + 2 :],
    )
