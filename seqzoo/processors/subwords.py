"""Texts to token ids by one byte-pair encoding: for classifiers and masked models.

A text is normalised: NFKC, lower case, plain quotes and dashes, single spaces, no HTML
line breaks. Spaces become the word mark `▁` in front of the next word; each punctuation
mark and each digit is a word.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
)

from seqzoo.ops.arithmetic import round_up
from seqzoo.ops.types import Array
from seqzoo.processors.base import (
    TextProcessor,
    check_text,
    class_names,
    read_file,
    write_file,
)
from seqzoo.processors.learned_bpe import learn_bpe
from seqzoo.processors.translation import PLAIN_CHARACTERS, WORD_MARK, visible

FILE = "tokenizer.json"
PAD, UNK, CLS, SEP, MASK = range(5)
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
STEPS_MULTIPLE = 32  # batches are padded to a multiple of so many steps


class SubwordProcessor(TextProcessor):
    """Token ids of texts, cut to a length.

    The first ids are `SPECIAL_TOKENS`. A text with more than `max_tokens` keeps its
    first `head_tokens` and its last ones, because a review often states its verdict at
    the end (Sun et al. 2019, section 5.3.1).

    Args:
        tokenizer: A `tokenizers.Tokenizer` as from `train`.
        labels: Name of each class, if a classifier uses the processor.
        max_tokens: Most tokens of a text, `[CLS]` and `[SEP]` included.
        head_tokens: How many of them are from its beginning if it is cut.
        framed: Whether `[CLS]` stands before a text and `[SEP]` behind it.

    Raises:
        ValueError: If the tokenizer has other special tokens, or the numbers do not
            fit each other.
    """

    settings = ("labels", "max_tokens", "head_tokens", "framed")
    mask_token = SPECIAL_TOKENS[MASK]
    mask_id = MASK

    def __init__(
        self,
        tokenizer: Tokenizer,
        labels: Sequence[str] = (),
        max_tokens: int = 512,
        head_tokens: int = 128,
        framed: bool = False,
    ):
        for token_id, token in enumerate(SPECIAL_TOKENS):
            if tokenizer.token_to_id(token) != token_id:
                raise ValueError(
                    f"The tokenizer must give {token!r} the id {token_id}. Received: "
                    f"id {tokenizer.token_to_id(token)}. Make it with "
                    "SubwordProcessor.train(...)."
                )
        if not 0 <= head_tokens < max_tokens - 2:
            raise ValueError(
                "`head_tokens` must be at least 0 and less than `max_tokens` - 2. "
                f"Received: head_tokens={head_tokens}, max_tokens={max_tokens}"
            )
        self.tokenizer = tokenizer
        self.labels = class_names(labels)
        self.max_tokens = max_tokens
        self.head_tokens = head_tokens
        self.framed = framed

    @classmethod
    def train(
        cls, texts: Iterable[str], vocab_size: int, **settings: Any
    ) -> "SubwordProcessor":
        """A processor whose merges are learned on these texts.

        Args:
            texts: Raw texts.
            vocab_size: Largest number of ids, the special ones included. A small corpus
                may yield fewer.
            **settings: Arguments of the constructor.
        """
        tokenizer = learn_bpe(
            _tokenizer,
            (visible(check_text(text)) for text in texts),
            vocab_size,
            SPECIAL_TOKENS,
            limit_alphabet=200,
        )
        # The only token that is recognised inside a text.
        # It stands for a word with the space before it.
        mask = AddedToken(SPECIAL_TOKENS[MASK], lstrip=True, normalized=False)
        tokenizer.add_special_tokens([mask])
        return cls(tokenizer, **settings)

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return int(self.tokenizer.get_vocab_size())

    def encode(self, texts: Sequence[str]) -> dict[str, Array]:
        """The inputs of the model, as from `padded_ids`.

        Raises:
            ValueError: If an input is no str.
        """
        return padded_ids(self.encode_ids(texts), most=self.max_tokens)

    def encode_ids(self, texts: Iterable[str]) -> list[list[int]]:
        """The ids of each text, cut to `max_tokens`."""
        return [self._cut(ids) for ids in self.encode_whole(texts)]

    def encode_whole(self, texts: Iterable[str]) -> list[list[int]]:
        """The ids of each text, neither cut nor framed."""
        checked = [visible(check_text(text)) for text in texts]
        batch = self.tokenizer.encode_batch_fast(checked, add_special_tokens=False)
        return [encoding.ids for encoding in batch]

    def decode(self, ids: Iterable[int]) -> str:
        """The normalised text of the ids, special ids left out."""
        real = [int(token_id) for token_id in ids if token_id > MASK]
        return str(self.tokenizer.decode(real, skip_special_tokens=False))

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each id; `▁` marks the start of a word."""
        return [str(self.tokenizer.id_to_token(int(token_id))) for token_id in ids]

    def piece(self, token_id: int) -> str:
        """The text of a token; it begins with a space if it starts a word."""
        return self.tokens([token_id])[0].replace(WORD_MARK, " ")

    def doubt(self, given: str) -> str:
        """Says which part of a long text was read, or that nothing in it is known."""
        (ids,) = self.encode_whole([given])
        room = self.max_tokens - 2 * self.framed
        if len(ids) > room:
            return (
                f"The text has {len(ids):,} tokens; the model reads the first "
                f"{self.head_tokens:,} and the last {room - self.head_tokens:,}."
            )
        if not ids:
            return "The text is empty."
        return "" if self.decode(ids) else "The model knows no word of the text."

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json` into the folder, whole or not at all."""
        write_file(folder, FILE, self.tokenizer.to_str(pretty=False))

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "SubwordProcessor":
        """The processor that `save` wrote.

        Raises:
            ValueError: If `tokenizer.json` is missing or is no tokenizer.
        """
        path, text = read_file(folder, FILE, "A text model needs its vocabulary")
        try:
            tokenizer = Tokenizer.from_str(text)
        # The library raises a bare Exception for a malformed file.
        except Exception as error:
            raise ValueError(
                f"{path} must be a file of the tokenizers library. Received: {error}. "
                "Fetch or save the model again."
            ) from error
        return cls(tokenizer, **config)

    def _cut(self, ids: list[int]) -> list[int]:
        room = self.max_tokens - 2 * self.framed
        if len(ids) > room:
            ids = ids[: self.head_tokens] + ids[len(ids) - room + self.head_tokens :]
        return [CLS, *ids, SEP] if self.framed else ids


def padded_ids(
    rows: Sequence[Sequence[int]],
    multiple: int = STEPS_MULTIPLE,
    most: int | None = None,
) -> dict[str, Array]:
    """Rows of token ids as one batch.

    Args:
        rows: The ids of each text.
        multiple: The number of steps is a multiple of it, so that few shapes occur.
        most: No row is longer, and then no batch is.

    Returns:
        `{"token_ids": (batch, steps), "mask": (batch, steps)}`, int32 and Boolean.
    """
    lengths = np.array([len(row) for row in rows])
    steps = round_up(max(1, int(lengths.max())), multiple)
    steps = steps if most is None else min(steps, most)
    mask = np.arange(steps) < lengths[:, None]
    token_ids = np.full(mask.shape, PAD, "int32")
    token_ids[mask] = np.concatenate([np.asarray(row, "int32") for row in rows])
    return {"token_ids": token_ids, "mask": mask}


def _tokenizer(model: models.BPE) -> Tokenizer:
    """A tokenizer of this model, with our normaliser, pre-tokeniser and decoder."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(Regex(r"<br\s*/?>"), " "), normalizers.NFKC()]
        + [normalizers.Replace(Regex(a), b) for a, b in PLAIN_CHARACTERS]
        + [normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(WORD_MARK, prepend_scheme="first"),
            pre_tokenizers.Punctuation("isolated"),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(WORD_MARK, prepend_scheme="first")
    return tokenizer
