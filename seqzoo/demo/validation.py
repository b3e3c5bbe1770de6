"""What the page takes in: checked before a model sees it."""

import base64
import io
import os
import warnings
from typing import Any, BinaryIO

SENTENCE = 1000  # characters of a text to translate
PROMPT = 2000  # characters of a text to continue
NEW_CHARACTERS = 1000  # at most written at once
FILE = 10 * 2**20  # bytes of an upload
PIXELS = 20_000_000  # of a picture
SECONDS = 10  # of a recording
RATES = (4000, 192_000)  # samples a second of a recording: lowest, highest


def checked_text(text: Any, most: int, what: str) -> str:
    """The text without blanks around it, if it is neither empty nor too long.

    Args:
        text: What came from the page.
        most: Characters that are allowed.
        what: What was wanted, such as "a sentence".

    Raises:
        ValueError: If it is none such.

    Example:
        >>> checked_text(" A man sleeps. ", 1000, "a sentence")
        'A man sleeps.'
    """
    text = _string(text, most, what).strip()
    if not text:
        raise ValueError(f"Wanted: {what}. Received: nothing. Type some words.")
    return text


def checked_prompt(text: Any) -> str:
    """The prompt as it is, line breaks included, if it is neither empty nor too long.

    Raises:
        ValueError: If it is none such.
    """
    text = _string(text, PROMPT, "a prompt")
    if not text:
        raise ValueError("Wanted: a prompt. Received: nothing. Type how it begins.")
    return text


def _string(text: Any, most: int, what: str) -> str:
    if not isinstance(text, str):
        raise ValueError(f"Wanted: {what}. Received: {type(text).__name__}.")
    if len(text) > most:
        raise ValueError(
            f"Wanted: {what} of at most {most:,} characters. Received: {len(text):,}. "
            "Shorten it."
        )
    # A lone half of a surrogate pair is a str to Python and no text to anybody else.
    return text.encode("utf-8", "replace").decode("utf-8")


def checked_number(value: Any, low: float, high: float, what: str) -> float:
    """The number, if it is between the bounds.

    Raises:
        ValueError: If it is not, or no number.

    Example:
        >>> checked_number(0.5, 0, 1, "the threshold")
        0.5
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise ValueError(
            f"Wanted: {what} from {low:,} to {high:,}. Received: {value}. Change it."
        )
    return float(value)


def checked_choice(text: Any, most: int, what: str) -> int | None:
    """The whole number that a field holds, None if it is left empty.

    Args:
        text: What came from the page.
        most: The greatest that is allowed; the least is 0.
        what: What was wanted, such as "a unit".

    Raises:
        ValueError: If it is no such number.

    Example:
        >>> checked_choice(" 7 ", 255, "a unit"), checked_choice("", 255, "a unit")
        (7, None)
    """
    text = _string(text or "", 100, what).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise ValueError(
            f"Wanted: {what} from 0 to {most:,}, or nothing. Received: {text!r}. "
            "Change it."
        )
    return int(text)


def checked_picture(path: Any) -> Any:
    """The picture of an uploaded file, turned as its camera says, as a `PIL.Image`.

    Args:
        path: The file; None if there is none.

    Raises:
        ValueError: If it is no picture, or has more than `PIXELS`.
    """
    if path is None:
        raise ValueError("Wanted: a picture. Received: nothing. Upload one.")
    _check_bytes(os.stat(path).st_size, "a picture")
    with open(path, "rb") as file:
        return _picture(file)


def checked_drawing(url: Any) -> Any:
    """The picture that was drawn in the browser, as a `PIL.Image`.

    Args:
        url: Its data URL, as a canvas gives it; None or empty if it is blank.

    Raises:
        ValueError: If it is none such.
    """
    if not url:
        raise ValueError("Wanted: a digit. Received: nothing. Draw one.")
    head, _, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if head != "data:image/png;base64":
        raise ValueError("Wanted: a drawing. Received: something else. Draw it here.")
    _check_bytes(len(data), "a drawing")
    try:
        file = io.BytesIO(base64.b64decode(data, validate=True))
    except ValueError as error:
        raise ValueError(
            "Wanted: a drawing. Received: a broken one. Draw it again."
        ) from error
    return _picture(file)


def _picture(file: BinaryIO) -> Any:
    from PIL import Image, ImageOps

    try:
        # Opening reads the size; decoding, which needs the memory, comes after.
        with (
            warnings.catch_warnings(action="ignore"),  # of size, which is refused below
            Image.open(file) as image,
        ):
            width, height = image.size
            if width * height <= PIXELS:
                return ImageOps.exif_transpose(image.copy())
    except Image.DecompressionBombError as error:
        raise ValueError(_too_large("far more")) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            "Wanted: a picture. Received: a file that Pillow cannot read. Upload a "
            "PNG or JPEG file."
        ) from error
    raise ValueError(_too_large(f"{width:,} x {height:,}"))


def _too_large(came: str) -> str:
    return (
        f"Wanted: a picture of at most {PIXELS // 10**6} million pixels. Received: "
        f"{came}. Scale it down."
    )


def checked_recording(path: Any) -> str:
    """The path of an uploaded recording, if it is a WAV file of a few seconds.

    Args:
        path: The file; None if there is none.

    Raises:
        ValueError: If it is none such.
    """
    from scipy.io import wavfile

    if path is None:
        raise ValueError("Wanted: a recording. Received: nothing. Record a word.")
    _check_bytes(os.stat(path).st_size, "a recording")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of chunks that scipy does not know
            rate, samples = wavfile.read(path)
    except Exception as error:  # whatever a broken header leads scipy to
        raise ValueError(
            "Wanted: a recording. Received: a file that is no WAV file. Record it "
            "here, or convert it."
        ) from error
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(
            f"Wanted: a recording of {RATES[0]:,} to {RATES[1]:,} samples a second. "
            f"Received: {rate:,}. Convert it."
        )
    if len(samples) > SECONDS * rate:
        raise ValueError(
            f"Wanted: a recording of at most {SECONDS} seconds. Received: "
            f"{len(samples) / rate:,.1f}. Cut it."
        )
    return str(path)


def _check_bytes(size: int, what: str) -> None:
    if size > FILE:
        raise ValueError(
            f"Wanted: {what} of at most {FILE // 2**20} MB. Received: "
            f"{size / 2**20:,.1f} MB. Make it smaller."
        )
