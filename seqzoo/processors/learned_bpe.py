"""Byte-pair encodings that are learned on texts."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer, models, trainers

from seqzoo.processors.special_tokens import UNK


def learn_bpe(
    tokenizer_of: Callable[[models.BPE], Tokenizer],
    texts: Iterable[str],
    vocab_size: int,
    special_tokens: Sequence[str],
    **options: Any,
) -> Tokenizer:
    """A tokenizer whose byte-pair merges are learned on texts (Sennrich et al. 2016).

    The library recognises special tokens inside a text, so that a typed `<eos>` would
    end a sentence. The tokenizer is rebuilt without them; their ids come first.

    Args:
        tokenizer_of: Makes a tokenizer, with its normaliser, of a model.
        texts: Texts to learn from.
        vocab_size: Largest number of ids, the special ones included.
        special_tokens: The tokens with ids 0, 1, 2, ...
        **options: Of the library's `BpeTrainer`.
    """
    learned = tokenizer_of(models.BPE(unk_token=special_tokens[UNK]))
    learned.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=2,
            special_tokens=list(special_tokens),
            show_progress=False,
            **options,
        ),
    )
    model = json.loads(learned.to_str())["model"]
    return tokenizer_of(
        models.BPE(
            vocab=model["vocab"],
            merges=[tuple(pair) for pair in model["merges"]],
            unk_token=special_tokens[UNK],
        )
    )
