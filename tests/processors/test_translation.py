"""The translation processor: what is encoded comes back, and bad input is named."""

import json
import unicodedata

import pytest

from seqzoo.data import multi30k, toy_pairs
from seqzoo.processors import PROCESSORS, TranslationProcessor

TYPOGRAPHIC = "„Hallo“,  sagte «er»\u00a0\u2013 er\u2019s …"  # dash, apostrophe
PLAIN = '"Hallo", sagte "er" - er\'s ...'


@pytest.fixture(scope="module")
def processor():
    pairs = toy_pairs(400)
    # Every letter and sign once more: otherwise they would be unknown.
    rest = ["abcdefghijklmnopqrstuvwxyzäöüß ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ \"'-.,<>_?!"]
    return TranslationProcessor.train(pairs.source, pairs.target + rest * 2, 400)


def test_special_tokens_have_the_first_four_ids(processor):
    assert processor.tokens(range(4)) == ["<pad>", "<unk>", "<bos>", "<eos>"]


def test_source_ends_in_eos_and_target_stands_between_bos_and_eos(processor):
    assert processor.encode_source("two dogs")[-1] == 3
    assert 3 not in processor.encode_source("two dogs")[:-1]
    target = processor.encode_target("Zwei Hunde")
    assert (target[0], target[-1]) == (2, 3)
    assert not {2, 3} & set(target[1:-1])


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u200b"])
def test_blank_text_has_no_tokens_of_its_own(processor, text):
    assert processor.encode_source(text) == [3]
    assert processor.encode_target(text) == [2, 3]
    assert processor.decode([2, 3]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Zwei Hunde spielen im Schnee.",
        'Er sagt: "Hallo", und geht - oder nicht?',
        "(noch) Leerzeichen , vor dem Komma .",
        "T-Shirt, O'Neill's, a-b-c!",
        "...",
        "x",
    ],
)
def test_decoding_restores_plain_text_exactly(text):
    processor = TranslationProcessor.train([text] * 2, [text] * 2, 100)
    assert processor.decode(processor.encode_target(text)) == text


def test_typography_becomes_plain_on_both_sides(processor):
    assert processor.normalize(TYPOGRAPHIC) == PLAIN
    assert processor.encode_target(TYPOGRAPHIC) == processor.encode_target(PLAIN)
    assert processor.encode_source(TYPOGRAPHIC) == processor.encode_source(PLAIN)


def test_normalising_twice_changes_nothing_more(processor):
    assert processor.normalize(PLAIN) == PLAIN


def test_composed_and_decomposed_letters_are_the_same(processor):
    word = "Männer"
    decomposed = unicodedata.normalize("NFD", word)
    assert decomposed != word
    assert processor.encode_target(decomposed) == processor.encode_target(word)


def test_sources_lose_their_case_and_targets_keep_it(processor):
    assert processor.encode_source("DOGS") == processor.encode_source("dogs")
    assert processor.encode_target("HUNDE") != processor.encode_target("hunde")
    assert processor.decode(processor.encode_target("HUNDE Hunde")) == "HUNDE Hunde"


def test_lower_casing_can_be_turned_off(processor):
    cased = TranslationProcessor(processor.tokenizer, lowercase_source=False)
    assert cased.encode_source("DOGS") != cased.encode_source("dogs")


def test_names_of_special_tokens_inside_a_text_are_plain_text(processor):
    ids = processor.encode_target("<eos> <pad> <bos>")
    assert not {0, 2, 3} & set(ids[1:-1])
    assert processor.decode(ids) == "<eos> <pad> <bos>"


def test_unknown_characters_become_unk_and_nothing_breaks(processor):
    ids = processor.encode_source("two 犬 dogs \U0001f415")
    assert ids.count(1) == 2
    assert processor.decode(ids).split() == ["two", "dogs"]


def test_decoding_stops_at_the_first_eos(processor):
    ids = processor.encode_target("Zwei Hunde")
    assert processor.decode([*ids, *ids, 0, 0]) == "Zwei Hunde"


def test_batch_encoding_equals_one_by_one(processor):
    texts = ["two dogs", "", "Three old men sleep.", "x" * 50]
    assert processor.encode_sources(texts) == [
        processor.encode_source(t) for t in texts
    ]
    assert processor.encode_targets(texts) == [
        processor.encode_target(t) for t in texts
    ]
    assert processor.encode_sources([]) == []


def test_pieces_show_where_words_begin(processor):
    pieces = processor.source_tokens("Two dogs play.")
    assert pieces[-2:] == [".", "<eos>"]
    assert "".join(pieces[:-1]) == "▁two▁dogs▁play."


def test_a_word_mark_in_the_text_does_not_become_a_space(processor):
    assert processor.decode(processor.encode_target("ab▁c")) == "ab_c"


@pytest.mark.parametrize("text", [None, 3, b"two dogs", ["two dogs"], 2.5])
def test_what_is_no_text_is_refused(processor, text):
    with pytest.raises(ValueError, match=r"must be a str\. Received"):
        processor.encode_source(text)
    with pytest.raises(ValueError, match=r"must be a str\. Received"):
        processor.encode_target(text)


@pytest.mark.parametrize("texts", ["two dogs", b"two dogs", None])
def test_one_text_where_a_list_is_wanted_is_refused(processor, texts):
    with pytest.raises(ValueError, match="list of str"):
        processor.encode_sources(texts)


def test_a_long_source_passes_and_a_longer_one_is_refused(processor):
    assert len(processor.encode_source("dogs " * 500)) <= 1024
    with pytest.raises(ValueError, match=r"at most 1024 tokens\. Received: "):
        processor.encode_source("dogs " * 1024)


def test_limit_counts_eos(processor):
    ids = processor.encode_source("two dogs")
    limited = TranslationProcessor(processor.tokenizer, max_source_tokens=len(ids))
    assert limited.encode_source("two dogs") == ids
    limited = TranslationProcessor(processor.tokenizer, max_source_tokens=len(ids) - 1)
    with pytest.raises(ValueError, match="Split it into sentences"):
        limited.encode_source("two dogs")


@pytest.mark.parametrize("token_id", [-1, 100_000])
def test_an_id_outside_the_vocabulary_is_refused(processor, token_id):
    with pytest.raises(ValueError, match=r"must be in \[0, "):
        processor.tokens([token_id])


def test_saving_and_loading_gives_the_same_processor(processor, tmp_path):
    processor.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer.json"]
    config = json.loads(json.dumps(processor.get_config()))
    loaded = PROCESSORS["TranslationProcessor"].load(config, tmp_path)
    assert loaded.get_config() == processor.get_config()
    assert loaded.vocab_size == processor.vocab_size
    for text in (TYPOGRAPHIC, "Two dogs play.", "<eos>"):
        assert loaded.encode_source(text) == processor.encode_source(text)
        ids = processor.encode_target(text)
        assert loaded.encode_target(text) == ids
        assert loaded.decode(ids) == processor.decode(ids)


def test_a_missing_or_broken_vocabulary_is_named(processor, tmp_path):
    config = processor.get_config()
    with pytest.raises(ValueError, match=r"tokenizer\.json, which does not exist"):
        TranslationProcessor.load(config, tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="must be a file of the tokenizers library"):
        TranslationProcessor.load(config, tmp_path)


def test_a_tokenizer_with_other_special_ids_is_refused():
    from tokenizers import Tokenizer, models

    with pytest.raises(ValueError, match="'<pad>' the id 0"):
        TranslationProcessor(Tokenizer(models.BPE({"a": 0}, [])))


def test_training_twice_gives_the_same_vocabulary():
    pairs = toy_pairs(100)
    first, second = (
        TranslationProcessor.train(pairs.source, pairs.target, 150) for _ in range(2)
    )
    assert first.tokenizer.to_str() == second.tokenizer.to_str()


@pytest.mark.slow
def test_decoding_restores_every_sentence_of_multi30k(data_dir):
    corpus = multi30k("en", "de")
    processor = TranslationProcessor.train(
        corpus.train.source, corpus.train.target, 8000
    )
    assert processor.vocab_size == 8000
    for pairs in (corpus.train, corpus.validation, *corpus.tests.values()):
        for text, ids in zip(
            pairs.target, processor.encode_targets(pairs.target), strict=True
        ):
            assert processor.decode(ids) == processor.normalize(text)
        for text, ids in zip(
            pairs.source, processor.encode_sources(pairs.source), strict=True
        ):
            assert processor.decode(ids) == processor.normalize(text.lower())


def test_an_invisible_character_does_not_part_a_letter_from_its_accent():
    processor = TranslationProcessor.train(["é a"] * 3, ["é b"] * 3, 20)
    ids = processor.encode_source("é")
    assert processor.encode_source("e\u200d\u0301") == ids
    assert processor.normalize("e\u200d\u0301") == "é"
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        processor.encode_source("a\ud83d")
