"""Token ids of Marian's translators: two SentencePiece models and one vocabulary."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seqzoo.ops.extras import imported
from seqzoo.ops.vocabularies import ordered_ids
from seqzoo.processors.base import (
    TextProcessor,
    check_text,
    read_file,
    write_file,
)
from seqzoo.processors.special_tokens import BOS, EOS, SPECIAL_TOKENS, until_eos

SOURCE, TARGET = "source.spm", "target.spm"
VOCABULARY, TARGET_VOCABULARY = "vocab.json", "target_vocab.json"
LANGUAGE = re.compile(r">>.*?<<", re.DOTALL)  # at the start of a source: of the target
WORD_MARK = "\u2581"
PAD_TOKEN, END_TOKEN, UNKNOWN_TOKEN = SPECIAL = ("<pad>", "</s>", "<unk>")
NEED = "A Marian translator needs its vocabulary"


class MarianProcessor(TextProcessor):
    """Token ids of a translator that Marian trained (Tiedemann and Thottingal 2020).

    SentencePiece (Kudo and Richardson 2018) cuts sources and targets by a model each;
    the pieces have their ids in a vocabulary of both languages, or of each. A source
    may begin with the language to translate into, such as `>>deu<<`.

    Args:
        source_model: The bytes of the sources' SentencePiece model.
        target_model: Those of the targets' model.
        vocabulary: Marian's ids of the pieces.
        target_vocabulary: Those of the targets; None: both languages share one.
        source_ids: Number of Marian's ids of sources.
        target_ids: Number of Marian's ids of targets.
        pad_id: Marian's id of the padding.
        start_id: Marian's id of the token that starts the decoder.
        end_id: Marian's id of the end.
        max_source_tokens: Longest source that is accepted, the end included.

    Raises:
        ImportError: If sentencepiece is not installed.
        ValueError: If a model or a vocabulary is damaged, or they do not fit.
    """

    settings = (
        "source_ids",
        "target_ids",
        "pad_id",
        "start_id",
        "end_id",
        "max_source_tokens",
    )

    def __init__(
        self,
        source_model: bytes,
        target_model: bytes,
        vocabulary: dict[str, int],
        target_vocabulary: dict[str, int] | None = None,
        *,
        source_ids: int,
        target_ids: int,
        pad_id: int,
        start_id: int,
        end_id: int,
        max_source_tokens: int = 512,
    ):
        self.source_model, self.target_model = source_model, target_model
        self.vocabulary, self.target_vocabulary = vocabulary, target_vocabulary
        self.source_ids, self.target_ids = source_ids, target_ids
        self.pad_id, self.start_id, self.end_id = pad_id, start_id, end_id
        self.max_source_tokens = max_source_tokens
        self._source = _sentence_piece(source_model, SOURCE)
        self._target = _sentence_piece(target_model, TARGET)
        ids = (pad_id, start_id, end_id)
        orders = [ordered_ids(n, *ids) for n in (source_ids, target_ids)]
        self.vocab_size = len(orders[1])
        for name, token_id in ((PAD_TOKEN, pad_id), (END_TOKEN, end_id)):
            if vocabulary.get(name) != token_id:
                raise ValueError(
                    f"{VOCABULARY} must give {name!r} the id {token_id}. Received: "
                    f"{vocabulary.get(name)}. Fetch the checkpoint again."
                )
        ours = [{theirs: i for i, theirs in enumerate(order)} for order in orders]
        targets = vocabulary if target_vocabulary is None else target_vocabulary
        self._source_ids = _our_ids(vocabulary, ours[0], VOCABULARY)
        self._target_ids = _our_ids(targets, ours[1], TARGET_VOCABULARY)
        self._pieces = {i: piece for piece, i in self._target_ids.items()}
        self._source_pieces = {i: piece for piece, i in self._source_ids.items()}

    @property
    def languages(self) -> list[str]:
        """The tokens that a source may begin with, one for each target language."""
        return sorted(filter(LANGUAGE.fullmatch, self.vocabulary))

    def encode_source(self, text: str) -> list[int]:
        """Ids that end in `<eos>`; a blank text is `[<eos>]`.

        Raises:
            ValueError: If the text is no str or has more than `max_source_tokens`.
        """
        ids = self._encode(check_text(text, "source"), self._source, self._source_ids)
        if len(ids) > self.max_source_tokens:
            raise ValueError(
                f"A source may have at most {self.max_source_tokens} tokens. Received: "
                f"{len(ids)} tokens, beginning {text[:40]!r}. Split it into sentences."
            )
        return ids

    def encode_target(self, text: str) -> list[int]:
        """Ids from `<bos>` to `<eos>`.

        Raises:
            ValueError: If the text is no str.
        """
        text = check_text(text, "target")
        return [BOS, *self._encode(text, self._target, self._target_ids)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids before the first `<eos>`, special ids left out."""
        pieces = [self._pieces[i] for i in until_eos(ids) if i > EOS]
        pieces = [piece for piece in pieces if piece not in SPECIAL]
        # With one vocabulary transformers joins by the source's model, too.
        joined = self._source if self.target_vocabulary is None else self._target
        return str(joined.decode_pieces(pieces)).replace(WORD_MARK, " ").strip()

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The piece of each id of a target; `▁` marks the start of a word."""
        return [self._named(int(i), self._pieces) for i in ids]

    def source_tokens(self, text: str) -> list[str]:
        """The pieces of a source as the encoder reads them, `<eos>` included."""
        ids = self.encode_source(text)
        return [self._named(i, self._source_pieces) for i in ids]

    def doubt(self, given: str) -> str:
        """Says which language or which characters the vocabulary lacks."""
        language = LANGUAGE.match(given)
        if language and language[0] not in self.vocabulary:
            known = ", ".join(self.languages) or "none"
            return f"The model does not know {language[0]}. It knows: {known}."
        if UNKNOWN_TOKEN in self.source_tokens(given):
            return "The model does not know a part of the text."
        return ""

    def save(self, folder: Path) -> None:
        """Writes the two models and the vocabulary, each whole or not at all."""
        write_file(folder, SOURCE, self.source_model)
        write_file(folder, TARGET, self.target_model)
        write_file(folder, VOCABULARY, _json(self.vocabulary))
        if self.target_vocabulary is not None:
            write_file(folder, TARGET_VOCABULARY, _json(self.target_vocabulary))

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "MarianProcessor":
        """The processor that `save` wrote, or that of a checkpoint of transformers.

        Raises:
            ImportError: If sentencepiece is not installed.
            ValueError: If a file is missing or damaged.
        """
        for file in (SOURCE, TARGET):
            if not (folder / file).is_file():
                raise ValueError(f"{NEED}: {folder / file} does not exist.")
        files = [VOCABULARY]
        if (folder / TARGET_VOCABULARY).is_file():
            files.append(TARGET_VOCABULARY)
        vocabularies = [_vocabulary(*read_file(folder, file, NEED)) for file in files]
        source, target = ((folder / file).read_bytes() for file in (SOURCE, TARGET))
        return cls(source, target, *vocabularies, **config)

    def _encode(self, text: str, model: Any, ids: Mapping[str, int]) -> list[int]:
        unknown = ids[UNKNOWN_TOKEN]
        return [*(ids.get(piece, unknown) for piece in _pieces(text, model)), EOS]

    def _named(self, token_id: int, pieces: Mapping[int, str]) -> str:
        special = dict(enumerate(SPECIAL_TOKENS))
        if token_id not in pieces and token_id not in special:
            raise ValueError(
                f"Token ids must be in [0, {self.vocab_size}). Received: {token_id}."
            )
        return special.get(token_id) or pieces[token_id]


def _pieces(text: str, model: Any) -> Iterable[str]:
    """The pieces of a text; special tokens and a language in it are whole pieces."""
    for part in re.split(f"({'|'.join(map(re.escape, SPECIAL))})", text):
        if part in SPECIAL:
            yield part
        elif part:
            language = LANGUAGE.match(part)
            if language:
                yield language[0]
            yield from model.encode(
                part[language.end() if language else 0 :], out_type=str
            )


def _our_ids(
    vocabulary: Mapping[str, int], ours: Mapping[int, int], file: str
) -> dict[str, int]:
    """Our id of each piece.

    Raises:
        ValueError: If an id is outside of the model's table, or `<unk>` is missing.
    """
    wrong = sorted(set(vocabulary.values()) - ours.keys())
    if wrong or UNKNOWN_TOKEN not in vocabulary:
        raise ValueError(
            f"{file} must have ids of the model's table, and {UNKNOWN_TOKEN!r}. "
            f"Received: {len(vocabulary):,} pieces, other ids: {wrong[:3]}. Fetch the "
            "checkpoint again."
        )
    return {piece: ours[token_id] for piece, token_id in vocabulary.items()}


def _sentence_piece(data: bytes, file: str) -> Any:
    (sentencepiece,) = imported("A Marian translator", "marian", "sentencepiece")
    model = sentencepiece.SentencePieceProcessor()
    try:
        model.LoadFromSerializedProto(data)
    except RuntimeError as error:
        raise ValueError(
            f"{file} is no SentencePiece model ({error}). Fetch the checkpoint again."
        ) from error
    return model


def _vocabulary(path: Path, text: str) -> dict[str, int]:
    try:
        values = json.loads(text)
        return {str(piece): int(token_id) for piece, token_id in values.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{path} must hold an object of ids by piece. Received: {error}. Fetch the "
            "checkpoint again."
        ) from error


def _json(vocabulary: Mapping[str, int]) -> str:
    return json.dumps(vocabulary, ensure_ascii=False) + "\n"
