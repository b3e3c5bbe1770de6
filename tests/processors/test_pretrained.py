"""Tokenizers of checkpoints: token ids equal to those of transformers.

The folders in `golden` were made once by `make_golden_tokens.py`, which needs
transformers.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from seqzoo.ops.vocabularies import ordered_ids
from seqzoo.processors import ByteLevelProcessor, EncoderProcessor, MarianProcessor
from seqzoo.processors.special_tokens import BOS, EOS
from seqzoo.tasks.persistence import _packed, _unpacked
from tests.processors.nasty import strings

GOLDEN = Path(__file__).parent / "golden"
STRINGS = strings()
ENCODERS = ["bert", "bert_cased", "bert_json", "roberta", "roberta_json"]
GENERATORS = ["gpt2", "gpt2_prefix", "gpt2_json"]


def expected(case):
    golden = np.load(GOLDEN / case / "ids.npz")
    ends = np.cumsum(golden["lengths"].astype(int))
    return [ids.tolist() for ids in np.split(golden["ids"].astype(int), ends[:-1])]


def marian(folder=GOLDEN / "marian"):
    vocabulary = json.loads((GOLDEN / "marian" / "vocab.json").read_text("utf-8"))
    size, pad = len(vocabulary), vocabulary["<pad>"]
    config = {"source_ids": size, "target_ids": size}
    config |= {"pad_id": pad, "start_id": pad, "end_id": 0}
    return MarianProcessor.load(config, folder)


@pytest.mark.parametrize("case", GENERATORS)
def test_ids_of_byte_level_bpe(case):
    processor = ByteLevelProcessor.load({}, GOLDEN / case)
    for text, ids in zip(STRINGS, expected(case), strict=True):
        assert processor.encode(text).tolist() == ids, text


@pytest.mark.parametrize("case", ["gpt2", "gpt2_json"])
def test_bytes_give_the_text_back(case):
    processor = ByteLevelProcessor.load({}, GOLDEN / case)
    for text in STRINGS:
        assert processor.decode(processor.encode(text)) == text


@pytest.mark.parametrize("case", ENCODERS)
def test_ids_of_encoders(case):
    mask_token = "<mask>" if "roberta" in case else "[MASK]"
    config = {"mask_token": mask_token, "max_tokens": 4096}
    processor = EncoderProcessor.load(config, GOLDEN / case)
    assert processor.encode_ids(STRINGS) == expected(case)
    assert processor.tokens([processor.mask_id]) == [mask_token]


def test_ids_of_marian():
    processor = marian()
    order = ordered_ids(
        processor.source_ids, processor.pad_id, processor.start_id, processor.end_id
    )
    texts = json.loads((GOLDEN / "marian" / "texts.json").read_text("utf-8"))
    for text, ids in zip(STRINGS, expected("marian"), strict=True):
        assert [order[i] for i in processor.encode_source(text)] == ids, text
    places = {theirs: i for i, theirs in enumerate(order)}
    for text, ids in zip(texts, expected("marian")[: len(texts)], strict=True):
        real = [places[i] for i in ids if i not in (processor.end_id, processor.pad_id)]
        assert processor.decode([*real, EOS]) == text


def test_a_long_text_is_cut_before_its_last_special_token():
    processor = EncoderProcessor.load({"max_tokens": 6}, GOLDEN / "bert")
    whole = EncoderProcessor.load({}, GOLDEN / "bert").encode_ids(["a dog " * 9])[0]
    (cut,) = processor.encode_ids(["a dog " * 9])
    assert cut == [*whole[:5], whole[-1]]
    assert "first 6 tokens" in processor.doubt("a dog " * 9)
    inputs = processor.encode(["a dog " * 9, "a"])
    assert inputs["token_ids"].shape == inputs["mask"].shape == (2, 6)


def test_a_piece_begins_with_a_space_if_it_starts_a_word():
    for case in ENCODERS:
        processor = EncoderProcessor.load({"max_tokens": 99}, GOLDEN / case)
        ids = processor.encode_ids(["so the snow"])[0][1:-1]
        text = "".join(map(processor.piece, ids))
        assert text.strip() == "so the snow"


def processors():
    return [
        ByteLevelProcessor.load({"vocab_size": 600, "end_id": 0}, GOLDEN / "gpt2"),
        EncoderProcessor.load({"labels": ["a", "b"], "max_tokens": 9}, GOLDEN / "bert"),
        marian(),
    ]


@pytest.mark.parametrize("processor", processors(), ids=lambda p: type(p).__name__)
def test_it_comes_back_from_its_folder_and_from_a_keras_file(processor, tmp_path):
    processor.save(tmp_path)
    saved = type(processor).load(processor.get_config(), tmp_path)
    packed = json.loads(json.dumps(_packed(processor)))
    encode = {"MarianProcessor": "encode_source"}.get(type(processor).__name__)
    for other in (saved, _unpacked(packed)):
        assert other.get_config() == processor.get_config()
        for text in STRINGS[:50]:
            if encode:
                assert other.encode_source(text) == processor.encode_source(text)
            elif isinstance(processor, EncoderProcessor):
                assert other.encode_ids([text]) == processor.encode_ids([text])
            else:
                assert other.decode(other.encode(text)) == text


def test_marian_translates_into_the_language_that_a_source_names():
    processor = marian()
    ids = processor.encode_source(">>de<< Two dogs")
    assert processor.source_tokens(">>de<< Two dogs")[0] == ">>de<<"
    assert processor.languages == [">>de<<"] and ids[-1] == EOS
    assert "does not know >>xx<<. It knows: >>de<<" in processor.doubt(">>xx<< Two")
    assert processor.encode_target("dogs")[0] == BOS
    with pytest.raises(ValueError, match="at most 512 tokens"):
        processor.encode_source("dogs " * 600)


@pytest.mark.parametrize(
    ("case", "file", "data", "message"),
    [
        ("marian", "source.spm", b"no model", "no SentencePiece model"),
        ("marian", "vocab.json", b"[1]", "ids by piece"),
        ("marian", "vocab.json", b'{"</s>": 0, "<pad>": 1}', "'<pad>' the id"),
        ("marian", "target.spm", None, "does not exist"),
        ("gpt2", "merges.txt", None, "does not exist"),
        ("gpt2", "vocab.json", b"{", "damaged"),
        ("gpt2_json", "tokenizer.json", b"{}", "damaged"),
        ("gpt2_json", "tokenizer.json", None, "does not exist"),
    ],
)
def test_a_damaged_file_is_named(case, file, data, message, tmp_path):
    folder = shutil.copytree(GOLDEN / case, tmp_path / case)
    (folder / file).unlink() if data is None else (folder / file).write_bytes(data)
    with pytest.raises(ValueError, match=message):
        marian(folder) if case == "marian" else ByteLevelProcessor.load({}, folder)


def test_without_sentencepiece_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(ImportError, match=r"sentencepiece.*pip install"):
        marian()


def test_a_vocabulary_larger_than_the_model_is_refused():
    with pytest.raises(ValueError, match="at least"):
        ByteLevelProcessor.load({"vocab_size": 99}, GOLDEN / "gpt2")
    with pytest.raises(ValueError, match="end_id"):
        ByteLevelProcessor.load({"end_id": 1000}, GOLDEN / "gpt2")
