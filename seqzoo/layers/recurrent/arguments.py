"""Checks of the arguments of a call of a recurrent layer."""

from typing import Any

from keras import ops

from seqzoo.ops.arguments import check_shapes


def checked_inputs(layer: Any, inputs: Any, mask: Any, times: Any) -> tuple:
    """Inputs, mask and times of a call; inputs and times of masked steps become zero.

    Args:
        layer: A `Recurrent`.
        inputs: As in a call of the layer.
        mask: As in a call of the layer.
        times: As in a call of the layer.

    Raises:
        ValueError: If a shape is wrong, or a stateful layer keeps other rows.
    """
    shape = tuple(inputs.shape)
    if len(shape) != 3 or shape[1] == 0:
        raise ValueError(
            "`inputs` must have shape (batch, steps, features) with at least "
            f"one step. Received: inputs of shape {shape}"
        )
    check_shapes(
        inputs=(inputs, f"batch steps {layer.cell.input_features}"),
        mask=(mask, "batch steps"),
        times=(times, "batch steps"),
    )
    rows = layer.states[0].shape[0] if layer.states else shape[0]
    if isinstance(shape[0], int) and shape[0] != rows:
        raise ValueError(
            f"This stateful layer keeps the states of {rows} sequences, its batch "
            f"size, so `inputs` must have shape ({rows}, steps, features). Received: "
            f"inputs of shape {shape}. Build another layer for other batches."
        )
    if mask is None:
        return inputs, None, times
    # Zero times NaN is NaN: padding must not reach the products of the gradient.
    mask = ops.cast(mask, "bool")
    inputs = ops.where(mask[..., None], inputs, ops.zeros_like(inputs))
    if times is not None:
        times = ops.where(mask, times, ops.zeros_like(times))
    return inputs, mask, times


def checked_states(cell: Any, inputs: Any, initial_state: Any) -> list:
    """The initial states of a call, as a list.

    Args:
        cell: The `Cell` whose states they are.
        inputs: Float tensor `(batch, steps, features)`.
        initial_state: List of tensors, or the tensor alone for one state.

    Raises:
        ValueError: If their number or a shape is wrong.
    """
    states = initial_state
    if not isinstance(states, list | tuple):
        states = [states]
    if len(states) != len(cell.state_names):
        raise ValueError(
            f"{type(cell).__name__} has {len(cell.state_names)} states "
            f"({', '.join(cell.state_names)}). Received: {len(states)} tensors in "
            "`initial_state`"
        )
    check_shapes(
        inputs=(inputs, "batch steps features"),
        **{
            f"initial_state[{index}]": (state, f"batch {size}")
            for index, (state, size) in enumerate(
                zip(states, cell.state_size, strict=True)
            )
        },
    )
    return list(states)


def check_step(cell: Any, inputs: Any, states: Any) -> None:
    """Checks the arguments of one step of a cell that is called by hand.

    Args:
        cell: The `Cell`.
        inputs: Float tensor `(batch, features)`, or `(batch, steps, features)` with
            states of as many axes.
        states: List of a tensor for each state.

    Raises:
        ValueError: If the number of states or a shape is wrong.
    """
    names = cell.state_names
    if not isinstance(states, list | tuple) or len(states) != len(names):
        raise ValueError(
            f"`states` must be a list of {len(names)} tensors "
            f"({', '.join(names)}). Received: states={states!r}"
        )
    batch = "batch" if len(inputs.shape) == 2 else "..."
    check_shapes(
        inputs=(inputs, f"{batch} {cell.input_features}"),
        **{
            f"states[{index}]": (state, f"{batch} {size}")
            for index, (state, size) in enumerate(
                zip(states, cell.state_size, strict=True)
            )
        },
    )
