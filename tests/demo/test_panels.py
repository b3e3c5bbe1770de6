"""What each panel shows of a tiny model, and which input it refuses."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("gradio", reason='needs pip install -e ".[demo]"')

from seqzoo.demo import models
from seqzoo.demo.panels import (
    classification,
    detection,
    drawing,
    generation,
    translation,
)
from seqzoo.demo.validation import NEW_CHARACTERS, PROMPT, SENTENCE
from tests.models.tiny import TINY_DETR

DATA = re.compile(r'<img class="figure" alt="([^"]*)" src="data:image/(\S+);base64,')


def written(prompt="to be", characters=45, temperature=0, seed="", unit=""):
    return list(generation.write("writer", prompt, characters, temperature, seed, unit))


def test_a_sentence_gets_its_translation_and_alignment(tiny_zoo):
    text, html = translation.translate("translator", " two dogs\nplay ")
    assert text == models.model("translator").translate("two dogs\nplay")
    assert DATA.match(html)[2] == "svg+xml"


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


def seven(paper="white", ink="black", box=(180, 20)):
    """A seven of 60 x 100 pixels near the upper right corner of a large sheet."""
    image = Image.new("RGB", (280, 280), paper)
    left, top = box
    pen = ImageDraw.Draw(image)
    points = [(left, top), (left + 60, top), (left + 20, top + 100)]
    pen.line(points, ink, 14, "curve")
    return image


def test_a_drawing_is_centred_and_scaled_as_in_mnist():
    digit = np.asarray(drawing.as_in_mnist(seven(), 28), "float32")
    assert digit.shape == (28, 28) and digit.max() > 200 and digit[0].max() == 0
    rows = np.flatnonzero(digit.max(1) > 40)
    assert 18 <= rows[-1] - rows[0] + 1 <= 20
    down, across = np.indices(digit.shape)
    for axis in (down, across):
        assert abs((axis * digit).sum() / digit.sum() - 13.5) < 1


def test_where_and_on_what_it_is_drawn_makes_no_difference():
    one = drawing.as_in_mnist(seven(), 28)
    other = drawing.as_in_mnist(seven((230, 230, 220), (20, 20, 20), (40, 90)), 28)
    assert np.abs(np.asarray(one, int) - np.asarray(other, int)).mean() < 4
    transparent = seven().convert("RGBA")
    transparent.putalpha(transparent.convert("L").point(lambda grey: 255 - grey))
    assert drawing.as_in_mnist(transparent, 28).tobytes() == one.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (280, 280)])
def test_a_blank_drawing_is_refused(size):
    with pytest.raises(ValueError, match="Draw one"):
        drawing.as_in_mnist(Image.new("RGB", size, "white"), 28)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 279, 3), (0, 0, 279, 130)])
def test_a_dot_and_a_line_are_drawings(box):
    image = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(image).rectangle(box, 0)
    assert drawing.as_in_mnist(image, 28).size == (28, 28)


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
    drawing.as_in_mnist(seven(), 28).save(path)
    answer, _ = drawing.read_image("digits", str(path))
    found = models.model("digits").classify(str(path), top=5)
    assert answer == pytest.approx({each.label: each.probability for each in found})


def test_an_uploaded_digit_on_paper_is_read_as_a_drawing(tiny_zoo, tmp_path):
    seven().save(tmp_path / "paper.png")
    uploaded = drawing.read_image("digits", str(tmp_path / "paper.png"))
    assert uploaded == drawing.read_drawing("digits", drawn())


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
