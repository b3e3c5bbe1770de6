"""The norm stabiliser: a penalty on changes of the output's length."""

from keras import ops


def norm_instability(outputs, mask=None):
    """The mean squared change of the length of h from step to step.

    Args:
        outputs: Float tensor `(batch, steps, units)`.
        mask: Boolean tensor `(batch, steps)`; only pairs of real steps count.
    """
    # 1e-12: the root of 0 has no gradient, and an output of zeros would give NaN.
    lengths = ops.sqrt(ops.sum(ops.square(outputs), axis=-1) + 1e-12)  # (B, T)
    changes = ops.square(lengths[:, 1:] - lengths[:, :-1])
    real = ops.ones_like(changes)
    if mask is not None:
        pairs = ops.logical_and(mask[:, 1:], mask[:, :-1])  # (B, T - 1)
        real = ops.cast(pairs, changes.dtype)
    return ops.sum(changes * real) / ops.maximum(ops.sum(real), 1.0)
