"""The inputs of the page, checked before a model reads them.

Each function returns the input in the form that models read. It raises a `ValueError`
that says what is wanted, what came and what to do.
"""

import base64
import io
import os
import warnings
from typing import Any, BinaryIO

from seqzoo.processors.image_input import FORMATS, read_image
from seqzoo.processors.speech import read_wav

SENTENCE = 1000  # characters of a text to translate
STORY = 4000  # characters of a story to ask about
PROMPT = 2000  # characters of a text to continue
NEW_CHARACTERS = 1000  # written at once
FILE = 10 * 2**20  # bytes of an upload
PIXELS = 20_000_000  # of an image
EDGE = 10_000  # pixels of a side of an image
SECONDS = 10  # of a recording
RATES = (4000, 192_000)  # samples a second of a recording: lowest, highest


def _refused(wanted: str, received: Any, advice: str) -> ValueError:
    return ValueError(f"Wanted: {wanted}. Received: {received}. {advice}")


def checked_text(text: Any, limit: int, wanted: str) -> str:
    """The text without surrounding white space, if it is neither empty nor too long.

    Args:
        text: From the page.
        limit: The number of characters that are allowed.
        wanted: What the text is, such as "a sentence".

    Example:
        >>> checked_text(" A man sleeps. ", 1000, "a sentence")
        'A man sleeps.'
    """
    text = _string(text, limit, wanted).strip()
    if not text:
        raise _refused(wanted, "nothing", "Type some words.")
    return text


def checked_prompt(text: Any, limit: int = PROMPT) -> str:
    """The prompt with its white space, if it is neither empty nor too long."""
    text = _string(text, limit, "a prompt")
    if not text:
        raise _refused("a prompt", "nothing", "Type how it begins.")
    return text


def _string(text: Any, limit: int, wanted: str) -> str:
    if not isinstance(text, str):
        raise _refused(wanted, type(text).__name__, "Type a text.")
    if len(text) > limit:
        wanted = f"{wanted} of at most {limit:,} characters"
        raise _refused(wanted, f"{len(text):,}", "Shorten it.")
    # Half of a surrogate pair is valid in Python's strings alone.
    return text.encode("utf-8", "replace").decode("utf-8")


def checked_number(value: Any, low: float, high: float, wanted: str) -> float:
    """The number, if it is between the bounds.

    Example:
        >>> checked_number(0.5, 0, 1, "a score")
        0.5
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise _refused(f"{wanted} from {low:,} to {high:,}", value, "Change it.")
    return float(value)


def checked_choice(text: Any, largest: int, wanted: str) -> int | None:
    """The whole number from 0 to `largest` in a field, None if the field is empty.

    Example:
        >>> checked_choice(" 7 ", 255, "a unit"), checked_choice("", 255, "a unit")
        (7, None)
    """
    text = _string(text or "", 100, wanted).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= largest):
        wanted = f"{wanted} from 0 to {largest:,}, or nothing"
        raise _refused(wanted, repr(text), "Change it.")
    return int(text)


def checked_image(path: Any) -> Any:
    """The image in an uploaded file, upright by its EXIF data, as a `PIL.Image`."""
    _check_file(path, "an image", "Upload one.")
    with open(path, "rb") as file:
        return _image(file)


def checked_drawing(url: Any) -> Any:
    """The image in the data URL of the page's canvas, as a `PIL.Image`."""
    if not url:
        raise _refused("a digit", "nothing", "Draw one.")
    head, _, data = url.partition(",") if isinstance(url, str) else ("", "", "")
    if head != "data:image/png;base64":
        raise _refused("a drawing", "other data", "Draw a digit on the page.")
    _check_bytes(len(data), "a drawing")
    try:
        file = io.BytesIO(base64.b64decode(data, validate=True))
    except ValueError as error:
        raise _refused("a drawing", "damaged data", "Draw it again.") from error
    return _image(file)


def _image(file: BinaryIO) -> Any:
    from PIL import Image

    wanted = (
        f"an image of at most {PIXELS // 10**6} million pixels, and {EDGE:,} on a side"
    )
    try:
        # Opening reads the size; decoding, which needs memory, comes after the check.
        with (
            warnings.catch_warnings(action="ignore"),  # of the size
            Image.open(file, formats=FORMATS) as image,
        ):
            width, height = image.size
            if width * height <= PIXELS and max(width, height) <= EDGE:
                return read_image(image)
    except Image.DecompressionBombError as error:
        raise _refused(wanted, "far more", "Scale it down.") from error
    except Exception as error:  # Pillow raises many kinds for damaged files
        received = "a file that is none of them or is damaged"
        wanted = f"an image, {', '.join(FORMATS)}"
        raise _refused(wanted, received, "Upload a PNG or JPEG file.") from error
    raise _refused(wanted, f"{width:,} x {height:,}", "Scale it down.")


def checked_recording(path: Any) -> str:
    """The path of an uploaded WAV file, if it is short and its sampling rate usual."""
    _check_file(path, "a recording", "Record a word.")
    try:
        rate, samples = read_wav(path)
    except ValueError as error:
        advice = "Record it here, or convert it."
        raise _refused("a recording", "a file that is no WAV file", advice) from error
    if not RATES[0] <= rate <= RATES[1]:
        wanted = f"a recording of {RATES[0]:,} to {RATES[1]:,} samples a second"
        raise _refused(wanted, f"{rate:,}", "Convert it.")
    if len(samples) > SECONDS * rate:
        wanted = f"a recording of at most {SECONDS} seconds"
        raise _refused(wanted, f"{len(samples) / rate:,.1f}", "Cut it.")
    return str(path)


def _check_file(path: Any, wanted: str, advice: str) -> None:
    if path is None:
        raise _refused(wanted, "nothing", advice)
    _check_bytes(os.stat(path).st_size, wanted)


def _check_bytes(size: int, wanted: str) -> None:
    if size > FILE:
        wanted = f"{wanted} of at most {FILE // 2**20} MB"
        raise _refused(wanted, f"{size / 2**20:,.1f} MB", "Make it smaller.")
