"""What the verb returns and refuses, with a model whose answers can be foreseen."""

import numpy as np
import pytest

from seqzoo.data import StoryQuestion
from seqzoo.models import MemoryNetwork, MemoryNetworkConfig
from seqzoo.processors import StoryProcessor
from seqzoo.tasks import Answer
from seqzoo.tasks.metrics import ErrorByTask

STORY = "Mary went to the garden. John took the milk."
QUESTION = "Where is Mary?"


@pytest.fixture(scope="module")
def model():
    processor = StoryProcessor.train([*STORY.split(". "), QUESTION], ["yes"])
    model = MemoryNetwork(
        MemoryNetworkConfig(processor.vocab_size, embed_dim=4, memory_size=8)
    )
    model.processor = processor
    model.build()
    for i, weight in enumerate(model.weights):
        weight.assign(np.random.default_rng(i).normal(size=weight.shape))
    return model


def test_one_question_gives_a_word_and_a_list_a_list(model):
    answer = model.answer(STORY, QUESTION)
    assert answer in model.processor.words
    sentences = ["Mary went to the garden.", "John took the milk."]
    assert model.answer(sentences, QUESTION) == answer
    assert model.answer([STORY, sentences], [QUESTION] * 2) == [answer] * 2
    assert model.answer([], []) == []


def test_an_answer_explains_itself(model):
    answer = model.answer(STORY, QUESTION, return_attention=True)
    assert isinstance(answer, Answer)
    assert answer.text == model.answer(STORY, QUESTION)
    assert 0 < answer.probability <= 1
    assert answer.attention.shape == (model.config.hops, len(answer.sentences))
    np.testing.assert_allclose(answer.attention.sum(axis=1), 1, atol=1e-5)


def test_answers_keep_the_order_of_the_questions(model, monkeypatch):
    monkeypatch.setattr(type(model), "batch_size", 2)
    stories = [STORY, "John took the milk.", STORY * 3, "Mary went.", STORY]
    questions = [QUESTION, "Is John the milk?".replace("Is", "is"), *[QUESTION] * 3]
    together = model.answer(stories, questions, return_attention=True)
    for story, question, found in zip(stories, questions, together, strict=True):
        alone = model.answer(story, question, return_attention=True)
        assert (found.text, found.question) == (alone.text, question)
        np.testing.assert_allclose(found.attention, alone.attention, atol=1e-5)


@pytest.mark.parametrize(
    ("story", "question", "message"),
    [
        (STORY, [QUESTION], "as many stories"),
        ([STORY], [QUESTION] * 2, "as many stories"),
        (STORY, None, "`question` must be"),
        (STORY, "", "must have words"),
        ("", QUESTION, "must have a sentence"),
        (STORY, "Where is the dragon?", "not 'dragon'"),
        ("The dragon took Mary.", QUESTION, "not 'dragon'"),
        (None, QUESTION, "story must be"),
    ],
)
def test_bad_input_is_refused(model, story, question, message):
    with pytest.raises(ValueError, match=message):
        model.answer(story, question)


def test_without_a_processor_it_cannot_read():
    with pytest.raises(ValueError, match="no processor"):
        MemoryNetwork(MemoryNetworkConfig()).answer(STORY, QUESTION)


def test_a_text_of_two_questions_prints_two_lines(model):
    text = f"{STORY} {QUESTION} Mary took the milk. {QUESTION}"
    answers = type(model).answers(model, [text, f"{STORY} {QUESTION}"], as_json=True)
    assert [len(each) for each in answers] == [2, 1]
    lines = list(type(model).answer_lines(text, answers[0]))
    assert lines == [each.text for each in answers[0]]
    plain = type(model).answer_json(text, answers[0])
    assert plain["answers"][0].keys() == {"question", "answer", "probability"}
    read = type(model).answer_json(text, answers[0], attention=True)["answers"][1]
    assert np.shape(read["attention"]) == (model.config.hops, len(read["sentences"]))


def test_errors_are_counted_by_task(model):
    answer = model.answer(STORY, QUESTION)
    told = tuple(STORY.split(". "))
    questions = [StoryQuestion(1, told, QUESTION, answer.upper())] * 3
    questions += [StoryQuestion(1, told, QUESTION, "other")]
    questions += [StoryQuestion(7, told, QUESTION, answer)]
    scores = ErrorByTask(questions, "here", [20.3, 4.0])(model)
    assert {k: m.value for k, m in scores.items()} == {
        "mean_error": 12.5,
        "tasks_failed": 1,
    }
    assert scores["mean_error"].extra == {
        "by_task": {"1": 25.0, "7": 0.0},
        "published_by_task": {"1": 20.3, "2": 4.0},
    }


def test_warming_up_compiles_what_an_answer_needs(model, monkeypatch):
    """A question about a story takes two arguments, an example is one text."""
    monkeypatch.setattr(type(model), "examples", (f"{STORY} {QUESTION}",))
    monkeypatch.setitem(vars(model), "compiled_functions", {})
    model.warm_up()
    compiled = dict(model.compiled_functions)
    assert compiled
    model.answer(STORY, QUESTION)
    assert dict(model.compiled_functions) == compiled
