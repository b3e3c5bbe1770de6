"""The loop over the steps and its gradient, once for every recurrent cell.

Forward, each step multiplies, asks the cell for its new states, and keeps the
pre-activations and the states:

    parts_t = pre_activations(x_t, h_{t-1})
    s_t = equations(parts_t, s_{t-1})

Backward, one loop carries only the gradients of the states (and of the weights
that the equations themselves read), by the cell's own vector-Jacobian product:

    d parts_t, d s_{t-1} = vjp(equations)(d s_t)
    d h_{t-1} += d parts_t @ recurrent_kernel^T

and the gradients of kernels, biases and inputs are one product each after it.
Autodiff of the loop would form them at every step; under XLA on a CPU that is many
times slower. Gradients of gradients are not defined.

Axes inside: T steps first, then B batch, then features.
"""

from keras import ops

from seqzoo.layers.recurrent import backend
from seqzoo.layers.recurrent.dilation import interleaved
from seqzoo.layers.recurrent.matmuls import (
    blocks_of,
    few_features,
    from_h,
    from_inputs,
    joint_part,
    own_weights,
    pre_activations,
    product_gradients,
    whole,
    with_stacked_kernel,
)

# So few steps cost less than tracing a graph of them: a model is built, and a stream
# is read, without.
UNCOMPILED_STEPS = 4
# Rows with which a step takes as long as its kernels take to read.
SMALL_BATCH = 8


def recurrence(cell, reverse: bool):
    """The compiled loop over `cell`.

    Args:
        cell: A `Cell`.
        reverse: Whether to run from the last step to the first.

    Returns:
        A function `(training, variables, constants)` that returns `(outputs, states)`:
        the outputs `(batch, steps, units)`, in the order of the inputs, and the
        list of states after the run. `variables` is a dict of what has gradients:
        "inputs" `(batch, steps, features)`, "extras" (a dict of tensors like
        inputs), "states" (a list of tensors `(batch, units)`) and "weights" (what
        `cell.loop_weights` gives). `constants` holds "noise", a dict of Boolean
        tensors like the extras, and may hold "mask", Boolean `(batch, steps)`, True
        = real: other steps leave the states as they are and put out zero; and
        "recurrent_mask" `(batch, units)`, which multiplies h before the recurrent
        product. At inference nothing is kept for a gradient: who asks for one has the
        loop run anew.
    """

    def forward(variables, constants):
        last, before, parts = _forward(cell, reverse, variables, constants)
        residuals = variables, constants, before, parts
        h, last_h = before[0], last[0][None]
        outputs = [last_h, h[:-1]] if reverse else [h[1:], last_h]
        outputs = ops.swapaxes(ops.concatenate(outputs), 0, 1)
        if "mask" in constants:
            outputs = ops.where(constants["mask"][..., None], outputs, 0)
        return (outputs, last), residuals

    def backward(residuals, cotangents):
        return _backward(cell, reverse, residuals, cotangents)

    def forward_alone(variables, constants):
        return _infer(cell, reverse, variables, constants), (variables, constants)

    def forward_and_backward(arguments, cotangents):
        _, residuals = forward(*arguments)
        return backward(residuals, cotangents)

    # Nothing but the loop is compiled, transposes included: TensorFlow hands the
    # constants that its own gradients need from one compiled function to the other
    # as values, and XLA would compile anew whenever a weight changes.
    training = backend.compiled(backend.with_gradient(forward, backward))
    inference = backend.compiled(
        backend.with_gradient(forward_alone, forward_and_backward)
    )

    def run(is_training, variables, constants):
        if is_training:
            return training("xla", variables, constants)
        steps = variables["inputs"].shape[1]
        few = steps is not None and steps <= UNCOMPILED_STEPS
        return inference("steps" if few else "auto", variables, constants)

    return interleaved(run, cell.delay, reverse)


def _infer(cell, reverse, variables, constants):
    """Outputs and last states alone."""
    step = _step(cell, variables, constants)
    elements = _elements(variables, constants)
    elements = _with_input_products(cell, elements, variables)

    def outputs_only(states, elements):
        new, _ = step(states, elements)
        output = new[0]
        if "mask" in elements:
            output = ops.where(elements["mask"], output, 0)
        return new, output

    last, outputs = backend.scan(outputs_only, variables["states"], elements, reverse)
    return ops.swapaxes(outputs, 0, 1), last


def _elements(variables, constants):
    """What the steps read, as a tree of tensors with the steps first."""
    elements = {
        "inputs": ops.swapaxes(variables["inputs"], 0, 1),
        "extras": _steps_first(variables["extras"]),
        "noise": _steps_first(constants["noise"]),
    }
    if "mask" in constants:
        elements["mask"] = ops.transpose(constants["mask"])[..., None]
    return elements


def _steps_first(tensors):
    return {name: ops.swapaxes(tensor, 0, 1) for name, tensor in tensors.items()}


def _with_input_products(cell, elements, variables):
    """One product with all inputs before the loop, where it is apart or pays.

    A step of a small batch then reads one kernel in place of two. For a joint cell and
    a larger batch it would cost memory, and gain nothing.
    """
    batch = elements["inputs"].shape[1]
    small = batch is not None and batch <= SMALL_BATCH
    pays = small and not few_features(variables["weights"])
    if cell.joint and not pays:
        return elements
    elements = dict(elements)
    dtype = variables["states"][0].dtype
    inputs = elements.pop("inputs")
    product = from_inputs(inputs, variables["weights"], dtype)
    return {**elements, "from_inputs": blocks_of(product, cell.units)}


def _step(cell, variables, constants):
    """One step as a function of the states: new states, and the parts that it made."""
    weights = variables["weights"]
    own = own_weights(weights, variables["states"][0].dtype)
    if cell.joint:
        weights = with_stacked_kernel(weights)

    def step(states, elements):
        h = states[cell.recurrent_state]
        if "recurrent_mask" in constants:
            h = h * constants["recurrent_mask"]
        if "inputs" in elements:
            parts = (made,) = joint_part(elements["inputs"], h, weights)
        elif cell.joint:
            parts = (made,) = (whole(elements["from_inputs"]) + from_h(h, weights),)
        else:
            made = from_h(h, weights)
            parts = whole(elements["from_inputs"]), made
        extras = {**elements["extras"], **elements["noise"]}
        new, _ = cell.equations(parts, states, own, extras)
        if "mask" in elements:
            new = [
                ops.where(elements["mask"], after, before)
                for after, before in zip(new, states, strict=True)
            ]
        return new, made

    return step


def _forward(cell, reverse, variables, constants):
    """The last states; and, of every step, the states before it and its parts."""
    step = _step(cell, variables, constants)
    elements = _elements(variables, constants)
    elements = _with_input_products(cell, elements, variables)

    def keeping(states, elements):
        new, made = step(states, elements)
        return new, (states, blocks_of(made, cell.units))

    last, (before, made) = backend.scan(keeping, variables["states"], elements, reverse)
    parts = (made,) if cell.joint else (elements["from_inputs"], made)
    return last, before, parts


def _backward(cell, reverse, residuals, cotangents):
    variables, constants, before, parts = residuals
    d_outputs, d_last = cotangents
    elements = _elements(variables, constants)  # cheaper to make than to keep
    if "mask" in constants:
        d_outputs = ops.where(constants["mask"][..., None], d_outputs, 0)
    weights, dtype = variables["weights"], before[0].dtype
    own = own_weights(weights, dtype)
    if cell.joint:
        weights = with_stacked_kernel(weights)
    features = elements["inputs"].shape[-1] if "stacked_kernel" in weights else 0
    step_kernel = weights["stacked_kernel" if features else "recurrent_kernel"]
    # XLA multiplies one row by a kernel as it lies, but more rows by a copy of its own.
    one_row = before[0].shape[1] == 1
    transposed_kernel = None if one_row else ops.transpose(step_kernel)
    recurrent_mask = constants.get("recurrent_mask")

    def step(carry, elements):
        d_states, d_own = carry
        d_states = [d_states[0] + elements["d_output"], *d_states[1:]]
        d_new = d_states
        if "mask" in elements:
            mask = elements["mask"]
            d_new = [ops.where(mask, d_state, 0) for d_state in d_states]

        parts = tuple(whole(blocks) for blocks in elements["parts"])

        def equations(parts, states, own, extras):
            return cell.equations(parts, states, own, {**extras, **elements["noise"]})

        d_parts, d_before, d_own_now, d_extras = backend.vjp(
            lambda *arguments: equations(*arguments)[0],
            (parts, elements["before"], own, elements["extras"]),
            d_new,
        )
        d_product = ops.matmul(
            ops.cast(d_parts[-1], step_kernel.dtype),
            ops.transpose(step_kernel) if one_row else transposed_kernel,
        )
        # With a stacked kernel the gradient by x_t stands before that by h.
        d_input = [d_product[:, :features]] if features else []
        d_h = ops.cast(d_product[:, features:], dtype)
        if recurrent_mask is not None:
            d_h = d_h * recurrent_mask
        d_before = list(d_before)
        d_before[cell.recurrent_state] += d_h
        if "mask" in elements:
            d_before = [
                d + ops.where(mask, 0, d_state)
                for d, d_state in zip(d_before, d_states, strict=True)
            ]
        d_own = {name: d_own[name] + d_own_now[name] for name in own}
        return (d_before, d_own), (d_parts, d_extras, d_input)

    inputs = elements["inputs"]
    elements = {
        **{key: value for key, value in elements.items() if key != "inputs"},
        "parts": parts,
        "before": before,
        "d_output": ops.swapaxes(d_outputs, 0, 1),
    }
    carry = (d_last, {name: ops.zeros_like(value) for name, value in own.items()})
    (d_states, d_own), (d_parts, d_extras, d_inputs) = backend.scan(
        step, carry, elements, not reverse
    )

    h = before[cell.recurrent_state]
    h = h if recurrent_mask is None else h * recurrent_mask
    d_weights = product_gradients(weights, inputs, h, d_parts)
    for name in own:
        d_weights[name] = ops.cast(d_own[name], weights[name].dtype)
    if not features:
        kernel = weights["kernel"]
        d_from_inputs = ops.cast(d_parts[0], kernel.dtype)
        d_inputs = [ops.matmul(d_from_inputs, ops.transpose(kernel))]
    return {
        "inputs": ops.swapaxes(d_inputs[0], 0, 1),
        "extras": _steps_first(d_extras),
        "states": d_states,
        "weights": d_weights,
    }


def trace(cell, variables, mask, reverse: bool) -> dict:
    """Every gate and state of every step, by name; `(batch, steps, units)` each.

    Steps that the mask leaves out are zero.
    """
    weights = variables["weights"]
    own = own_weights(weights, variables["states"][0].dtype)

    def step(states, elements):
        h = states[cell.recurrent_state]
        parts = pre_activations(cell.joint, elements["inputs"], h, weights)
        new, gates = cell.equations(parts, states, own, elements["extras"])
        named = {**gates, **dict(zip(cell.state_names, new, strict=True))}
        if "mask" in elements:
            real = elements["mask"]
            named = {key: ops.where(real, value, 0) for key, value in named.items()}
            new = [ops.where(real, n, s) for n, s in zip(new, states, strict=True)]
        return new, named

    constants = {"noise": {}} if mask is None else {"noise": {}, "mask": mask}
    elements = _elements(variables, constants)
    _, named = backend.scan(step, variables["states"], elements, reverse)
    return {key: ops.swapaxes(value, 0, 1) for key, value in named.items()}
