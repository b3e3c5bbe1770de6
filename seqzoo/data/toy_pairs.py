"""Sentence pairs that are made up, for tests that have no data."""

import numpy as np

from seqzoo.data.multi30k import Pairs, TranslationCorpus


def toy_pairs(count: int, seed: int = 0) -> Pairs:
    """Synthetic sentence pairs in real words.

    A sentence is a subject, a verb and a place; the target language puts the verb last
    and the adjective behind its noun, so that word order must be learned. There are
    1,296 different pairs.

    Args:
        count: Number of pairs.
        seed: Equal seeds give equal pairs.
    """
    numbers = {"two": "zwei", "three": "drei", "four": "vier", "some": "einige"}
    adjectives = {"small": "kleine", "brown": "braune", "old": "alte"}
    nouns = {
        "dogs": "Hunde",
        "women": "Frauen",
        "children": "Kinder",
        "men": "Männer",
        "birds": "Vögel",
        "horses": "Pferde",
    }
    verbs = {"play": "spielen", "run": "rennen", "sleep": "schlafen"}
    places = {
        "in the snow": "im Schnee",
        "on the beach": "am Strand",
        "in the grass": "im Gras",
        "at the window": "am Fenster",
        "in the park": "im Park",
        "by the water": "am Wasser",
    }
    rng = np.random.default_rng(seed)
    source, target = [], []
    for _ in range(count):
        number, adjective, noun, verb, place = (
            list(words.items())[rng.integers(len(words))]
            for words in (numbers, adjectives, nouns, verbs, places)
        )
        source.append(
            f"{number[0].capitalize()} {adjective[0]} {noun[0]} {verb[0]} {place[0]}."
        )
        target.append(
            f"{number[1].capitalize()} {noun[1]}, {adjective[1]}, {place[1]} {verb[1]}."
        )
    return Pairs(source, target)


def toy_translations() -> TranslationCorpus:
    """A corpus of toy pairs without test sets, to try a recipe on."""
    pairs = toy_pairs(200)
    return TranslationCorpus("en", "de", pairs, validation=pairs[:8], tests={})
