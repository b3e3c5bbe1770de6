"""Biases with which fresh gated cells remember for times of every length."""

from collections.abc import Sequence

import keras
from keras import ops

from seqzoo.ops.types import Tensor


def chrono_bias(
    signs: Sequence[int], units: int, longest: int, seed: int | None
) -> Tensor:
    """Biases of memory gates (Tallec and Ollivier 2018, section 3, "chrono").

        bias = sign * log(T),  T uniform in [1, longest - 1] for each unit

    Args:
        signs: For each gate 1 if it keeps the memory of a unit, -1 if it replaces it,
            else 0.
        units: Units of a gate.
        longest: Longest time that a unit remembers, in steps.
        seed: Integer; by default Keras's global seed.

    Returns:
        Float32 tensor `(gates * units,)`.
    """
    steps = keras.initializers.RandomUniform(1.0, max(longest - 1.0, 1.0), seed=seed)
    log_steps = ops.log(steps((units,), dtype="float32"))
    return ops.concatenate([sign * log_steps for sign in signs])
