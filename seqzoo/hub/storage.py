"""The precision in which weights are stored: float32, float16 or int8.

int8 takes a quarter of the bytes of float32. Each row of a large matrix has a scale:

    scale = max over the row of |w| / 127
    stored = round(w / scale)

The row is the last axis. The int8 matrix has its key in the file; its scales, float32
`(..., 1)`, have the key with `SCALE` at its end. All other weights are float16.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from seqzoo.hub.tensors import Readers

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

WEIGHTS_DTYPES = ("float32", "float16", "int8")
SCALE = ":scale"
LARGE = 4096  # elements of a matrix that is stored as int8
LONG = 16  # elements of its rows: the scale of a shorter one costs too much


def stored(weights: Mapping[str, "Array"], dtype: str) -> dict[str, "Array"]:
    """The arrays of a file that holds these weights.

    Args:
        weights: Arrays by key; those of floating point are float32.
        dtype: One of `WEIGHTS_DTYPES`.

    Raises:
        ValueError: If float16 cannot hold a weight.
    """
    arrays: dict[str, Array] = {}
    for key, exact in weights.items():
        is_large = exact.ndim > 1 and exact.size >= LARGE and exact.shape[-1] >= LONG
        if exact.dtype != "float32" or dtype == "float32":
            arrays[key] = exact
        elif dtype == "int8" and is_large:
            arrays[key], arrays[key + SCALE] = _quantized(exact)
        else:
            arrays[key] = _halved(key, exact)
    return arrays


def _quantized(exact: "Array") -> tuple["Array", "Array"]:
    """The int8 matrix and the scale of each row."""
    import numpy as np

    largest = np.abs(exact).max(axis=-1, keepdims=True)
    # With 11 bits, a scale times 127 is exact in float32. So a matrix that was read
    # from int8 has the same scales again, and saving it changes no byte.
    bits = (largest / np.float32(127)).astype("float32").view("uint32")
    scale = ((bits + 0x1000) & np.uint32(0xFFFFE000)).view("float32")
    with np.errstate(invalid="ignore"):  # rows of NaN, which loading refuses
        steps = np.rint(exact / np.where(scale == 0, np.float32(1), scale))
        return np.clip(steps, -127, 127).astype("int8"), scale


def _halved(key: str, exact: "Array") -> "Array":
    import numpy as np

    with np.errstate(over="ignore"):  # reported below
        half = exact.astype("float16")
    if not np.array_equal(np.isfinite(half), np.isfinite(exact)):
        raise ValueError(
            f"{key} holds values up to {np.abs(exact).max():.3g}; float16 ends at "
            "65504. Save with weights_dtype='float32'."
        )
    return half


def stored_exactly(weights: Mapping[str, "Array"], dtype: str) -> dict[str, "Array"]:
    """As `stored` if that changes no weight, else the weights as they are."""
    import numpy as np

    try:
        arrays = stored(weights, dtype)
    except ValueError:
        return dict(weights)
    shapes = {key: array.shape for key, array in arrays.items()}
    readers: Readers = {key: partial(arrays.__getitem__, key) for key in arrays}
    _, readers = dequantized(shapes, readers, "the model")
    is_exact = all(np.array_equal(readers[key](), weights[key]) for key in weights)
    return arrays if is_exact else dict(weights)


def dequantized(
    shapes: Mapping[str, tuple[int, ...]], readers: Readers, origin: str
) -> tuple[dict[str, tuple[int, ...]], Readers]:
    """The shapes and readers of a file's weights, int8 ones as float32.

    Args:
        shapes: Of all tensors of the file, by name.
        readers: Functions that read them.
        origin: The model, as errors name it.

    Raises:
        ValueError: If a scale has no matrix, or not one number for each row; a reader
            raises it for another dtype.
    """
    keys = [name for name in readers if not name.endswith(SCALE)]

    def read(key: str) -> "Array":
        matrix = readers[key]()
        is_int8 = matrix.dtype == "int8"
        if is_int8 != (key + SCALE in readers):
            raise ValueError(
                f"{key} of {origin} is {matrix.dtype}. A matrix must have scales if it "
                "is int8, and none if not. Fetch or save the model again."
            )
        return matrix * readers[key + SCALE]() if is_int8 else matrix

    for name in readers.keys() - keys:
        key = name.removesuffix(SCALE)
        rows = (*shapes.get(key, ())[:-1], 1)
        if key not in readers or shapes[name] != rows:
            raise ValueError(
                f"{name} of {origin} must hold a scale for each row of {key}. "
                f"Received: shape {shapes[name]}, not {rows}. Fetch or save the model "
                "again."
            )
    return {key: shapes[key] for key in keys}, {key: partial(read, key) for key in keys}
