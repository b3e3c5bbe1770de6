"""Times of steps, in float32 without loss."""

from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.ops.types import Tensor

# Share of the median distance between steps that rounding to float32 may change.
_TOLERANCE = 0.01


def times_tensor(times: Any) -> Tensor:
    """Times as a tensor, unless float32 is too coarse for them.

    Seconds since 1970, for instance, are multiples of 128 in float32.

    Args:
        times: Tensor, array or nested list of numbers `(batch, steps)`.

    Raises:
        ValueError: If rounding to float32 would change the distances between steps.
            Values inside a compiled function are not known and not checked.
    """
    if keras.backend.is_keras_tensor(times):
        return times
    if not ops.is_tensor(times):
        times = np.asarray(times)
        check_times(times)
        return ops.convert_to_tensor(times, "float32")
    if keras.backend.standardize_dtype(times.dtype) in ("float64", "int64", "int32"):
        try:
            array = ops.convert_to_numpy(times)
        except (NotImplementedError, TypeError):  # in a compiled function
            return times
        check_times(array)
    return times


def check_times(times: np.ndarray[Any, Any]) -> None:
    """Raises a ValueError if float32 is too coarse for the times."""
    exact = np.diff(times.astype("float64"), axis=-1)
    rounded = np.diff(times.astype("float32").astype("float64"), axis=-1)
    distances = np.abs(exact[np.isfinite(exact) & (exact != 0)])
    errors = np.abs(rounded - exact)[np.isfinite(exact)]
    if distances.size and errors.max() > _TOLERANCE * np.median(distances):
        raise ValueError(
            "`times` are too large for float32, in which the layer computes: rounding "
            f"changes distances between steps by up to {errors.max():g}, and their "
            f"median is {np.median(distances):g}. Received: times from "
            f"{np.nanmin(times)} to {np.nanmax(times)}. Subtract the first time of "
            "each sequence in float64, as in `times - times[:, :1]`."
        )
