"""The matrix products of a step, and the gradients of their weights.

Letters in comments: T steps, B batch, F features of an input, U units, G columns of the
kernels (units times gates).
"""

from keras import ops

PRODUCT_WEIGHTS = (
    "kernel",
    "recurrent_kernel",
    "stacked_kernel",
    "bias",
    "recurrent_bias",
)


def stacking_pays(weights):
    """Whether both kernels should be one matrix in a step.

    A product with few rows is disproportionately slow. So it pays if the kernel has at
    most 1/8 of the recurrent kernel's rows.
    """
    return 8 * weights["kernel"].shape[0] <= weights["recurrent_kernel"].shape[0]


def stack_kernels(weights):
    """Adds the "stacked_kernel" [kernel; recurrent_kernel] for [x, h] if that pays."""
    if not stacking_pays(weights):
        return weights
    stacked = ops.concatenate([weights["kernel"], weights["recurrent_kernel"]])
    return {**weights, "stacked_kernel": stacked}  # (F + U, G)


def input_product(inputs, weights, dtype):
    """The inputs' part of the pre-activations, with the bias, of one step or all."""
    product = ops.matmul(inputs, weights["kernel"])  # (..., G)
    return ops.cast(product + weights["bias"] if "bias" in weights else product, dtype)


def recurrent_product(h, weights):
    """The recurrent part of the pre-activations."""
    kernel = weights["recurrent_kernel"]
    product = ops.matmul(ops.cast(h, kernel.dtype), kernel)  # (B, G)
    if "recurrent_bias" in weights:
        product = product + weights["recurrent_bias"]
    return ops.cast(product, h.dtype)


def pre_activations(joint, inputs, h, weights):
    """The pre-activations from which a cell's equations start.

        joint:    (inputs @ kernel + h @ recurrent_kernel + bias,)
        separate: (inputs @ kernel + bias, h @ recurrent_kernel + recurrent_bias)

    Args:
        joint: Whether the two products are added.
        inputs: Float tensor `(batch, features)`.
        h: Float tensor `(batch, units)`, in the dtype of the states.
        weights: Dict of tensors: "kernel", "recurrent_kernel" and, if the cell has
            them, "bias" and "recurrent_bias"; see also `stack_kernels`.

    Returns:
        A tuple of tensors `(batch, columns of the kernel)`, in the dtype of `h`.
    """
    if joint and "stacked_kernel" in weights:
        stacked_inputs = ops.concatenate([inputs, ops.cast(h, inputs.dtype)], axis=-1)
        stacked = {**weights, "kernel": weights["stacked_kernel"]}
        return (input_product(stacked_inputs, stacked, h.dtype),)
    parts = input_product(inputs, weights, h.dtype), recurrent_product(h, weights)
    return (parts[0] + parts[1],) if joint else parts


def cell_weights(weights: dict, dtype: str) -> dict:
    """The weights that a cell's equations read, in the dtype of the states."""
    return {
        name: ops.cast(value, dtype)
        for name, value in weights.items()
        if name not in PRODUCT_WEIGHTS
    }


def split_gates(part, units):
    """Splits pre-activations into one block `(batch, units)` for each gate.

    A loop stores the blocks separately: XLA does not vectorise code that reads a block
    out of a longer row.
    """
    return ops.split(part, part.shape[-1] // units, axis=-1)


def merge_gates(blocks):
    """The inverse of `split_gates`; XLA removes both if a cell splits the result."""
    return ops.concatenate(blocks, axis=-1)


def weight_gradients(weights, inputs, h, d_parts):
    """The gradients of kernels and biases, summed over all steps.

    Args:
        weights: Dict of the weights of the products.
        inputs: Float tensor `(steps, batch, features)`.
        h: Float tensor `(steps, batch, units)`: h before each step.
        d_parts: Gradients of the pre-activations, a tuple of tensors `(steps, batch,
            columns of the kernel)`.
    """
    dtype = weights["kernel"].dtype
    h = ops.cast(h, dtype)
    d_first, d_last = (_rows(ops.cast(d_parts[k], dtype)) for k in (0, -1))
    if "stacked_kernel" in weights:
        # One product reads d_parts, the largest tensor of the layer, only once.
        factors = ops.concatenate([inputs, h, ops.ones_like(h[..., :1])], axis=-1)
        d_stacked = ops.matmul(ops.transpose(_rows(factors)), d_first)  # (F + U + 1, G)
        features = inputs.shape[-1]
        gradients = {
            "kernel": d_stacked[:features],
            "recurrent_kernel": d_stacked[features:-1],
            "bias": d_stacked[-1],
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
    return ops.reshape(tensor, (-1, tensor.shape[-1]))  # (T * B, .)
