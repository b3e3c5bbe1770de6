"""Pooling over the real steps of padded sequences."""

from keras import ops

from seqzoo.ops.types import Tensor

LOWEST = -60000.0  # finite in float16, too


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    """The mean over the real steps; 0 for a row of padding alone.

    Args:
        x: Float tensor `(batch, steps, features)`.
        mask: Boolean tensor `(batch, steps)`, True = real.

    Returns:
        Float tensor `(batch, features)`.
    """
    real = ops.expand_dims(mask, -1)  # (batch, steps, 1)
    # Selected, not multiplied: padding that is not finite would stay so.
    total = ops.sum(ops.where(real, x, ops.zeros_like(x)), axis=1)
    return total / ops.maximum(ops.sum(ops.cast(real, x.dtype), axis=1), 1.0)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    """The maximum over the real steps; 0 for a row of padding alone.

    Arguments and result are those of `masked_mean`.
    """
    real = ops.expand_dims(mask, -1)  # (batch, steps, 1)
    highest = ops.max(ops.where(real, x, LOWEST), axis=1)
    return ops.where(ops.any(real, axis=1), highest, 0.0)
