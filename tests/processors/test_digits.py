"""A digit on paper gives the same answer wherever and on whatever it is drawn."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

import seqzoo
from seqzoo.processors import (
    DetectionProcessor,
    GreyImageProcessor,
    ImageProcessor,
)
from seqzoo.processors.digits import as_in_mnist, is_on_paper
from seqzoo.processors.image_input import read_image
from tests.processors.digits import seven

DIGITS = [str(digit) for digit in range(10)]
GREY = GreyImageProcessor(DIGITS)
VIT = ImageProcessor(DIGITS, 28, (0.131,), (0.308,))


def test_a_drawing_is_centred_and_scaled_as_in_mnist():
    digit = np.asarray(as_in_mnist(seven(), 28), "float32")
    assert digit.shape == (28, 28) and digit.max() > 200 and digit[0].max() == 0
    rows = np.flatnonzero(digit.max(1) > 40)
    assert 18 <= rows[-1] - rows[0] + 1 <= 20
    down, across = np.indices(digit.shape)
    for axis in (down, across):
        assert abs((axis * digit).sum() / digit.sum() - 13.5) < 1


def test_where_and_on_what_it_is_drawn_makes_no_difference():
    one = as_in_mnist(seven(), 28)
    other = as_in_mnist(seven((230, 230, 220), (20, 20, 20), (40, 90)), 28)
    assert np.abs(np.asarray(one, int) - np.asarray(other, int)).mean() < 4
    transparent = seven().convert("RGBA")
    transparent.putalpha(transparent.convert("L").point(lambda grey: 255 - grey))
    assert as_in_mnist(read_image(transparent), 28).tobytes() == one.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (280, 280)])
def test_a_blank_drawing_is_refused(size):
    with pytest.raises(ValueError, match="Draw one"):
        as_in_mnist(Image.new("RGB", size, "white"), 28)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 279, 3), (0, 0, 279, 130)])
def test_a_dot_and_a_line_are_drawings(box):
    image = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(image).rectangle(box, 0)
    assert as_in_mnist(image, 28).size == (28, 28)


@pytest.mark.parametrize("way", ["path", "bytes", "file", "PIL", "array"])
def test_every_road_gives_the_pixels_of_the_demo(tmp_path, way):
    path = tmp_path / "seven.png"
    seven().save(path)
    expected = np.asarray(as_in_mnist(seven(), 28), "float32")
    with path.open("rb") as file:
        given = {
            "path": path,
            "bytes": path.read_bytes(),
            "file": file,
            "PIL": seven(),
            "array": np.asarray(seven()),
        }[way]
        found = GREY.encode([given])["sequences"][0]
        file.seek(0)
        vit = VIT.encode([given])[0, ..., 0]
    np.testing.assert_array_equal(found, expected / np.float32(255))
    np.testing.assert_array_equal(vit, VIT.batch(expected[None])[0, ..., 0])


def test_digits_on_black_stay_as_they_are():
    rng = np.random.default_rng(0)
    for _ in range(20):
        digit = as_in_mnist(seven(box=tuple(rng.integers(10, 150, 2))), 28)
        pixels = np.asarray(digit)
        assert not is_on_paper(digit)
        np.testing.assert_array_equal(
            GREY.encode([digit])["sequences"], GREY.batch(pixels[None])["sequences"]
        )
        np.testing.assert_array_equal(VIT.encode([digit]), VIT.batch(pixels[None]))


def test_a_detector_of_digits_sees_them_light_on_dark_where_they_are():
    dark = DetectionProcessor(DIGITS, 128, 128, [0.25] * 3, [0.25] * 3)
    paper, black = seven(), ImageOps.invert(seven())
    np.testing.assert_array_equal(
        dark.encode([paper])["images"], dark.encode([black])["images"]
    )
    once = dark.read(paper)
    np.testing.assert_array_equal(dark.read(once), once)


@pytest.mark.parametrize(
    "processor",
    [
        GreyImageProcessor(["shirt", "shoe"]),
        GreyImageProcessor(DIGITS, digits_on_paper=False),
        ImageProcessor(DIGITS, 28, (0.87,), (0.308,)),  # trained on paper
        DetectionProcessor(["cat"], 128, 128, [0.25] * 3, [0.25] * 3),
    ],
    ids=["clothes", "chosen", "bright", "cat"],
)
def test_other_models_see_an_image_as_it_is(processor):
    assert np.asarray(processor.prepared(seven())).tobytes() == seven().tobytes()


def test_the_choice_is_saved_and_the_default_is_not():
    assert "digits_on_paper" not in GREY.get_config()
    chosen = GreyImageProcessor(["a"], digits_on_paper=True)
    assert GreyImageProcessor.load(chosen.get_config(), None).reads_digits


@pytest.mark.parametrize("name", ["vit_mnist", "gru_row_mnist"])
def test_trained_models_read_a_seven_wherever_it_stands(name):
    model = seqzoo.load(name)
    sheets = [
        seven(),
        seven((200, 190, 170), (40, 30, 60), (30, 140)),
        seven(box=(110, 90)).rotate(5, fillcolor="white"),
    ]
    logits = np.asarray(model(model.processor.encode(sheets)))
    assert logits.argmax(-1).tolist() == [7, 7, 7]
