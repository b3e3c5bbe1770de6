"""The gated recurrent unit, its reset before or after the product."""

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
from keras import ops

from seqzoo.layers.recurrent.cells.base import Cell


@keras.saving.register_keras_serializable("seqzoo")
class GRUCell(Cell):
    """The gated recurrent unit (Cho et al. 2014, eqs. 5-8).

        z, r = sigmoid of the first two blocks of x @ kernel + h @ recurrent_kernel
        reset_after:  g = tanh(x_g + b_g + r * (h @ R_g + recurrent_b_g))
        else:         g = tanh(x_g + b_g + (r * h) @ R_g)
        h' = z * h + (1 - z) * g

    `reset_after=False` is the paper's. `True`, the default of Keras and PyTorch, resets
    after the product and is faster: the paper's form needs a second product a step and
    sums the gradient of R_g inside the loop.

    Args:
        units: Number of features of the state and output.
        reset_after: Whether the reset gate comes after the recurrent product. Then
            the bias has shape `(2, 3 * units)`, inputs' and recurrent.
        activation: Name or function in the place of tanh.
        recurrent_activation: Name or function in the place of the gates' sigmoid.
        **kwargs: Those of `Cell`.

    Example:
        >>> from seqzoo.layers import GRUCell, Recurrent
        >>> tuple(Recurrent(GRUCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    gates = ("z", "r", "h")
    joint = False
    has_candidate = True
    memory_gates: ClassVar[Mapping[str, int]] = {"z": 1}  # and 1 - z replaces

    def __init__(
        self,
        units: int,
        reset_after: bool = True,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        self.set_activations(activation, recurrent_activation)
        self.reset_after = reset_after

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        columns = 3 * self.units
        return (2, columns) if self.reset_after else (columns,)

    def loop_weights(self) -> dict:
        """The weights of a step as tensors, by name."""
        weights = super().loop_weights()
        if self.reset_after:
            if self.use_bias:
                bias = weights["bias"]
                weights |= {"bias": bias[0], "recurrent_bias": bias[1]}
        else:
            recurrent_kernel = weights["recurrent_kernel"]
            weights["recurrent_kernel"] = recurrent_kernel[:, : 2 * self.units]
            weights["candidate_kernel"] = recurrent_kernel[:, 2 * self.units :]
        return weights

    def equations(self, parts, states, weights, extras):
        x_z, x_r, x_g = ops.split(parts[0], 3, axis=-1)  # each (batch, units)
        (h,) = states
        if self.reset_after:
            h_z, h_r, h_g = ops.split(parts[1], 3, axis=-1)
        else:
            h_z, h_r = ops.split(parts[1], 2, axis=-1)
        z, r = self.gate(x_z + h_z), self.gate(x_r + h_r)
        if self.reset_after:
            g = self.activation(x_g + r * h_g)
        else:
            read = h * extras["recurrent_mask"] if "recurrent_mask" in extras else h
            g = self.activation(x_g + ops.matmul(r * read, weights["candidate_kernel"]))
        gates = {"update_gate": z, "reset_gate": r, "candidate": g}
        return [z * h + (1 - z) * self.candidate(g, extras)], gates
