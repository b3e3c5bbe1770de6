import numpy as np
import pytest

from seqzoo.processors import StoryProcessor
from seqzoo.processors.stories import words_of

STORY = ["Mary went to the garden.", "John took the milk."]


@pytest.fixture(scope="module")
def processor():
    return StoryProcessor.train([*STORY, "Where is Mary?"], ["garden", "milk,apple"])


def test_words_are_sorted_and_answers_are_words(processor):
    assert processor.words == tuple(sorted(processor.words))
    assert processor.words[processor.answer_id("Milk,Apple") - 1] == "milk,apple"
    assert processor.answer_id("dragon") == 0
    assert processor.vocab_size == len(processor.words) + 1


def test_ids_are_those_of_the_words(processor):
    ids = processor.ids("  mary WENT to\tthe garden!")
    assert [processor.words[i - 1] for i in ids] == words_of(STORY[0])


def test_a_text_a_list_and_a_bookfile_are_the_same_story(processor):
    for text in (" ".join(STORY), "\n".join(STORY), "1 " + "\n2 ".join(STORY)):
        assert processor.sentences(text) == STORY
    assert processor.sentences(tuple(STORY)) == STORY


def test_a_batch_is_padded_with_zeros(processor):
    arrays = processor.encode([(STORY[:1], "Where is Mary?"), (STORY, "Mary?")])
    assert arrays["story"].shape[:2] == (2, 2)
    assert not arrays["story"][0, 1].any()
    first = arrays["story"][1, 1]
    assert first[first > 0].tolist() == processor.ids(STORY[1])
    assert all(array.dtype == np.int32 for array in arrays.values())


def test_the_last_sentences_are_kept():
    short = StoryProcessor(["a", "b"], max_sentences=2)
    assert short.sentences("a. b. a b.") == ["b.", "a b."]


def test_each_question_has_the_sentences_before_it(processor):
    text = "A. B. Who? C. What?"
    assert processor.exchanges(text) == [
        (["A.", "B."], "Who?"),
        (["A.", "B.", "C."], "What?"),
    ]


def test_a_file_as_babi_has_it(processor, tmp_path):
    file = tmp_path / "qa.txt"
    file.write_text("1 A.\n2 Who? \tx\t1\n1 B.\n2 What?\ty\t1\n")
    wanted = [(["A."], "Who?"), (["B."], "What?")]
    assert processor.exchanges(str(file)) == wanted
    assert processor.exchanges(file.read_text()) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Where is Mary?", "story first"),
        ("Mary went home.", "question mark"),
        ("no_such_file.txt", "question mark"),
        ("\0", "question mark"),
        ("x" * 9999, "question mark"),
        (3, "must be a str"),
    ],
)
def test_what_has_no_question_is_refused(processor, text, message):
    with pytest.raises(ValueError, match=message):
        processor.exchanges(text)


def test_a_file_without_a_question_is_refused(processor, tmp_path):
    (tmp_path / "a.txt").write_text("A.")
    with pytest.raises(ValueError, match="must have a question"):
        processor.exchanges(str(tmp_path / "a.txt"))


def test_unknown_words_are_named_with_what_to_do(processor):
    with pytest.raises(ValueError, match=r"not 'marry', 'dragon'.*alike: mary"):
        processor.ids("Marry the dragon")


@pytest.mark.parametrize("text", ["", " ... ", "?", None, b"Mary"])
def test_a_sentence_without_words_is_refused(processor, text):
    with pytest.raises(ValueError, match="sentence must"):
        processor.ids(text)


@pytest.mark.parametrize("story", ["", [], "..."])
def test_an_empty_story_is_refused(processor, story):
    with pytest.raises(ValueError, match="must have a sentence"):
        processor.sentences(story)


@pytest.mark.parametrize("story", [None, 3, b"Mary.", [None], {"a": 1}])
def test_what_is_no_story_is_refused(processor, story):
    with pytest.raises(ValueError, match="must be"):
        processor.sentences(story)


def test_words_differ():
    for words in ([], ["a", "a"]):
        with pytest.raises(ValueError, match="different words"):
            StoryProcessor(words)


def test_it_is_saved_with_its_model(processor, tmp_path):
    again = StoryProcessor.load(processor.get_config(), tmp_path)
    assert again.get_config() == processor.get_config()
