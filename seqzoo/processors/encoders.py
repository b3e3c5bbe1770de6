"""The processor of the pretrained encoders BERT, DistilBERT and RoBERTa."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models

from seqzoo.ops.types import Array
from seqzoo.processors.base import (
    TextProcessor,
    check_text,
    class_names,
    write_file,
)
from seqzoo.processors.byte_level import check_vocabulary
from seqzoo.processors.subwords import padded_ids
from seqzoo.processors.tokenizer_files import FILE, read_tokenizer

CONTINUATION = "##"  # begins a WordPiece token inside a word


class EncoderProcessor(TextProcessor):
    """Token ids of texts by the tokenizer that an encoder was pretrained with.

    It is BERT's WordPiece, RoBERTa's byte-level BPE or another. A text with more tokens
    than the model reads is cut at its end, before the last special token.

    Args:
        tokenizer: A `tokenizers.Tokenizer`, which also adds the special tokens.
        labels: Name of each class, if a classifier uses the processor.
        max_tokens: Most tokens of a text, special ones included.
        vocab_size: Number of ids of the model; by default the tokenizer's.
        mask_token: The token for a missing word.

    Raises:
        ValueError: If the tokenizer has more ids.
    """

    settings = ("labels", "max_tokens", "vocab_size", "mask_token")

    def __init__(
        self,
        tokenizer: Tokenizer,
        labels: Sequence[str] = (),
        max_tokens: int = 512,
        vocab_size: int | None = None,
        mask_token: str = "[MASK]",
    ):
        self.vocab_size = check_vocabulary(tokenizer, vocab_size)
        self.labels = class_names(labels)
        self.max_tokens = max_tokens
        self.mask_token = mask_token
        self.tokenizer = tokenizer
        tokenizer.enable_truncation(max_tokens)
        self._is_word_piece = isinstance(tokenizer.model, models.WordPiece)

    @property
    def mask_id(self) -> int | None:
        """The id of `mask_token`, or None if the tokenizer lacks it."""
        token_id = self.tokenizer.token_to_id(self.mask_token)
        return None if token_id is None else int(token_id)

    def encode(self, texts: Sequence[str]) -> dict[str, Array]:
        """The inputs of the model: "token_ids" and "mask", as from `padded_ids`.

        Raises:
            ValueError: If an input is no str.
        """
        return padded_ids(self.encode_ids(texts), most=self.max_tokens)

    def encode_ids(self, texts: Iterable[str]) -> list[list[int]]:
        """The ids of each text, cut to `max_tokens`, with the special tokens."""
        checked = [check_text(text) for text in texts]
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(checked)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids, special ids left out."""
        ids = [int(token_id) for token_id in ids]
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each id."""
        return [str(self.tokenizer.id_to_token(int(token_id))) for token_id in ids]

    def piece(self, token_id: int) -> str:
        """The text of a token; it begins with a space if it starts a word."""
        (token,) = self.tokens([token_id])
        if not self._is_word_piece:
            return str(
                self.tokenizer.decode([int(token_id)], skip_special_tokens=False)
            )
        is_inside = token.startswith(CONTINUATION)
        return token.removeprefix(CONTINUATION) if is_inside else f" {token}"

    def doubt(self, given: str) -> str:
        """Says that only the beginning of a long text was read."""
        if self.tokenizer.encode(given).overflowing:
            return f"The model reads the first {self.max_tokens:,} tokens of the text."
        return "" if given.strip() else "The text is empty."

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json` into the folder, whole or not at all."""
        write_file(folder, FILE, self.tokenizer.to_str(pretty=False))

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "EncoderProcessor":
        """The processor that `save` wrote, or that of a checkpoint of transformers.

        Raises:
            ValueError: If a file is missing or damaged.
        """
        need = "A text model needs its vocabulary"
        return cls(read_tokenizer(folder, need, framed=True), **config)
