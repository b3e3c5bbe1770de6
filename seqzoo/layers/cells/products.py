"""The matrix products of a step, which every cell leaves to the engine."""

from keras import ops

PRODUCT_WEIGHTS = (
    "kernel",
    "recurrent_kernel",
    "stacked_kernel",
    "bias",
    "recurrent_bias",
)


def state_dtype(compute_dtype: str) -> str:
    """States and gates of a half-precision layer are kept in float32.

    A cell state is a sum over all steps; in bfloat16 it would stop growing at 256
    times its increment.
    """
    return "float32" if compute_dtype in ("float16", "bfloat16") else compute_dtype


def with_stacked_kernel(weights):
    """The weights, and for few features kernel and recurrent_kernel in one.

    A product with only some rows is slow out of proportion, so [x, h] is multiplied
    by [kernel; recurrent_kernel] at once. With many features that gains nothing.
    """
    kernel, recurrent_kernel = weights["kernel"], weights["recurrent_kernel"]
    if 8 * kernel.shape[0] > recurrent_kernel.shape[0]:
        return weights
    stacked = ops.concatenate([kernel, recurrent_kernel])
    return {**weights, "stacked_kernel": stacked}


def from_inputs(inputs, weights, dtype):
    """The inputs' part of the pre-activations, of one step or of all."""
    part = ops.matmul(inputs, weights["kernel"])
    return ops.cast(part + weights["bias"] if "bias" in weights else part, dtype)


def from_h(h, weights):
    """The recurrent part of the pre-activations."""
    kernel = weights["recurrent_kernel"]
    part = ops.matmul(ops.cast(h, kernel.dtype), kernel)
    if "recurrent_bias" in weights:
        part = part + weights["recurrent_bias"]
    return ops.cast(part, h.dtype)


def pre_activations(joint, inputs, h, weights):
    """What the equations start from.

        joint:    (inputs @ kernel + h @ recurrent_kernel + bias,)
        separate: (inputs @ kernel + bias, h @ recurrent_kernel + recurrent_bias)

    Args:
        joint: Whether the two products are added.
        inputs: Float tensor `(batch, features)`.
        h: Float tensor `(batch, units)`, in the dtype of the states.
        weights: Dict of tensors: "kernel", "recurrent_kernel" and, if the cell has
            them, "bias" and "recurrent_bias".

    Returns:
        A tuple of tensors `(batch, columns of the kernel)`, in the dtype of `h`.
    """
    if joint:
        return joint_part(inputs, h, weights)
    return from_inputs(inputs, weights, h.dtype), from_h(h, weights)


def joint_part(inputs, h, weights):
    """Both products in one sum; see `pre_activations`."""
    if "stacked_kernel" in weights:
        both = ops.concatenate([inputs, ops.cast(h, inputs.dtype)], axis=-1)
        stacked = {**weights, "kernel": weights["stacked_kernel"]}
        return (from_inputs(both, stacked, h.dtype),)
    return (from_inputs(inputs, weights, h.dtype) + from_h(h, weights),)


def own_weights(weights: dict, dtype: str) -> dict:
    """The weights that a cell's equations read, in the dtype of the states."""
    return {
        name: ops.cast(value, dtype)
        for name, value in weights.items()
        if name not in PRODUCT_WEIGHTS
    }
