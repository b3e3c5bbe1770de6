"""bAbI and its batches."""

import os

import numpy as np
import pytest

from seqzoo.data import TASK_NAMES, StoryBatches, StoryQuestion, babi, toy_stories
from seqzoo.data.babi import SHA256, _stories
from seqzoo.processors import StoryProcessor

FILE = """\
1 Mary went home.
2 Where is Mary? \thome\t1
3 John left.
4 Where is John?\tout,away\t3
1 Bill sat.
2 Is Bill up?\tno\t1
"""
STORIES = [("a.",), ("a.", "b b."), tuple("abcabc"), tuple("cab" * 4)]


def batches(**settings):
    questions = [StoryQuestion(1, story, "a b c?", "b") for story in STORIES]
    settings = {"batch_size": 2, "noise": 0.3} | settings
    return StoryBatches(questions, StoryProcessor("abc", 8), **settings)


def test_a_file_is_stories_of_questions():
    first, second = _stories(FILE, 6)
    assert [(x.question, x.answer) for x in first] == [
        ("Where is Mary?", "home"),
        ("Where is John?", "out,away"),
    ]
    assert first[1].story == ("Mary went home.", "John left.")
    assert [x.story for x in second] == [("Bill sat.",)]


def test_files_of_all_tasks_but_one_are_pinned():
    assert len(TASK_NAMES) == 20 and len(SHA256) == 59
    assert ("en-10k", "3", "train") not in SHA256


def test_an_unknown_size_is_refused():
    with pytest.raises(ValueError, match="1k, 10k"):
        babi("100k")


def test_the_toy_stories_have_their_answers():
    corpus = toy_stories()
    for x in corpus.train:
        who = x.question.split()[1 if x.question.startswith("Is") else -1].strip("?")
        place = next(s.split()[-1].strip(".") for s in x.story if s.startswith(who))
        asked = x.question.split()[-1].strip("?")
        yes = "yes" if asked == place else "no"
        assert x.answer == (yes if x.question.startswith("Is") else place)


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_noise_keeps_the_sentences_in_their_order(noise):
    made = batches(noise=noise)
    for x, y in (batch for epoch in range(5) for batch in made(epoch)):
        for story in x["story"]:
            real = story[story.any(axis=1)]
            text = "".join("abc"[row[0] - 1] for row in real)
            kept = ["".join(s[0] for s in told[-8:]) for told in STORIES]
            assert text in kept
            last = np.flatnonzero(story.any(axis=1))[-1]
            assert last + 1 - len(real) <= np.ceil(noise * len(real))
        assert (y == 2).all() and x["softmax"].all()


def test_every_question_comes_in_every_epoch():
    lengths = {
        int(story.any(axis=1).sum()) for x, _ in batches()(3) for story in x["story"]
    }
    assert lengths == {1, 2, 6, 8}


def test_equal_epochs_are_equal_and_others_differ():
    one, other = batches(), batches()
    for (x, _), (again, _) in zip(one(1), other(1), strict=True):
        np.testing.assert_array_equal(x["story"], again["story"])
    orders = [[x["story"].tolist() for x, _ in one(epoch)] for epoch in (1, 2)]
    assert orders[0] != orders[1]


def test_first_epochs_are_linear():
    made = batches(linear_epochs=2)
    shares = [
        np.mean([x["softmax"].mean() for x, _ in made(epoch)]) for epoch in (1, 2)
    ]
    assert shares == [0, 1]


@pytest.mark.parametrize("noise", [-0.1, 1.1])
def test_impossible_noise_is_refused(noise):
    with pytest.raises(ValueError, match="noise"):
        batches(noise=noise)


def test_without_a_known_answer_there_is_no_batch():
    question = StoryQuestion(1, ("a.",), "b?", "z")
    with pytest.raises(ValueError, match="known"):
        StoryBatches([question], StoryProcessor("abc"), 2)


@pytest.mark.slow
@pytest.mark.skipif("SEQZOO_DATA_DIR" not in os.environ, reason="needs bAbI's files")
def test_the_counts_are_those_of_upstream():
    corpus = babi("1k")
    counts = np.bincount([x.task for x in corpus.train + corpus.validation])
    np.testing.assert_array_equal(counts[1:], 1000)
    np.testing.assert_array_equal(np.bincount([x.task for x in corpus.test])[1:], 1000)
    told = {(x.task, x.story) for x in corpus.train if len(x.story) > 9}
    assert not told & {(x.task, x.story) for x in corpus.validation}
