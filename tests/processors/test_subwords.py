"""Subword ids: round trips, cuts, the mask token, files."""

import numpy as np
import pytest

from seqzoo.processors import SubwordProcessor
from seqzoo.processors.subwords import CLS, MASK, SEP, UNK

TEXTS = ["The film was good.", "A good film, a good story!", "The story was bad."] * 3


@pytest.fixture(scope="module")
def processor():
    return SubwordProcessor.train(TEXTS, 80, labels=["no", "yes"])


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The film  was\ngood.", "the film was good."),
        ("A good<br /><br />story", "a good story"),
        ("“good”", '"good"'),
        ("", ""),
    ],
)
def test_decoding_restores_the_normalised_text(processor, text, normal):
    learned = SubwordProcessor.train([*TEXTS, '"', '"'], 80)
    (ids,) = learned.encode_ids([text])
    assert learned.decode(ids) == normal


def test_special_tokens_in_a_text_are_plain_text_but_for_the_mask(processor):
    (ids,) = processor.encode_ids(["[CLS] [SEP] [PAD]"])
    assert not {CLS, SEP, 0} & set(ids)
    (masked,) = processor.encode_ids(["The film was [MASK]."])
    (whole,) = processor.encode_ids(["The film was good."])
    (good,) = processor.encode_ids([" good"])
    place = masked.index(MASK)
    assert whole == [*masked[:place], *good, *masked[place + 1 :]]


def test_a_long_text_keeps_its_beginning_and_its_end(processor):
    (whole,) = processor.encode_whole([" ".join(TEXTS)])
    cut = SubwordProcessor(processor.tokenizer, [], 10, 3)
    assert cut.encode_ids([" ".join(TEXTS)]) == [whole[:3] + whole[-7:]]
    framed = SubwordProcessor(processor.tokenizer, [], 10, 3, framed=True)
    assert framed.encode_ids([" ".join(TEXTS)]) == [[CLS, *whole[:3], *whole[-5:], SEP]]
    assert "first 3 and the last 7" in cut.doubt(" ".join(TEXTS))
    assert cut.doubt("good") == ""


def test_a_batch_is_padded_and_masked(processor):
    batch = processor.encode(["good", "The film was good.", ""])
    lengths = [len(ids) for ids in processor.encode_ids(["good", TEXTS[0], ""])]
    assert batch["token_ids"].shape == (3, 32)
    assert batch["token_ids"].dtype == np.int32
    np.testing.assert_array_equal(batch["mask"].sum(1), lengths)
    assert (batch["token_ids"][~batch["mask"]] == 0).all()


def test_unknown_characters_are_doubted(processor):
    assert processor.encode_ids(["☃"])[0][-1] == UNK
    assert processor.doubt("☃")
    assert processor.doubt("") == "The text is empty."


def test_files_restore_it(processor, tmp_path):
    processor.save(tmp_path)
    twin = SubwordProcessor.load(processor.get_config(), tmp_path)
    assert twin.get_config() == processor.get_config()
    text = "A good [MASK], bad."
    assert twin.encode_ids([text]) == processor.encode_ids([text])
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="must be a file of the tokenizers"):
        SubwordProcessor.load({}, tmp_path)


def test_wrong_input_is_refused(processor):
    with pytest.raises(ValueError, match="must be a str"):
        processor.encode([b"bytes"])
    with pytest.raises(ValueError, match="head_tokens"):
        SubwordProcessor(processor.tokenizer, [], 10, 8)
