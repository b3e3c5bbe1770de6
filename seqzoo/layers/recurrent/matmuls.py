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


def few_features(weights):
    """Whether the inputs' product is so small that it had better be part of another."""
    return 8 * weights["kernel"].shape[0] <= weights["recurrent_kernel"].shape[0]


def with_stacked_kernel(weights):
    """The weights, and for few features kernel and recurrent_kernel in one.

    A product with only some rows is slow out of proportion, so [x, h] is multiplied
    by [kernel; recurrent_kernel] at once. With many features that gains nothing.
    """
    if not few_features(weights):
        return weights
    stacked = ops.concatenate([weights["kernel"], weights["recurrent_kernel"]])
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


def blocks_of(part, units):
    """The gates' blocks of a part, `(batch, units)` each.

    A loop keeps them apart, since XLA does not vectorise what reads a block out of a
    row out of a longer array.
    """
    return ops.split(part, part.shape[-1] // units, axis=-1)


def whole(blocks):
    """The part that `blocks_of` took apart; XLA leaves out both if a cell splits it."""
    return ops.concatenate(blocks, axis=-1)


def product_gradients(weights, inputs, h, d_parts):
    """The gradients of kernels and biases, of all steps at once."""
    dtype = weights["kernel"].dtype
    h = ops.cast(h, dtype)
    d_first, d_last = (_rows(ops.cast(d_parts[k], dtype)) for k in (0, -1))
    if "stacked_kernel" in weights:
        # One product, which reads the longest tensor of the layer once.
        both = ops.concatenate([inputs, h, ops.ones_like(h[..., :1])], axis=-1)
        d_both = ops.matmul(ops.transpose(_rows(both)), d_first)
        features = inputs.shape[-1]
        gradients = {
            "kernel": d_both[:features],
            "recurrent_kernel": d_both[features:-1],
            "bias": d_both[-1],
        }
        return {name: gradients[name] for name in gradients if name in weights}
    gradients = {
        "kernel": ops.matmul(ops.transpose(_rows(inputs)), d_first),
        "recurrent_kernel": ops.matmul(ops.transpose(_rows(h)), d_last),
    }
    for name, d_part in (("bias", d_parts[0]), ("recurrent_bias", d_parts[-1])):
        if name in weights:
            gradients[name] = ops.cast(ops.sum(d_part, axis=(0, 1)), dtype)
    return gradients


def _rows(tensor):
    return ops.reshape(tensor, (-1, tensor.shape[-1]))
