"""The stock cells, each of them its equations.

Packing is Keras's (LSTM i, f, c, o; GRU z, r, h), and so is the order of the
weights: kernel, recurrent_kernel, bias, then whatever a cell adds.
"""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.cell import Cell


@keras.saving.register_keras_serializable("seqzoo")
class ElmanCell(Cell):
    """The simple recurrent network (Elman 1990, fig. 2).

        h' = activation(x @ kernel + h @ recurrent_kernel + bias)

    Args:
        units: Number of features of the state and output.
        activation: Name or function of the non-linearity.
        **kwargs: Those of `Cell`.

    Example:
        >>> from seqzoo.layers import ElmanCell, Recurrent
        >>> tuple(Recurrent(ElmanCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    gates = ("h",)

    def __init__(self, units: int, activation: Any = "tanh", **kwargs):
        super().__init__(units, **kwargs)
        self.activation = keras.activations.get(activation)

    def equations(self, parts, states, weights, extras):
        """See the class; `Cell.equations` explains the arguments."""
        (z,) = parts
        return [self.activation(z)], {}

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "activation": activation}


@keras.saving.register_keras_serializable("seqzoo")
class LSTMCell(Cell):
    """Long short-term memory with a forget gate (Gers et al. 2000, eqs. 1-5).

        i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)
        c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h' = sigmoid(o) * tanh(c')

    States are `[h, c]`. Unlike in the paper there are no peepholes from c.

    Args:
        units: Number of features of the states and output.
        unit_forget_bias: Whether the forget gate's bias starts one higher, so that
            a fresh cell remembers (Jozefowicz et al. 2015, section 5).
        **kwargs: Those of `Cell`.

    Example:
        >>> from seqzoo.layers import LSTMCell, Recurrent
        >>> layer = Recurrent(LSTMCell(4), return_sequences=True)
        >>> tuple(layer(keras.ops.ones((2, 5, 3))).shape)
        (2, 5, 4)
    """

    gates = ("i", "f", "c", "o")
    state_names = ("h", "c")

    def __init__(self, units: int, unit_forget_bias: bool = True, **kwargs):
        super().__init__(units, **kwargs)
        self.unit_forget_bias = unit_forget_bias

    def initial_bias(self, shape, dtype=None):
        """The value that the bias starts from."""
        bias = super().initial_bias(shape, dtype=dtype)
        if self.unit_forget_bias:
            forget = ops.arange(shape[0]) // self.units == self.gates.index("f")
            bias = bias + ops.cast(forget, bias.dtype)
        return bias

    def equations(self, parts, states, weights, extras):
        """See the class; `Cell.equations` explains the arguments."""
        (z,) = parts
        _, c = states
        i, f, g, o = ops.split(z, 4, axis=-1)  # each (batch, units)
        i, f, o = ops.sigmoid(i), ops.sigmoid(f), ops.sigmoid(o)
        g = ops.tanh(g)
        c = f * c + i * g
        h = o * ops.tanh(c)
        gates = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o}
        return [h, c], gates

    def get_config(self):
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


@keras.saving.register_keras_serializable("seqzoo")
class GRUCell(Cell):
    """The gated recurrent unit (Cho et al. 2014, eqs. 5-8).

        z, r = sigmoid of the first two blocks of x @ kernel + h @ recurrent_kernel
        reset_after:  g = tanh(x_g + b_g + r * (h @ R_g + recurrent_b_g))
        else:         g = tanh(x_g + b_g + (r * h) @ R_g)
        h' = z * h + (1 - z) * g

    `reset_after=False` is the paper's; `True`, the default of Keras and PyTorch,
    resets after the product, so that all products of a step are one, and is the
    faster of the two: the paper's needs a second product a step and gathers the
    gradient of R_g inside the loop.

    Args:
        units: Number of features of the state and output.
        reset_after: Whether the reset gate comes after the recurrent product. Then
            the bias has shape `(2, 3 * units)`, inputs' and recurrent.
        **kwargs: Those of `Cell`.

    Example:
        >>> from seqzoo.layers import GRUCell, Recurrent
        >>> tuple(Recurrent(GRUCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    gates = ("z", "r", "h")
    joint = False

    def __init__(self, units: int, reset_after: bool = True, **kwargs):
        super().__init__(units, **kwargs)
        self.reset_after = reset_after

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        columns = 3 * self.units
        return (2, columns) if self.reset_after else (columns,)

    def loop_weights(self) -> dict:
        """The weights as tensors by the names that `pre_activations` uses."""
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
        """See the class; `Cell.equations` explains the arguments."""
        x_z, x_r, x_g = ops.split(parts[0], 3, axis=-1)  # each (batch, units)
        (h,) = states
        if self.reset_after:
            h_z, h_r, h_g = ops.split(parts[1], 3, axis=-1)
        else:
            h_z, h_r = ops.split(parts[1], 2, axis=-1)
        z, r = ops.sigmoid(x_z + h_z), ops.sigmoid(x_r + h_r)
        if self.reset_after:
            g = ops.tanh(x_g + r * h_g)
        else:
            g = ops.tanh(x_g + ops.matmul(r * h, weights["candidate_kernel"]))
        gates = {"update_gate": z, "reset_gate": r, "candidate": g}
        return [z * h + (1 - z) * g], gates

    def get_config(self):
        return {**super().get_config(), "reset_after": self.reset_after}
