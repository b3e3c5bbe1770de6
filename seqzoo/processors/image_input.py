"""Reads images: files, bytes, `PIL.Image`s, arrays and tensors."""

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.files import as_numpy, file_name, is_file

# The formats that Pillow reads by itself. For others, such as PostScript, it starts
# programs.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
WANTED = (
    "An image must be a path, the bytes of a file, an open file, a PIL image, or an "
    "array (height, width), or (height, width, channels) with 1, 3 or 4 channels."
)


def read_image(image: Any) -> Any:
    """An image as `PIL.Image`, upright, of 8 bits a channel, without transparency.

    A file is turned as its EXIF orientation says. 16-bit grey values are divided by
    257. Transparent pixels become white, as on a page.

    Args:
        image: A path, the bytes of a file, a file that is open for reading, a
            `PIL.Image`, or an array or tensor (see `BaseImageProcessor`).

    Raises:
        ValueError: If it is no image.
        FileNotFoundError: If the path does not exist.
    """
    from PIL import Image, ImageOps

    if isinstance(image, bytes | bytearray | memoryview):
        image = io.BytesIO(image)
    if is_file(image):
        with opened_image(image) as opened:
            return _plain(ImageOps.exif_transpose(opened))
    if isinstance(image, Image.Image):
        return _plain(ImageOps.exif_transpose(image))
    return _plain(Image.fromarray(_bytes(image)))


@contextlib.contextmanager
def opened_image(file: Any) -> Iterator[Any]:
    """A file as `PIL.Image` whose size is known and whose pixels are not read yet.

    Args:
        file: A path, or a file that is open for reading.

    Raises:
        ValueError: If it is no image of `FORMATS`, is damaged (also while the pixels
            are read), or has more pixels than Pillow allows. It names the file.
        FileNotFoundError: If the path does not exist.
    """
    from PIL import Image

    name = file_name(file)
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of a large size
            Image.open(file, formats=FORMATS) as image,
        ):
            yield image
    except Image.UnidentifiedImageError as error:
        reason = "Pillow cannot identify it"
        if isinstance(file, str | os.PathLike) and not os.path.getsize(file):
            reason = "it is empty"
        raise _no_image(name, reason) from error
    except Image.DecompressionBombError as error:
        raise _no_image(name, f"{str(error).rstrip('.')}. Scale it down") from error
    except OSError as error:
        if error.errno is not None:  # of the file system; it names the path
            raise
        raise _no_image(name, error) from error
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise _no_image(name, error) from error


def _no_image(name: str, reason: Any) -> ValueError:
    text = " ".join(str(reason).split()).rstrip(".") or type(reason).__name__
    return ValueError(
        f"{name} is no image that can be read: {text}. "
        f"Give a file of {', '.join(FORMATS)}, such as a PNG or JPEG file."
    )


def _plain(image: Any) -> Any:
    """A `PIL.Image` of 8 bits a channel, without transparency."""
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray(_eight_bits(image))
    if image.mode in ("I", "F"):
        array = np.asarray(image)
        low, high = float(array.min()), float(array.max())
        scale: float = 1 if high <= 255 else 257  # an integer image of 8 or of 16 bits
        if image.mode == "F":
            scale = 1 / 255 if high <= 1 else 1
        if not (low >= 0 and high / scale <= 255):  # NaN, too
            raise ValueError(
                "Grey values must be from 0 to 1, to 255 or, as integers, to 65535. "
                f"Received: an image of mode {image.mode}, from {low:g} to {high:g}. "
                "Scale them."
            )
        return Image.fromarray(np.round(array / scale).astype("uint8"))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    image.load()
    return image


def _eight_bits(image: Any) -> Array:
    """The grey values of a 16-bit `PIL.Image`, divided by 257."""
    return np.round(np.asarray(image).astype("float32") / 257).astype("uint8")


def _bytes(image: Any) -> Array:
    """An array as uint8 `(height, width)` or `(height, width, 3 or 4)`."""
    array = as_numpy(image)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    is_image = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (3, 4))
    if not is_image or not array.size or array.dtype.kind not in "uif":
        advice = ""
        if array.ndim == 3 and array.shape[0] in (1, 3, 4):
            advice = " Move the channels to the end."
        elif array.ndim == 4:
            advice = " Give a batch alone, not in a list."
        raise ValueError(
            f"{WANTED} Received: {type(image).__name__} of shape {array.shape}, dtype "
            f"{array.dtype}.{advice}"
        )
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        if not (low >= 0 and high <= 1):  # NaN, too
            raise ValueError(
                "Floating pixels must be from 0 to 1. Received: values from "
                f"{low} to {high}. Divide by 255, or give uint8."
            )
        array = np.round(array * 255)
    elif low < 0 or high > 255:
        raise ValueError(
            f"Pixels must be from 0 to 255. Received: values from {low} to {high}. "
            "Divide 16-bit values by 257."
        )
    return array.astype("uint8")
