"""Long short-term memory, with peepholes and with coupled gates."""

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
from keras import ops

from seqzoo.layers.recurrent.cells.base import Cell


@keras.saving.register_keras_serializable("seqzoo")
class LSTMCell(Cell):
    """Long short-term memory with a forget gate (Gers et al. 2000, eqs. 1-5).

        i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)
        c' = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h' = sigmoid(o) * tanh(c')

    States are `[h, c]`. Unlike in the paper there are no peepholes from c.

    Args:
        units: Number of features of the states and output.
        unit_forget_bias: Whether the forget gate's bias starts at 1, so that a fresh
            cell remembers (Jozefowicz et al. 2015, section 5). `chrono_steps` replaces
            it.
        activation: Name or function in the place of tanh.
        recurrent_activation: Name or function in the place of the gates' sigmoid.
        **kwargs: Those of `Cell`.

    Example:
        >>> from seqzoo.layers import LSTMCell, Recurrent
        >>> layer = Recurrent(LSTMCell(4), return_sequences=True)
        >>> tuple(layer(keras.ops.ones((2, 5, 3))).shape)
        (2, 5, 4)
    """

    gates: tuple[str, ...] = ("i", "f", "c", "o")
    state_names = ("h", "c")
    has_candidate = True
    memory_gates: ClassVar[Mapping[str, int]] = {"f": 1, "i": -1}

    def __init__(
        self,
        units: int,
        unit_forget_bias: bool = True,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        self.set_activations(activation, recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def initial_bias(self, shape, dtype=None):
        """The initial bias."""
        bias = super().initial_bias(shape, dtype=dtype)
        if self.unit_forget_bias and not self.chrono_steps:
            forget = ops.arange(shape[0]) // self.units == self.gates.index("f")
            bias = ops.where(forget, ops.ones_like(bias), bias)
        return bias

    def equations(self, parts, states, weights, extras):
        (z,) = parts
        _, c = states
        i, f, g, o = ops.split(z, 4, axis=-1)  # each (batch, units)
        i, f, o = self.gate(i), self.gate(f), self.gate(o)
        g = self.activation(g)
        c = f * c + i * self.candidate(g, extras)
        h = o * self.activation(c)
        gates = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o}
        return [h, c], gates


@keras.saving.register_keras_serializable("seqzoo")
class PeepholeLSTMCell(LSTMCell):
    """LSTM whose gates read the cell state (Gers and Schmidhuber 2000, eqs. 1-6).

        i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)
        i, f = sigmoid(i + peep_i(c)), sigmoid(f + peep_f(c))
        c' = f * c + i * tanh(g)
        o = sigmoid(o + peep_o(c'))
        h' = o * tanh(c')

    States are `[h, c]`. A peephole is a weight a unit, `peep(c) = p * c`, as in the
    paper, or a full matrix, `peep(c) = c @ P`, which costs two more products a step
    and sums their gradient inside the loop.

    Args:
        units: Number of features of the states and output.
        peephole: "diagonal" or "full".
        peephole_initializer: Of the `peephole_kernel`, `(3, units)` or `(units,
            3 * units)`, in the order i, f, o.
        **kwargs: Those of `LSTMCell`.

    Raises:
        ValueError: If `peephole` is neither.

    Example:
        >>> from seqzoo.layers import PeepholeLSTMCell, Recurrent
        >>> layer = Recurrent(PeepholeLSTMCell(4), return_sequences=True)
        >>> tuple(layer(keras.ops.ones((2, 5, 3))).shape)
        (2, 5, 4)
    """

    def __init__(
        self,
        units: int,
        peephole: str = "diagonal",
        peephole_initializer: Any = "glorot_uniform",
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        if peephole not in ("diagonal", "full"):
            raise ValueError(
                "`peephole` must be 'diagonal' or 'full'. "
                f"Received: peephole={peephole!r}"
            )
        self.peephole = peephole
        self.peephole_initializer = keras.initializers.get(peephole_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        diagonal = self.peephole == "diagonal"
        self.peephole_kernel = self.add_weight(
            shape=(3, self.units) if diagonal else (self.units, 3 * self.units),
            initializer=self.peephole_initializer,
            name="peephole_kernel",
        )

    def equations(self, parts, states, weights, extras):
        (z,) = parts
        _, c = states
        i, f, g, o = ops.split(z, 4, axis=-1)
        peep_i, peep_f, peep_o = self._peepholes(weights["peephole_kernel"])
        i, f = self.gate(i + peep_i(c)), self.gate(f + peep_f(c))
        g = self.activation(g)
        c = f * c + i * self.candidate(g, extras)
        o = self.gate(o + peep_o(c))
        h = o * self.activation(c)
        gates = {"input_gate": i, "forget_gate": f, "candidate": g, "output_gate": o}
        return [h, c], gates

    def _peepholes(self, kernel):
        """The peepholes of the gates i, f and o: three functions of the cell state."""
        if self.peephole == "diagonal":
            return [lambda c, k=k: kernel[k] * c for k in range(3)]
        return [lambda c, p=p: ops.matmul(c, p) for p in ops.split(kernel, 3, axis=-1)]


@keras.saving.register_keras_serializable("seqzoo")
class CoupledLSTMCell(LSTMCell):
    """LSTM that forgets as much as it adds (Greff et al. 2017, CIFG).

        f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)
        c' = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(g)
        h' = sigmoid(o) * tanh(c')

    States are `[h, c]`. It has three quarters of an LSTM's parameters, and c stays in
    [-1, 1].

    Args:
        units: Number of features of the states and output.
        **kwargs: Those of `LSTMCell`.

    Example:
        >>> from seqzoo.layers import CoupledLSTMCell, Recurrent
        >>> tuple(Recurrent(CoupledLSTMCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    gates = ("f", "c", "o")
    memory_gates: ClassVar[Mapping[str, int]] = {"f": 1}  # and 1 - f replaces

    def equations(self, parts, states, weights, extras):
        (z,) = parts
        _, c = states
        f, g, o = ops.split(z, 3, axis=-1)
        f, o = self.gate(f), self.gate(o)
        g = self.activation(g)
        c = f * c + (1 - f) * self.candidate(g, extras)
        h = o * self.activation(c)
        return [h, c], {"forget_gate": f, "candidate": g, "output_gate": o}
