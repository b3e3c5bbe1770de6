"""GPT-2's token ids: byte-pair encoding of the bytes of a text."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from seqzoo.ops.types import Array
from seqzoo.processors.base import TextProcessor, check_text, write_file
from seqzoo.processors.tokenizer_files import FILE, read_tokenizer


class ByteLevelProcessor(TextProcessor):
    """Token ids of any text by byte-level BPE (Radford et al. 2019, section 2.2).

    Every text has ids, and they give it back exactly.

    Args:
        tokenizer: A `tokenizers.Tokenizer`.
        vocab_size: Number of ids of the model; by default the tokenizer's. Models often
            have more, which stand for nothing.
        end_id: The id at which a generated text ends; None: at no id.

    Raises:
        ValueError: If the tokenizer has more ids, or `end_id` is none of them.
    """

    settings = ("vocab_size", "end_id")

    def __init__(
        self,
        tokenizer: Tokenizer,
        vocab_size: int | None = None,
        end_id: int | None = None,
    ):
        self.tokenizer = tokenizer
        self.vocab_size = check_vocabulary(tokenizer, vocab_size)
        if end_id is not None and not 0 <= end_id < self.vocab_size:
            raise ValueError(
                f"`end_id` must be in [0, {self.vocab_size}). Received: {end_id}"
            )
        self.end_id = end_id

    def encode(self, text: str) -> Array:
        """The ids of a text, int32 `(tokens,)`.

        Raises:
            ValueError: If the text is no str.
        """
        return np.array(self.tokenizer.encode(check_text(text)).ids, "int32")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; bytes that are no UTF-8 become U+FFFD."""
        ids = [int(token_id) for token_id in ids]
        return str(self.tokenizer.decode(ids, skip_special_tokens=False))

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json` into the folder, whole or not at all."""
        write_file(folder, FILE, self.tokenizer.to_str(pretty=False))

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "ByteLevelProcessor":
        """The processor that `save` wrote, or that of a checkpoint of transformers.

        Raises:
            ValueError: If a file is missing or damaged.
        """
        need = "A text generator needs its vocabulary"
        return cls(read_tokenizer(folder, need, framed=False), **config)


def check_vocabulary(tokenizer: Tokenizer, vocab_size: int | None) -> int:
    """The number of ids of the model that reads the tokenizer's.

    Raises:
        ValueError: If the tokenizer has more.
    """
    largest = max(tokenizer.get_vocab().values(), default=-1)
    if vocab_size is not None and largest >= vocab_size:
        raise ValueError(
            f"`vocab_size` must be at least {largest + 1}, because the tokenizer has "
            f"so many ids. Received: vocab_size={vocab_size}"
        )
    return int(largest + 1 if vocab_size is None else vocab_size)
