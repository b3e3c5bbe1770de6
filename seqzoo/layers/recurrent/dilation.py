"""A recurrence over a delay of D steps, as D recurrences side by side.

    h_t = f(x_t, h_(t-D)):   steps k, k + D, k + 2D, ... see each other and no others

So the rows k = 0 ... D-1 of every sequence run as a batch D times as large through
T/D steps (Chang et al. 2017, Dilated recurrent neural networks, section 2.1), and what
a step costs beside its arithmetic is paid D times less often.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

from seqzoo.ops.types import Tensor


def interleaved(run: Callable[..., Any], delay: int, reverse: bool) -> Callable:
    """`run` of `engine.recurrence`, folded where the sequences allow it.

    They do not where a mask leaves steps out, so that the delay counts real steps
    alone, or where their length is unknown or shorter than the delay.

    Args:
        run: The recurrence, which also takes the states of one delay alone: its cell
            puts out the new state and reads the last of the states.
        delay: D, at least 1.
        reverse: Whether `run` goes from the last step to the first.
    """

    def folded_run(training, variables, constants):
        steps = variables["inputs"].shape[1]
        if delay == 1 or "mask" in constants or steps is None or steps < delay:
            return run(training, variables, constants)
        missing = -steps % delay  # steps after the last one that is run
        before, after = (missing, 0) if reverse else (0, missing)

        def folded(tensor):
            tensor = ops.pad(tensor, [[0, 0], [before, after], [0, 0]])
            return _folded(tensor, delay)

        # Step k of a forward run sees the state of D - k steps before the first.
        states = variables["states"]
        states = ops.stack(states if reverse else states[::-1], axis=1)
        variables = {
            **variables,
            "inputs": folded(variables["inputs"]),
            "extras": {name: folded(x) for name, x in variables["extras"].items()},
            "states": [ops.reshape(states, (-1, states.shape[-1]))],
        }
        noise = {name: folded(x) for name, x in constants["noise"].items()}
        constants = {**constants, "noise": noise}
        if "recurrent_mask" in constants:
            mask = constants["recurrent_mask"]
            constants["recurrent_mask"] = ops.repeat(mask, delay, axis=0)
        outputs, _ = run(training, variables, constants)
        outputs = _unfolded(outputs, delay)[:, before : before + steps]
        lasts = range(delay) if reverse else range(steps - 1, steps - delay - 1, -1)
        return outputs, [outputs[:, t] for t in lasts]

    return folded_run


def _folded(tensor: Tensor, delay: int) -> Tensor:
    """(batch, steps, features) to (batch * delay, steps / delay, features)."""
    _, steps, features = tensor.shape
    tensor = ops.reshape(tensor, (-1, steps // delay, delay, features))
    tensor = ops.swapaxes(tensor, 1, 2)
    return ops.reshape(tensor, (-1, steps // delay, features))


def _unfolded(tensor: Tensor, delay: int) -> Tensor:
    """The inverse of `_folded`."""
    _, steps, features = tensor.shape
    tensor = ops.reshape(tensor, (-1, delay, steps, features))
    tensor = ops.swapaxes(tensor, 1, 2)
    return ops.reshape(tensor, (-1, steps * delay, features))
