"""What the page refuses, and that it says why in one line."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from seqzoo.demo import validation


def refused(function, *arguments):
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert message.startswith("Wanted: ") and "Received: " in message
    assert len(message.splitlines()) == 1 and len(message) < 300
    return message


def test_a_text_comes_back_without_blanks_around_it():
    assert validation.checked_text("\n A man. ", 9, "a sentence") == "A man."


@pytest.mark.parametrize("text", ["", "  \n\t", None, 3, ["a"], "x" * 8])
def test_a_text_must_be_one_and_short(text):
    refused(validation.checked_text, text, 7, "a sentence")


def test_a_prompt_keeps_its_blanks():
    assert validation.checked_prompt(" a\n") == " a\n"
    assert len(validation.checked_prompt("x" * validation.PROMPT)) == validation.PROMPT


@pytest.mark.parametrize("text", ["", None, "x" * (validation.PROMPT + 1)])
def test_a_prompt_must_be_one_and_short(text):
    refused(validation.checked_prompt, text)


def test_half_a_surrogate_pair_becomes_a_question_mark():
    assert validation.checked_text("a\ud800b", 7, "a sentence") == "a?b"
    assert validation.checked_prompt("a\ud800b") == "a?b"


@pytest.mark.parametrize("value", [-1, 2, float("nan"), float("inf"), None, "1", True])
def test_a_number_must_be_between_the_bounds(value):
    refused(validation.checked_number, value, 0, 1, "a score")


@pytest.mark.parametrize("text", ["-1", "8", "1.5", "1e0", "²", "1_0", "9" * 5000, 3])
def test_a_choice_must_be_a_whole_number(text):
    refused(validation.checked_choice, text, 7, "a unit")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "I;16"])
def test_pictures_of_every_kind_are_read(tmp_path, mode):
    path = tmp_path / "a.tiff"
    Image.new(mode, (5, 3)).save(path)
    assert validation.checked_image(str(path)).size == (5, 3)


def test_a_picture_is_turned_as_the_camera_says(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # the camera was held upright
    Image.new("RGB", (8, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert validation.checked_image(str(tmp_path / "a.jpg")).size == (4, 8)


def png_header(width, height):
    """A PNG file that claims to be so large and has no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for name, data in ((b"IHDR", header), (b"IDAT", b"")):
        crc = struct.pack(">I", zlib.crc32(name + data))
        chunks += struct.pack(">I", len(data)) + name + data + crc
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("side", [5000, 20_000, 100_000])
def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path, side, monkeypatch):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(side, side))
    no_load = lambda image: pytest.fail("decoded")  # noqa: E731
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", no_load)
    assert "million pixels" in refused(validation.checked_image, str(path))


def test_a_long_edge_is_refused(tmp_path):
    path = tmp_path / "thin.png"
    path.write_bytes(png_header(validation.EDGE + 1, 1))
    assert "10,000 on a side" in refused(validation.checked_image, str(path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        png_header(8, 8),
    ],
)
def test_a_file_that_is_no_picture_is_refused(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert "PNG or JPEG" in refused(validation.checked_image, str(path))


def test_a_large_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "FILE", 4)
    path = tmp_path / "a.png"
    path.write_bytes(b"12345")
    for function in (validation.checked_image, validation.checked_recording):
        assert " MB" in refused(function, str(path))


def test_nothing_is_refused_as_nothing():
    for function in (validation.checked_image, validation.checked_recording):
        assert "nothing" in refused(function, None)


def test_a_recording_comes_back_as_its_path(sound):
    path = sound(validation.SECONDS)
    assert validation.checked_recording(path) == path


def test_a_long_recording_is_refused(sound):
    path = sound(validation.SECONDS + 0.5)
    assert "10.5" in refused(validation.checked_recording, path)


@pytest.mark.parametrize("rate", [2000, 300_000])
def test_a_strange_rate_is_refused_before_it_is_resampled(sound, rate):
    assert "samples a second" in refused(validation.checked_recording, sound(5, rate))


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"ID3\x04 an mp3 file"]
)
def test_a_file_that_is_no_recording_is_refused(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert "WAV" in refused(validation.checked_recording, str(path))


def test_an_empty_recording_is_left_to_the_model(sound):
    assert np.size(validation.checked_recording(sound(0)))
