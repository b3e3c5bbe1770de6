"""What each panel shows of a tiny model, and which input it refuses."""

import base64
import io
import re

import pytest

pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')

from seqzoo.demo import models
from seqzoo.demo.panels import (
    classification,
    detection,
    drawing,
    generation,
    questions,
    reading,
    translation,
)
from seqzoo.demo.validation import NEW_CHARACTERS, PROMPT, SENTENCE, STORY
from seqzoo.processors.digits import as_in_mnist
from tests.models.tiny import TINY_DETR
from tests.processors.digits import seven

DATA = re.compile(r'<img class="figure" alt="([^"]*)" src="data:image/(\S+);base64,')


def written(prompt="to be", characters=45, temperature=0, seed="", unit=""):
    return list(generation.write("writer", prompt, characters, temperature, seed, unit))


def test_a_sentence_gets_its_translation_and_alignment(tiny_zoo):
    text, html = translation.translate("translator", " two dogs\nplay ")
    assert text == models.model("translator").translate("two dogs\nplay")
    assert DATA.match(html)[2] == "svg+xml"


def test_a_question_gets_its_answer_and_the_hops(tiny_zoo):
    text, html = questions.answer("stories", "Mary is <a> dog.\nA dog.", " Where is? ")
    model = models.model("stories")
    assert text == model.answer("Mary is a dog. A dog.", "Where is?")
    assert DATA.match(html)[2] == "svg+xml"


@pytest.mark.parametrize(
    ("story", "question"),
    [("", "Where?"), ("A dog.", ""), ("A" * (STORY + 1), "Where?"), ("A cat.", "Is?")],
)
def test_no_story_or_an_unknown_word_is_refused(tiny_zoo, story, question):
    with pytest.raises(ValueError, match=r"Wanted: a|not 'cat'"):
        questions.answer("stories", story, question)


@pytest.mark.parametrize("text", ["", " \n ", "x" * (SENTENCE + 1), None])
def test_no_sentence_or_a_long_one_is_refused(tiny_zoo, text):
    with pytest.raises(ValueError, match="Wanted: a sentence"):
        translation.translate("translator", text)


def test_strange_characters_are_translated(tiny_zoo):
    found, _ = translation.translate("translator", "<b>狗🐕\u202e\x00a\u0301")
    assert isinstance(found, str)


def test_a_text_appears_while_it_is_written(tiny_zoo):
    shown = written(characters=45)
    texts = [text for text, _ in shown]
    assert [len(text) for text in texts] == [20, 40, 50, 50][: len(texts)]
    assert all(texts[-1].startswith(text) for text in texts)
    model = models.model("writer")
    assert texts[-1] == "to be" + model.generate("to be", 45, 0)


def test_the_last_picture_is_that_of_the_whole_text(tiny_zoo):
    from seqzoo import plot

    text, html = written(characters=4)[-1]
    assert html == plot.text_html(models.model("writer").read(text))
    assert html.count('class="step"') == len(text)
    assert "<i>" not in html.split("<i></i>")[1]  # the text's own is escaped


def test_a_seed_repeats_a_text_and_a_unit_is_chosen(tiny_zoo):
    wanted = {"characters": 6, "temperature": 1, "seed": "3", "unit": "2"}
    first, second = (written(**wanted)[-1] for _ in range(2))
    assert first == second
    assert "unit 2, layer 1" in first[1]
    assert "unit 1, layer 1" in generation.colour("writer", first[0], "1")


@pytest.mark.parametrize("text", ["t" * (PROMPT + NEW_CHARACTERS + 1), 3, ["to"]])
def test_a_text_to_colour_is_a_text_that_was_written_here(tiny_zoo, text):
    with pytest.raises(ValueError, match="Wanted: a prompt"):
        generation.colour("writer", text, "1")


def test_nothing_written_has_no_picture(tiny_zoo):
    assert generation.colour("writer", "", "1") == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": ""},
        {"prompt": "x" * (PROMPT + 1)},
        {"prompt": "ß"},  # no character of the model's
        {"characters": 0},
        {"characters": NEW_CHARACTERS + 1},
        {"characters": None},
        {"temperature": -1},
        {"temperature": None},
        {"seed": "-1"},
        {"seed": "9" * 99},
        {"unit": "4"},
        {"unit": "one"},
        {"unit": "²"},
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused(tiny_zoo, wrong):
    with pytest.raises(ValueError, match=r"[Rr]eceived|knows"):
        written(**wrong)


def test_a_text_gets_its_class_in_the_colours_of_a_unit(tiny_zoo):
    answer, html = reading.judge("reviews", " two <b>dogs</b> play ")
    assert set(answer) == {"<good>", "bad"}
    assert sum(answer.values()) == pytest.approx(1)
    assert "of unit" in html and "<b>" not in html
    assert "expected next" not in html


def test_a_gap_gets_words(tiny_zoo):
    html = reading.fill("gaps", "two [MASK] play <b> [MASK]")
    assert html.count("<tr>") == 1 + 2 * reading.TOP
    assert "<b>" not in html
    with pytest.raises(ValueError, match=r"\[MASK\]"):
        reading.fill("gaps", "two dogs")


@pytest.mark.parametrize("ask", [reading.judge, reading.fill])
@pytest.mark.parametrize("text", ["", " ", "x" * (PROMPT + 1), None])
def test_no_text_or_a_long_one_is_refused(tiny_zoo, ask, text):
    with pytest.raises(ValueError, match="Wanted: a text"):
        ask("reviews", text)


def drawn():
    """What a canvas gives of a drawing."""
    file = io.BytesIO()
    seven().save(file, "png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def test_a_drawing_is_read(tiny_zoo):
    answer, html = drawing.read_drawing("digits", drawn())
    assert len(answer) == 5 and set(answer) <= set("0123456789")
    assert list(answer.values()) == sorted(answer.values(), reverse=True)
    assert html.startswith('<img class="pixels" alt="What the model sees"')


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "hello",
        {"composite": None},
        "data:image/png;base64,",
        "data:image/png;base64,%%%",
        "data:image/png;base64,aGVsbG8=",
        "data:image/svg+xml;base64,aGVsbG8=",
    ],
)
def test_no_drawing_is_refused(tiny_zoo, given):
    with pytest.raises(ValueError, match=r"Wanted: an? "):
        drawing.read_drawing("digits", given)


def test_an_uploaded_digit_is_read_as_by_seqzoo_run(tiny_zoo, tmp_path):
    path = tmp_path / "digit.png"
    as_in_mnist(seven(), 28).save(path)
    answer, _ = drawing.read_image("digits", str(path))
    found = models.model("digits").classify(str(path), top=5)
    assert answer == pytest.approx({each.label: each.probability for each in found})


def test_an_uploaded_digit_on_paper_is_read_as_a_drawing(tiny_zoo, tmp_path):
    path = str(tmp_path / "paper.png")
    seven().save(path)
    uploaded = drawing.read_image("digits", path)
    assert uploaded == drawing.read_drawing("digits", drawn())
    found = models.model("digits").classify(path, top=5)
    assert uploaded[0] == {each.label: each.probability for each in found}


def test_a_picture_gets_its_class_and_attention(tiny_zoo, picture):
    answer, html = classification.classify("pictures", picture)
    assert set(answer) == {"<cat>", "dog"}
    words, kind = DATA.match(html).groups()
    assert kind == "png" and "<" not in words


def test_a_classifier_without_attention_shows_its_classes_alone(tiny_zoo, picture):
    _, html = classification.classify("digits", picture)
    assert html == ""


def test_objects_get_a_table_and_boxes(tiny_zoo, picture):
    table, html = detection.detect("objects", picture, 0)
    assert table.count("<tr>") == 1 + TINY_DETR.num_queries
    assert "<cat>" not in table
    assert DATA.match(html)[2] == "png"


def test_a_picture_without_objects_is_shown_all_the_same(tiny_zoo, picture):
    table, html = detection.detect("objects", picture, 1)
    assert "No object" in table and DATA.match(html)


@pytest.mark.parametrize("ask", [classification.classify, drawing.read_image])
def test_no_picture_is_refused(tiny_zoo, tmp_path, ask):
    (tmp_path / "a.png").write_bytes(b"no picture")
    for path in (None, str(tmp_path / "a.png")):
        with pytest.raises(ValueError, match="Wanted: an image"):
            ask("pictures", path)
        with pytest.raises(ValueError, match="Wanted: an image"):
            detection.detect("objects", path, 0.5)


def test_a_word_is_heard(tiny_zoo, sound):
    answer = classification.hear("words", sound(0.5))
    assert set(answer) == {"yes", "no"} and sum(answer.values()) == pytest.approx(1)
