"""The attention weights of a transformer over the tokens of a text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from seqzoo.ops.types import Array, Tensor


@dataclass(frozen=True)
class TextAttention:
    """Which tokens each token attends to, in every layer and head.

    Attributes:
        queries: The T tokens that attend.
        keys: The S tokens that are attended to.
        weights: Float32 array `(layers, heads, T, S)`; each row sums to 1.
    """

    queries: tuple[str, ...]
    keys: tuple[str, ...]
    weights: Array

    @classmethod
    def of(
        cls, queries: Sequence[str], keys: Sequence[str], layers: Sequence[Tensor]
    ) -> "TextAttention":
        """From the weights of a batch of one: for each layer `(1, heads, T, S)`."""
        weights: Any = ops.cast(ops.concatenate(list(layers), axis=0), "float32")
        return cls(
            tuple(queries), tuple(keys), np.asarray(ops.convert_to_numpy(weights))
        )
