"""Sentences to token ids and back, by one joint byte-pair encoding of both languages.

A text is normalised: NFC, plain quotes and dashes, single spaces. Its spaces become
the word mark `▁` in front of the next word, and each punctuation mark is a word.
Joining the pieces and replacing `▁` by spaces restores the normalised text exactly.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
)

from seqzoo.processors.base import TextProcessor, check_text, read_file, write_file
from seqzoo.processors.learned_bpe import learn_bpe
from seqzoo.processors.special_tokens import BOS, EOS, SPECIAL_TOKENS, UNK, until_eos

FILE = "tokenizer.json"
WORD_MARK = "\u2581"

INVISIBLE = "\u200b-\u200d\u2060\ufeff\u00ad"  # zero-width, soft hyphen

# Patterns and the plain characters that replace them, as in Moses' normaliser.
PLAIN_CHARACTERS = (
    # German, English and French double quotes; then single quotes and lone accents.
    ("[\u201c\u201d\u201e\u201f\u00ab\u00bb]", '"'),
    ("[\u2018\u2019\u201a\u201b\u00b4`]", "'"),
    ("[\u2010-\u2015\u2212]", "-"),  # hyphens, dashes, minus
    ("\u2026", "..."),
    (f"[{INVISIBLE}]", ""),
    (WORD_MARK, "_"),  # the word mark itself must not occur in a text
    (r"\s+", " "),  # every kind of space, and runs of them
)


class TranslationProcessor(TextProcessor):
    """Token ids of a translator's source and target: one vocabulary for both.

    The first ids are `SPECIAL_TOKENS`; their names inside a text are plain text. Byte
    pair encoding (Sennrich et al. 2016) learns its merges on both sides together.

    Args:
        tokenizer: A `tokenizers.Tokenizer` as from `train`.
        lowercase_source: Whether sources are lower-cased. Targets keep their case.
        max_source_tokens: Longest source that is accepted, `<eos>` included.
    """

    settings = ("lowercase_source", "max_source_tokens")

    def __init__(
        self,
        tokenizer: Tokenizer,
        lowercase_source: bool = True,
        max_source_tokens: int = 1024,
    ):
        for token_id, token in enumerate(SPECIAL_TOKENS):
            if tokenizer.token_to_id(token) != token_id:
                raise ValueError(
                    f"The tokenizer must give {token!r} the id {token_id}. "
                    f"Received: id {tokenizer.token_to_id(token)}. "
                    "Make it with TranslationProcessor.train(...)."
                )
        self.tokenizer = tokenizer
        self.lowercase_source = lowercase_source
        self.max_source_tokens = max_source_tokens

    @classmethod
    def train(
        cls,
        source_texts: Iterable[str],
        target_texts: Iterable[str],
        vocab_size: int,
        lowercase_source: bool = True,
        max_source_tokens: int = 1024,
    ) -> "TranslationProcessor":
        """A processor whose merges are learned on both sides together.

        Args:
            source_texts: Raw sentences; lower-cased first if `lowercase_source`.
            target_texts: Raw sentences.
            vocab_size: Largest number of ids, the four special ones included. A small
                corpus may yield fewer.
            lowercase_source: Whether sources are lower-cased, now and later.
            max_source_tokens: Longest source that is accepted, `<eos>` included.
        """
        texts = [check_text(text, "source") for text in source_texts]
        if lowercase_source:
            texts = [text.lower() for text in texts]
        texts += [check_text(text, "target") for text in target_texts]
        tokenizer = learn_bpe(_tokenizer, texts, vocab_size, SPECIAL_TOKENS)
        return cls(tokenizer, lowercase_source, max_source_tokens)

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return int(self.tokenizer.get_vocab_size())

    def normalize(self, text: str) -> str:
        """The normalised text, in its own case, which `decode` restores."""
        text = visible(check_text(text, "text"))
        return self.tokenizer.normalizer.normalize_str(text)

    def source_text(self, text: str) -> str:
        """The text, in lower case if `lowercase_source`."""
        text = visible(check_text(text, "source"))
        return text.lower() if self.lowercase_source else text

    def encode_source(self, text: str) -> list[int]:
        """Ids that end in `<eos>`; a blank text is `[<eos>]`.

        Raises:
            ValueError: If the text is no str or has more than `max_source_tokens`.
        """
        return self.encode_sources([text])[0]

    def encode_sources(self, texts: Iterable[str]) -> list[list[int]]:
        """`encode_source` of each text, in parallel."""
        texts = [self.source_text(text) for text in _check_list(texts)]
        encoded = [[*ids, EOS] for ids in self._encode(texts)]
        for text, ids in zip(texts, encoded, strict=True):
            if len(ids) > self.max_source_tokens:
                raise ValueError(
                    f"A source may have at most {self.max_source_tokens} tokens. "
                    f"Received: {len(ids)} tokens ({len(text.split())} words), "
                    f"beginning {text[:40]!r}. Split it into sentences."
                )
        return encoded

    def doubt(self, given: str) -> str:
        """Says which characters the vocabulary lacks, such as another script's."""
        normal = self.normalize(self.source_text(given))
        unknown = [c for c in dict.fromkeys(normal) if UNK in self._encode([c])[0]]
        if not unknown:
            return ""
        return f"The model does not know {', '.join(map(repr, unknown[:10]))}."

    def encode_target(self, text: str) -> list[int]:
        """Ids from `<bos>` to `<eos>`; a blank text is `[<bos>, <eos>]`.

        Raises:
            ValueError: If the text is no str.
        """
        return self.encode_targets([text])[0]

    def encode_targets(self, texts: Iterable[str]) -> list[list[int]]:
        """`encode_target` of each text, in parallel."""
        texts = [visible(check_text(text, "target")) for text in _check_list(texts)]
        return [[BOS, *ids, EOS] for ids in self._encode(texts)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids before the first `<eos>`, special ids left out."""
        return self.tokenizer.decode(
            [token_id for token_id in until_eos(ids) if token_id > EOS],
            skip_special_tokens=False,
        )

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each id, for people: `▁` marks the start of a word.

        Raises:
            ValueError: If an id is outside [0, vocab_size).
        """
        pieces = []
        for token_id in ids:
            piece = self.tokenizer.id_to_token(int(token_id)) if token_id >= 0 else None
            if piece is None:
                raise ValueError(
                    f"Token ids must be in [0, {self.vocab_size}). "
                    f"Received: {int(token_id)}."
                )
            pieces.append(piece)
        return pieces

    def source_tokens(self, text: str) -> list[str]:
        """The pieces of a source as the encoder reads them, `<eos>` included."""
        return self.tokens(self.encode_source(text))

    def save(self, folder: Path) -> None:
        """Writes `tokenizer.json` into the folder, whole or not at all."""
        write_file(folder, FILE, self.tokenizer.to_str(pretty=False))

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "TranslationProcessor":
        """The processor that `save` wrote.

        Raises:
            ValueError: If `tokenizer.json` is missing or is no tokenizer.
        """
        need = "A translation model needs its vocabulary"
        path, text = read_file(folder, FILE, need)
        try:
            tokenizer = Tokenizer.from_str(text)
        # The library raises a bare Exception for a malformed file.
        except Exception as error:
            raise ValueError(
                f"{path} must be a file of the tokenizers library. Received: {error}. "
                "Fetch or save the model again."
            ) from error
        return cls(tokenizer, **config)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        batch = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [encoding.ids for encoding in batch]


def visible(text: str) -> str:
    """The text without invisible characters, which may part a letter from its accent.

    The tokenizer's normaliser removes them too late: after it has joined accents.
    """
    return re.sub(f"[{INVISIBLE}]", "", text)


def _tokenizer(model: models.BPE) -> Tokenizer:
    """A tokenizer of this model, with our normaliser, pre-tokeniser and decoder."""
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC()]
        + [normalizers.Replace(Regex(a), b) for a, b in PLAIN_CHARACTERS]
        + [normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(WORD_MARK, prepend_scheme="always"),
            pre_tokenizers.Punctuation("isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(WORD_MARK, prepend_scheme="always")
    return tokenizer


def _check_list(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise ValueError(
            "Several texts must come as a list of str. "
            f"Received: {texts!r} of type {type(texts).__name__}. Write [text]."
        )
    return list(texts)
