"""Stochastic depth."""

from typing import Any

import keras
from keras import ops

from seqzoo.ops.types import Tensor


@keras.saving.register_keras_serializable("seqzoo")
class DropPath(keras.layers.Layer):
    """Drops a branch of a residual network, row by row (Huang et al. 2016, eq. 2).

        training:   outputs = x keep / (1 - rate),  keep ~ Bernoulli(1 - rate), a row
        inference:  outputs = x

    Huang et al. scale at inference instead; the expectation is the same.

    Args:
        rate: Probability of dropping the branch of a row.
        seed: Seed of the random numbers.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        x: Float tensor `(batch, ...)`: the branch, before it is added to the shortcut.
        training: Whether branches are dropped.

    Returns:
        Float tensor like `x`.

    Raises:
        ValueError: If `rate` is not in [0, 1).
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        if not 0 <= rate < 1:
            raise ValueError(f"`rate` must be in [0, 1). Received: rate={rate}")
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed) if rate else None

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        if not (training and self.rate):
            return x
        shape = (ops.shape(x)[0], *(1,) * (len(x.shape) - 1))  # (B, 1, ..., 1)
        keep = keras.random.uniform(shape, seed=self.seed_generator) >= self.rate
        return x * ops.cast(keep, x.dtype) / (1 - self.rate)
