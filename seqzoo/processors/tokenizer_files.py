"""Tokenizers of the tokenizers library, from the files of transformers' checkpoints.

A checkpoint has a `tokenizer.json`, or the older files: `vocab.txt` of WordPiece, or
`vocab.json` and `merges.txt` of byte-level BPE, with `tokenizer_config.json`,
`special_tokens_map.json` and `added_tokens.json` beside them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from seqzoo.processors.base import read_file

FILE = "tokenizer.json"
VOCABULARY = "vocab.json"
MERGES = "merges.txt"
WORD_PIECES = "vocab.txt"
OPTIONS = "tokenizer_config.json"
SPECIAL = "special_tokens_map.json"
ADDED = "added_tokens.json"

BERT_TOKENS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
ROBERTA_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "cls_token": "<s>",
    # It stands for a word with the space before it.
    "mask_token": {"content": "<mask>", "lstrip": True},
}
GPT2_TOKENS = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")


def read_tokenizer(folder: Path, need: str, framed: bool) -> Tokenizer:
    """The tokenizer in a folder, which neither pads nor cuts.

    Args:
        folder: With the files.
        need: What needs it, as `read_file` takes it.
        framed: Whether a text gets a first and a last token: of byte-level BPE, those
            of RoBERTa. `tokenizer.json` says it itself.

    Raises:
        ValueError: If there are no such files, or one is damaged.
    """
    folder = Path(folder)
    try:
        if (folder / FILE).is_file() or not (
            (folder / WORD_PIECES).is_file() or (folder / VOCABULARY).is_file()
        ):
            tokenizer = Tokenizer.from_str(read_file(folder, FILE, need)[1])
        elif (folder / WORD_PIECES).is_file():
            tokenizer = _word_piece(folder)
        else:
            read_file(folder, MERGES, need)
            tokenizer = _byte_level(folder, framed)
    except ValueError:
        raise
    # The library raises a bare Exception for a malformed file.
    except Exception as error:
        raise ValueError(
            f"{need}, {folder / FILE}, which is damaged: {error}. Fetch or save the "
            "model again."
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def special_token(folder: Path, name: str, default: str) -> str:
    """The text of a special token, such as "mask_token"."""
    return _token(_tokens(folder, {name: default})[name]).content


def _word_piece(folder: Path) -> Tokenizer:
    """BERT's tokenizer (Devlin et al. 2019)."""
    options = _object(folder / OPTIONS)
    tokens = _tokens(folder, BERT_TOKENS)
    words = (folder / WORD_PIECES).read_text(encoding="utf-8").split("\n")
    vocabulary = {word.rstrip("\r"): i for i, word in enumerate(words)}
    if words[-1] == "":  # after the last line
        vocabulary.pop("")
    unknown = _token(tokens["unk_token"]).content
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=options.get("tokenize_chinese_chars", True),
        strip_accents=options.get("strip_accents"),
        lowercase=options.get("do_lower_case", True),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    _add(tokenizer, tokens, folder)
    first, last = (_token(tokens[name]).content for name in ("cls_token", "sep_token"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        special_tokens=[(one, tokenizer.token_to_id(one)) for one in (first, last)],
    )
    return tokenizer


def _byte_level(folder: Path, framed: bool) -> Tokenizer:
    """GPT-2's tokenizer (Radford et al. 2019), or RoBERTa's."""
    options = _object(folder / OPTIONS)
    tokens = _tokens(folder, ROBERTA_TOKENS if framed else GPT2_TOKENS)
    prefix = options.get("add_prefix_space", False)
    tokenizer = Tokenizer(
        models.BPE.from_file(str(folder / VOCABULARY), str(folder / MERGES))
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    _add(tokenizer, tokens, folder)
    if framed:
        names = [_token(tokens[name]).content for name in ("sep_token", "cls_token")]
        last, first = ((name, tokenizer.token_to_id(name) or 0) for name in names)
        tokenizer.post_processor = processors.RobertaProcessing(
            last, first, trim_offsets=True, add_prefix_space=prefix
        )
    return tokenizer


def _tokens(folder: Path, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The special tokens by their names, as JSON has them."""
    given = {**_object(folder / OPTIONS), **_object(folder / SPECIAL)}
    return {name: given.get(name) or token for name, token in defaults.items()}


def _add(tokenizer: Tokenizer, tokens: Mapping[str, Any], folder: Path) -> None:
    """Makes the tokenizer recognise these tokens, and added ones, inside a text."""
    added = _object(folder / ADDED)
    special = [_token(token) for token in tokens.values()]
    names = {token.content for token in special}
    tokenizer.add_special_tokens(
        [token for token in special if token.content not in added]
    )
    for name, token_id in sorted(added.items(), key=lambda item: item[1]):
        token = AddedToken(name, normalized=False, special=name in names)
        add = tokenizer.add_special_tokens if name in names else tokenizer.add_tokens
        add([token])
        if (actual := tokenizer.token_to_id(name)) != token_id:
            raise ValueError(
                f"{folder / ADDED} gives {name!r} the id {token_id}, but it gets "
                f"{actual}. Fetch the checkpoint again."
            )


def _token(token: Any) -> AddedToken:
    """A special token from its text or from an object with its `content`."""
    if isinstance(token, str):
        return AddedToken(token, normalized=False, special=True)
    return AddedToken(
        token["content"],
        lstrip=token.get("lstrip", False),
        rstrip=token.get("rstrip", False),
        single_word=token.get("single_word", False),
        normalized=token.get("normalized", False),
        special=True,
    )


def _object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, or an empty one without the file."""
    if not path.is_file():
        return {}
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold a JSON object. Fetch the checkpoint again.")
    return values
