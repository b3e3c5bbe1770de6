"""A recurrence over a delay of D steps, as D recurrences side by side.

    h_t = f(x_t, h_(t-D)):   steps k, k + D, k + 2D, ... depend on each other alone

These steps are one phase of the sequence. The D phases of every sequence run as a batch
D times as large, through T/D steps (Chang et al. 2017, Dilated recurrent neural
networks, section 2.1), so that the overhead of a step is paid D times less often.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

from seqzoo.ops.types import Tensor


def split_phases(run: Callable[..., Any], delay: int, reverse: bool) -> Callable:
    """`run` of `engine.recurrence` on the phases of the sequences.

    Falls back to `run` on the whole sequences if there is a mask, because the delay
    counts real steps, or if the length is unknown or below the delay.

    Args:
        run: The recurrence. It also accepts the state of a single phase: the cell puts
            out its new state and reads the last of its states.
        delay: D, at least 1.
        reverse: Whether `run` goes from the last step to the first.
    """

    def run_phases(training, variables, constants):
        steps = variables["inputs"].shape[1]
        known = isinstance(steps, int)
        if delay == 1 or "mask" in constants or not known or steps < delay:
            return run(training, variables, constants)
        missing = -steps % delay  # to a multiple of the delay; these steps run last
        before, after = (missing, 0) if reverse else (0, missing)

        def phases(tensors):
            padding = [[0, 0], [before, after], [0, 0]]
            return {
                name: _to_phases(ops.pad(tensor, padding), delay)
                for name, tensor in tensors.items()
            }

        # Step k of a forward run reads the state of D - k steps before the first.
        states = variables["states"]
        states = ops.stack(states if reverse else states[::-1], axis=1)  # (B, D, U)
        variables = {
            **variables,
            **phases({"inputs": variables["inputs"]}),
            "extras": phases(variables["extras"]),
            "states": [ops.reshape(states, (-1, states.shape[-1]))],  # (B * D, U)
        }
        constants = {**constants, "noise": phases(constants["noise"])}
        if "recurrent_mask" in constants:
            mask = constants["recurrent_mask"]
            constants["recurrent_mask"] = ops.repeat(mask, delay, axis=0)  # (B * D, U)
        outputs, _ = run(training, variables, constants)
        outputs = _from_phases(outputs, delay)[:, before : before + steps]  # (B, T, U)
        last = range(delay) if reverse else range(steps - 1, steps - delay - 1, -1)
        return outputs, [outputs[:, t] for t in last]

    return run_phases


def _to_phases(tensor: Tensor, delay: int) -> Tensor:
    """(batch, steps, features) to (batch * delay, steps / delay, features)."""
    _, steps, features = tensor.shape
    tensor = ops.reshape(tensor, (-1, steps // delay, delay, features))
    tensor = ops.swapaxes(tensor, 1, 2)  # (batch, delay, steps / delay, features)
    return ops.reshape(tensor, (-1, steps // delay, features))


def _from_phases(tensor: Tensor, delay: int) -> Tensor:
    """The inverse of `_to_phases`."""
    _, steps, features = tensor.shape
    tensor = ops.reshape(tensor, (-1, delay, steps, features))
    tensor = ops.swapaxes(tensor, 1, 2)  # (batch, steps, delay, features)
    return ops.reshape(tensor, (-1, steps * delay, features))
