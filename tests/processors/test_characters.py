import pytest

from seqzoo.processors import CharacterProcessor


def test_texts_come_back():
    text = "To be,\nor not to be: ß → 字"
    processor = CharacterProcessor.train(text)
    assert processor.vocab_size == len(set(text))
    assert processor.decode(processor.encode(text)) == text
    assert processor.encode("").shape == (0,)


def test_ids_follow_code_points():
    assert CharacterProcessor.train("cab").encode("abc").tolist() == [0, 1, 2]


def test_the_rarest_of_too_many_characters_share_one():
    processor = CharacterProcessor.train("aaabbbcd", max_characters=3)
    assert processor.vocab_size == 3
    assert processor.decode(processor.encode("abcdz")) == "ab\ufffd\ufffd\ufffd"


def test_a_character_outside_the_alphabet_is_named():
    processor = CharacterProcessor("ab")
    with pytest.raises(ValueError, match=r"'ß' \(U\+00DF\)"):
        processor.encode("aß")


@pytest.mark.parametrize("text", [b"ab", None, 3])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(ValueError, match="must be a str"):
        CharacterProcessor("ab").encode(text)


@pytest.mark.parametrize("ids", [[2], [-1]])
def test_ids_outside_the_vocabulary_are_refused(ids):
    with pytest.raises(ValueError, match=r"in \[0, 2\)"):
        CharacterProcessor("ab").decode(ids)


@pytest.mark.parametrize("characters", ["", "aa"])
def test_an_alphabet_has_different_characters(characters):
    with pytest.raises(ValueError, match="different characters"):
        CharacterProcessor(characters)


def test_an_empty_text_has_no_alphabet():
    with pytest.raises(ValueError, match="empty"):
        CharacterProcessor.train("")


@pytest.mark.parametrize("unknown", [None, "b"])
def test_it_is_saved_with_its_model(tmp_path, unknown):
    processor = CharacterProcessor("ab\n字", unknown)
    processor.save(tmp_path)
    again = CharacterProcessor.load(processor.get_config(), tmp_path)
    assert (again.characters, again.unknown) == ("ab\n字", unknown)


@pytest.mark.parametrize("content", ["", "[]", '{"characters": "aa", "unknown": null}'])
def test_a_damaged_alphabet_is_refused(tmp_path, content):
    with pytest.raises(ValueError, match="does not exist"):
        CharacterProcessor.load({}, tmp_path)
    (tmp_path / "characters.json").write_text(content)
    with pytest.raises(ValueError, match="must hold an alphabet"):
        CharacterProcessor.load({}, tmp_path)


def test_the_mark_of_the_byte_order_is_no_character_of_a_text():
    processor = CharacterProcessor.train("\ufeffabc")
    assert processor.characters == "abc"
    assert processor.encode("\ufeffcab").tolist() == [2, 0, 1]


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(ValueError, match="half of a surrogate pair"):
        CharacterProcessor.train("ab\ud83d")
