"""One step of a recurrence: its inputs, and the function that computes it.

Letters in comments: T steps, B batch, F features of an input, U units, G columns of the
kernels (units times gates).
"""

from keras import ops

from seqzoo.layers.recurrent.matmuls import (
    cell_weights,
    input_product,
    merge_gates,
    pre_activations,
    recurrent_product,
    split_gates,
    stack_kernels,
    stacking_pays,
)

# Up to this batch size a step takes as long as reading its kernels from memory.
SMALL_BATCH = 8


def step_sequences(variables, constants):
    """The tensors that each step reads a slice of, with the steps first."""
    sequences = {
        "inputs": ops.swapaxes(variables["inputs"], 0, 1),  # (T, B, F)
        "extras": swap_steps(variables["extras"]),
        "noise": swap_steps(constants["noise"]),
    }
    if "mask" in constants:
        sequences["mask"] = ops.transpose(constants["mask"])[..., None]  # (T, B, 1)
    return sequences


def recurrent_mask_of(constants):
    """The dropout mask of h, for cells that multiply h by a matrix of their own."""
    return {k: constants[k] for k in constants if k == "recurrent_mask"}


def swap_steps(tensors):
    """Swaps batch and steps of every tensor in a dict."""
    return {name: ops.swapaxes(tensor, 0, 1) for name, tensor in tensors.items()}


def multiply_inputs(cell, sequences, variables):
    """Multiplies all inputs by the kernel before the loop, where the cell needs it.

    A cell that keeps both products separate needs it. For a joint cell it saves time if
    the batch is small, because a step then reads one kernel and not two; with a larger
    batch it only costs memory.
    """
    batch = sequences["inputs"].shape[1]
    small = isinstance(batch, int) and batch <= SMALL_BATCH
    if cell.joint and not (small and not stacking_pays(variables["weights"])):
        return sequences
    sequences = dict(sequences)
    dtype = variables["states"][0].dtype
    inputs = sequences.pop("inputs")
    product = input_product(inputs, variables["weights"], dtype)  # (T, B, G)
    return {**sequences, "input_product": split_gates(product, cell.units)}


def step_function(cell, variables, constants, stack: bool = True):
    """One step, from states and a slice x of the sequences.

    Returns:
        A function that returns the new states, the gates by name, and the last of the
        pre-activations, which holds the recurrent product.
    """
    weights = variables["weights"]
    own_weights = cell_weights(weights, variables["states"][0].dtype)
    if cell.joint and stack:
        weights = stack_kernels(weights)
    recurrent_mask = recurrent_mask_of(constants)

    def step(states, x):
        h = states[cell.recurrent_state]
        if "recurrent_mask" in constants:
            h = h * constants["recurrent_mask"]
        if "inputs" in x:
            parts = pre_activations(cell.joint, x["inputs"], h, weights)
        else:
            parts = merge_gates(x["input_product"]), recurrent_product(h, weights)
            parts = (parts[0] + parts[1],) if cell.joint else parts
        extras = {**x["extras"], **x["noise"], **recurrent_mask}
        new, gates = cell.equations(parts, states, own_weights, extras)
        if "mask" in x:
            new = [
                ops.where(x["mask"], after, before)
                for after, before in zip(new, states, strict=True)
            ]
        return new, gates, parts[-1]

    return step
