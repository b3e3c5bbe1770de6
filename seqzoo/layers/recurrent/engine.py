"""The loop over the steps and its gradient, once for every recurrent cell.

The path from a layer to a cell, with B batch, T steps, F features of an input, U units,
G = gates * U:

    Recurrent.call                    inputs (B, T, F)
      split_phases (dilation.py)        a cell with a delay: more rows, fewer steps
      run                               picks the function for training or inference
      compile_loop (backend.py)         XLA, a graph, or eager
      with_gradient (backend.py)        `forward`, with `backward` as its gradient
      forward
        multiply_inputs (step.py)       all inputs at once, if that pays: (T, B, G)
        scan (backend.py)               for t = 0 ... T - 1, states (B, U):
          step_function (step.py)
            pre_activations               parts (B, G) of x_t (B, F) and h (B, U)
            Cell.equations                new states (B, U)
        keeps                           states before each step (T, B, U), parts
                                        (T, B, G)
    returns outputs (B, T, U) and last states (B, U)

    backward                          gradients by outputs (B, T, U), last states (B, U)
        scan (backend.py)               for t = T - 1 ... 0, gradients by states (B, U):
          step
            vjp of Cell.equations         d_parts (B, G), gradients by old states (B, U)
            d_parts @ kernel^T            gradient by h (B, U), added to these
        weight_gradients (matmuls.py)   all steps at once: kernels (F, G) and (U, G)
    returns gradients by inputs (B, T, F), extras, first states (B, U) and weights

Autodiff of the loop would form the gradients of the kernels at every step; under XLA on
a CPU that is many times slower. Gradients of gradients are autodiff's, of both loops.

Inside, tensors have T steps first, then B batch, then features.
"""

from keras import ops

from seqzoo.layers.recurrent import backend
from seqzoo.layers.recurrent.dilation import split_phases
from seqzoo.layers.recurrent.matmuls import (
    cell_weights,
    merge_gates,
    split_gates,
    stack_kernels,
    weight_gradients,
)
from seqzoo.layers.recurrent.step import (
    multiply_inputs,
    recurrent_mask_of,
    step_function,
    step_sequences,
    swap_steps,
)

# Run eagerly up to this many steps, such as those of a stream: tracing costs more.
EAGER_STEPS = 4


def recurrence(cell, reverse: bool):
    """The compiled loop over `cell`.

    Args:
        cell: A `Cell`.
        reverse: Whether to run from the last step to the first.

    Returns:
        A function `(training, variables, constants)` that returns `(outputs, states)`:
        the outputs `(batch, steps, units)`, in the order of the inputs, and the
        list of states after the run. `variables` is a dict of the differentiated
        tensors: "inputs" `(batch, steps, features)`, "extras" (a dict of tensors like
        inputs), "states" (a list of tensors `(batch, units)`) and "weights" (those of
        `cell.loop_weights`). `constants` holds "noise", a dict of Boolean
        tensors like the extras, and may hold "mask", Boolean `(batch, steps)`, True
        = real: other steps leave the states as they are and put out zero; and
        "recurrent_mask" `(batch, units)`, which multiplies h before the recurrent
        product. Inference keeps nothing for a gradient, which runs the loop again.
    """

    def forward(variables, constants):
        last, before, parts = _run_and_keep(cell, reverse, variables, constants)
        residuals = variables, constants, before, parts
        h, last_h = before[0], last[0][None]  # (T, B, U), (1, B, U)
        outputs = [last_h, h[:-1]] if reverse else [h[1:], last_h]
        outputs = ops.swapaxes(ops.concatenate(outputs), 0, 1)  # (B, T, U)
        if "mask" in constants:
            outputs = ops.where(constants["mask"][..., None], outputs, 0)
        return (outputs, last), residuals

    def backward(residuals, cotangents):
        return _backward(cell, reverse, residuals, cotangents)

    def inference_forward(variables, constants):
        return _infer(cell, reverse, variables, constants), (variables, constants)

    def inference_backward(arguments, cotangents):
        _, residuals = forward(*arguments)
        return backward(residuals, cotangents)

    # The compiled function holds the whole loop, transposes included. Otherwise
    # TensorFlow passes tensors of its own gradients from one compiled function to the
    # other as constants, and XLA compiles again whenever a weight changes.
    train = backend.compile_loop(backend.with_gradient(forward, backward))
    infer = backend.compile_loop(
        backend.with_gradient(inference_forward, inference_backward)
    )

    def run(training, variables, constants):
        if training:
            return train("xla", variables, constants)
        steps = variables["inputs"].shape[1]
        few = isinstance(steps, int) and steps <= EAGER_STEPS
        return infer("eager" if few else "auto", variables, constants)

    return split_phases(run, cell.delay, reverse)


def _infer(cell, reverse, variables, constants):
    """Outputs and last states, without anything for a gradient."""
    step = step_function(cell, variables, constants)
    sequences = multiply_inputs(cell, step_sequences(variables, constants), variables)

    def step_output(states, x):
        new, _, _ = step(states, x)
        return new, ops.where(x["mask"], new[0], 0) if "mask" in x else new[0]

    last, outputs = backend.scan(step_output, variables["states"], sequences, reverse)
    return ops.swapaxes(outputs, 0, 1), last  # (B, T, U), (B, U)


def _run_and_keep(cell, reverse, variables, constants):
    """The last states, and of every step the states before it and its parts."""
    step = step_function(cell, variables, constants)
    sequences = multiply_inputs(cell, step_sequences(variables, constants), variables)

    def step_and_keep(states, x):
        new, _, product = step(states, x)
        return new, (states, split_gates(product, cell.units))

    last, (before, products) = backend.scan(
        step_and_keep, variables["states"], sequences, reverse
    )
    parts = (products,) if cell.joint else (sequences["input_product"], products)
    return last, before, parts


def _backward(cell, reverse, residuals, cotangents):
    """The gradients by `variables`, in one loop against the direction of the run."""
    variables, constants, before, parts = residuals
    d_outputs, d_last = cotangents
    sequences = step_sequences(variables, constants)  # cheaper to compute than to keep
    if "mask" in constants:
        d_outputs = ops.where(constants["mask"][..., None], d_outputs, 0)
    weights, dtype = variables["weights"], before[0].dtype
    own_weights = cell_weights(weights, dtype)
    if cell.joint:
        weights = stack_kernels(weights)
    features = sequences["inputs"].shape[-1] if "stacked_kernel" in weights else 0
    step_kernel = weights["stacked_kernel" if features else "recurrent_kernel"]
    # XLA multiplies one row by a transposed kernel in place, but copies it for more.
    one_row = before[0].shape[1] == 1
    transposed_kernel = None if one_row else ops.transpose(step_kernel)
    recurrent_mask = constants.get("recurrent_mask")

    def step(carry, x):
        d_states, d_weights = carry
        d_states = [d_states[0] + x["d_output"], *d_states[1:]]
        d_new = d_states
        if "mask" in x:
            d_new = [ops.where(x["mask"], d_state, 0) for d_state in d_states]

        def new_states(parts, states, own_weights, extras):
            extras = {**extras, **x["noise"], **recurrent_mask_of(constants)}
            return cell.equations(parts, states, own_weights, extras)[0]

        parts = tuple(merge_gates(blocks) for blocks in x["parts"])
        d_parts, d_before, d_weights_now, d_extras = backend.vjp(
            new_states, (parts, x["before"], own_weights, x["extras"]), d_new
        )
        d_product = ops.matmul(
            ops.cast(d_parts[-1], step_kernel.dtype),
            ops.transpose(step_kernel) if one_row else transposed_kernel,
        )  # (B, U), or with a stacked kernel (B, F + U)
        d_input = [d_product[:, :features]] if features else []
        d_h = ops.cast(d_product[:, features:], dtype)
        if recurrent_mask is not None:
            d_h = d_h * recurrent_mask
        d_before = list(d_before)
        d_before[cell.recurrent_state] += d_h
        if "mask" in x:
            d_before = [
                d + ops.where(x["mask"], 0, d_state)
                for d, d_state in zip(d_before, d_states, strict=True)
            ]
        d_weights = {
            name: d_weights[name] + d_weights_now[name] for name in own_weights
        }
        return (d_before, d_weights), (d_parts, d_extras, d_input)

    inputs = sequences.pop("inputs")
    sequences |= {
        "parts": parts,
        "before": before,
        "d_output": ops.swapaxes(d_outputs, 0, 1),  # (T, B, U)
    }
    zeros = {name: ops.zeros_like(value) for name, value in own_weights.items()}
    (d_states, d_own_weights), (d_parts, d_extras, d_inputs) = backend.scan(
        step, (d_last, zeros), sequences, not reverse
    )

    h = before[cell.recurrent_state]
    h = h if recurrent_mask is None else h * recurrent_mask
    d_weights = weight_gradients(weights, inputs, h, d_parts)
    for name in own_weights:
        d_weights[name] = ops.cast(d_own_weights[name], weights[name].dtype)
    if not features:
        kernel = weights["kernel"]
        d_product = ops.cast(d_parts[0], kernel.dtype)  # (T, B, G)
        d_inputs = [ops.matmul(d_product, ops.transpose(kernel))]  # (T, B, F)
    return {
        "inputs": ops.swapaxes(d_inputs[0], 0, 1),
        "extras": swap_steps(d_extras),
        "states": d_states,
        "weights": d_weights,
    }


def trace(cell, variables, mask, reverse: bool) -> dict:
    """Every gate and state of every step, by name; `(batch, steps, units)` each.

    Steps that the mask leaves out are zero.
    """
    constants = {"noise": {}} if mask is None else {"noise": {}, "mask": mask}
    step = step_function(cell, variables, constants, stack=False)

    def step_and_name(states, x):
        new, gates, _ = step(states, x)
        named = {**gates, **dict(zip(cell.state_names, new, strict=True))}
        if "mask" in x:
            named = {name: ops.where(x["mask"], y, 0) for name, y in named.items()}
        return new, named

    sequences = step_sequences(variables, constants)
    _, named = backend.scan(step_and_name, variables["states"], sequences, reverse)
    return swap_steps(named)
