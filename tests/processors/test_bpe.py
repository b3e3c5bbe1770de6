"""BPE-dropout: the right segmentations, with the right frequency, repeatably."""

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from seqzoo.data import multi30k, toy_pairs
from seqzoo.processors import TranslationProcessor
from seqzoo.processors.bpe import BPEDropout


@pytest.fixture(scope="module")
def pairs():
    return toy_pairs(300)


@pytest.fixture(scope="module")
def processor(pairs):
    return TranslationProcessor.train(pairs.source, pairs.target, 200)


def as_lists(sample):
    return [ids.tolist() for ids in sample]


def test_without_dropout_it_is_the_tokenizers_own_encoding(processor, pairs):
    texts = [*pairs.source, "", "unknown 犬犬 Qx", "  two   DOGS ", "„dogs“"]
    sources = BPEDropout.sources(processor, texts, dropout=0.0)
    assert as_lists(sources.sample(0)) == processor.encode_sources(texts)
    targets = BPEDropout.targets(processor, texts, dropout=0.0)
    assert as_lists(targets.sample(7)) == processor.encode_targets(texts)


def test_every_sample_decodes_to_the_same_text(processor, pairs):
    targets = BPEDropout.targets(processor, pairs.target, dropout=0.5)
    for epoch in range(3):
        decoded = [processor.decode(ids) for ids in targets.sample(epoch)]
        assert decoded == pairs.target


def test_equal_seed_and_epoch_give_equal_samples(processor, pairs):
    first = BPEDropout.sources(processor, pairs.source, seed=1)
    again = BPEDropout.sources(processor, pairs.source, seed=1)
    other = BPEDropout.sources(processor, pairs.source, seed=2)
    again.sample(0)  # samples do not depend on those drawn before
    assert as_lists(first.sample(5)) == as_lists(again.sample(5))
    assert as_lists(first.sample(5)) != as_lists(first.sample(6))
    assert as_lists(first.sample(5)) != as_lists(other.sample(5))


def test_occurrences_of_one_word_are_segmented_apart(processor):
    (ids,) = BPEDropout.targets(processor, ["Hunde " * 200], dropout=0.3).sample(0)
    words = "".join(processor.tokens(ids[1:-1])).count("▁Hunde")
    assert words == 200
    pieces = " ".join(processor.tokens(ids[1:-1])).split(" ▁")
    assert len(Counter(pieces)) > 2


def merged_with_a_coin_for_every_merge(processor, word, dropout, rng):
    """The paper's algorithm word for word: every possible merge has its own coin."""
    merges = json.loads(processor.tokenizer.to_str())["model"]["merges"]
    ranks = {tuple(pair): rank for rank, pair in enumerate(merges)}
    pieces = list("▁" + word)
    while True:
        possible = [
            (ranks[pair], place)
            for place, pair in enumerate(pairwise(pieces))
            if pair in ranks and rng.random() >= dropout
        ]
        if not possible:
            return tuple(pieces)
        place = min(possible)[1]
        pieces[place : place + 2] = ["".join(pieces[place : place + 2])]


@pytest.mark.parametrize("word", ["children", "grass", "window"])
def test_segmentations_are_as_frequent_as_with_a_coin_for_every_merge(processor, word):
    draws, rng = 3000, np.random.default_rng(0)
    ours = BPEDropout(processor.tokenizer, [word] * draws, 0.3, variants=draws)
    expected = Counter(
        merged_with_a_coin_for_every_merge(processor, word, 0.3, rng)
        for _ in range(draws)
    )
    drawn = Counter(tuple(processor.tokens(ids)) for ids in ours.sample(0))
    for pieces in expected | drawn:
        # Two counts of one probability, and `ours` draws twice: from the variants.
        error = np.sqrt(expected[pieces] + 2 * drawn[pieces])
        assert abs(expected[pieces] - drawn[pieces]) < 4.5 * error


def test_dropping_is_by_step_and_by_merge():
    """On a word of three letters the probabilities can be written down."""
    processor = TranslationProcessor.train(["xy xy xyz"] * 9, [], 12)
    word = "xyz"
    whole = processor.source_tokens(word)[:-1]
    assert whole == ["▁xyz"]
    dropout, draws = 0.4, 20_000
    texts = [word] * draws
    samples = BPEDropout(processor.tokenizer, texts, dropout, variants=draws).sample(0)
    drawn = Counter(tuple(processor.tokens(ids)) for ids in samples)
    merges = json.loads(processor.tokenizer.to_str())["model"]["merges"]
    assert [tuple(pair) for pair in merges] == [("x", "y"), ("▁", "xy"), ("▁xy", "z")]
    keep = 1 - dropout
    expected = {
        ("▁", "x", "y", "z"): dropout,
        ("▁", "xy", "z"): keep * dropout,
        ("▁xy", "z"): keep**2 * dropout,
        ("▁xyz",): keep**3,
    }
    assert drawn.keys() == expected.keys()
    for pieces, probability in expected.items():
        # Twice the variance of one draw: the variants are drawn, then one of them.
        error = np.sqrt(2 * probability * (1 - probability) / draws)
        assert abs(drawn[pieces] / draws - probability) < 4 * error


def test_no_texts_give_no_samples(processor):
    assert BPEDropout.sources(processor, []).sample(0) == []


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2.0])
def test_impossible_dropout_is_refused(processor, dropout):
    with pytest.raises(ValueError, match=r"must be in \[0, 1\)"):
        BPEDropout.sources(processor, ["dogs"], dropout=dropout)


def test_no_variants_are_refused(processor):
    with pytest.raises(ValueError, match="at least 1"):
        BPEDropout.sources(processor, ["dogs"], variants=0)


@pytest.mark.slow
def test_without_dropout_multi30k_is_encoded_as_by_the_tokenizer(data_dir):
    train = multi30k("en", "de").train
    processor = TranslationProcessor.train(train.source, train.target, 8000)
    sources = BPEDropout.sources(processor, train.source, dropout=0.0)
    assert as_lists(sources.sample(0)) == processor.encode_sources(train.source)
    targets = BPEDropout.targets(processor, train.target, dropout=0.0)
    assert as_lists(targets.sample(0)) == processor.encode_targets(train.target)
