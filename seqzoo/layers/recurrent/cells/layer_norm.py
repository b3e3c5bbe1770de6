"""Cells whose pre-activations are normalised, as in TensorFlow Addons."""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.recurrent.cells.elman import ElmanCell
from seqzoo.layers.recurrent.cells.lstm import LSTMCell


@keras.saving.register_keras_serializable("seqzoo")
class LayerNormLSTMCell(LSTMCell):
    """LSTM with layer normalisation (Ba et al. 2016, eqs. 20-22).

        norm(z; gain, shift) = gain * (z - mean(z)) / sqrt(var(z) + epsilon) + shift
        i, f, g, o = split(norm(x @ kernel) + norm(h @ recurrent_kernel) + bias)
        c' = norm(sigmoid(f) * c + sigmoid(i) * tanh(g))
        h' = sigmoid(o) * tanh(c')

    Mean and variance are over the features. States are `[h, c]`. As in TensorFlow
    Addons, whose weights fit in the same order, the state is kept normalised; the
    paper normalises it only on its way to h.

    Args:
        units: Number of features of the states and output.
        epsilon: Added to the variance.
        **kwargs: Those of `LSTMCell`.

    Example:
        >>> from seqzoo.layers import LayerNormLSTMCell, Recurrent
        >>> tuple(Recurrent(LayerNormLSTMCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    joint = False
    norms = ("kernel", "recurrent", "state")

    def __init__(self, units: int, epsilon: float = 1e-3, **kwargs):
        super().__init__(units, **kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        super().build(input_shape)
        for norm, blocks in zip(self.norms, (4, 4, 1), strict=True):
            for name, initializer in (("gain", "ones"), ("shift", "zeros")):
                weight = self.add_weight(
                    shape=(blocks * self.units,),
                    initializer=initializer,
                    name=f"{norm}_{name}",
                )
                setattr(self, f"{norm}_{name}", weight)

    def loop_weights(self) -> dict:
        """The weights as tensors by the names that `pre_activations` uses."""
        weights = _bias_to_equations(super().loop_weights())
        for norm in self.norms:
            for name in (f"{norm}_gain", f"{norm}_shift"):
                weights[name] = getattr(self, name).value
        return weights

    def equations(self, parts, states, weights, extras):
        """See the class; `Cell.equations` explains the arguments."""

        def norm(value, name):
            value = normalized(value, self.epsilon)
            return weights[f"{name}_gain"] * value + weights[f"{name}_shift"]

        z = norm(parts[0], "kernel") + norm(parts[1], "recurrent")
        z = z + weights["gate_bias"] if self.use_bias else z
        (_, c), gates = super().equations((z,), states, weights, extras)
        c = norm(c, "state")
        return [gates["output_gate"] * ops.tanh(c), c], gates

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("seqzoo")
class LayerNormElmanCell(ElmanCell):
    """The simple recurrent network with layer normalisation (Ba et al. 2016, eq. 4).

        norm(z; gain) = gain * (z - mean(z)) / sqrt(var(z) + epsilon)
        h' = activation(norm(x @ kernel + h @ recurrent_kernel) + bias)

    `LayerNormSimpleRNNCell` of TensorFlow Addons; the bias is the norm's shift.

    Args:
        units: Number of features of the state and output.
        epsilon: Added to the variance.
        **kwargs: Those of `ElmanCell`.

    Example:
        >>> from seqzoo.layers import LayerNormElmanCell, Recurrent
        >>> tuple(Recurrent(LayerNormElmanCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    def __init__(self, units: int, epsilon: float = 1e-5, **kwargs: Any):
        super().__init__(units, **kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(
            shape=(self.units,), initializer="ones", name="gain"
        )

    def loop_weights(self) -> dict:
        """The weights as tensors by the names that `pre_activations` uses."""
        weights = _bias_to_equations(super().loop_weights())
        return {**weights, "gain": self.gain.value}

    def equations(self, parts, states, weights, extras):
        """See the class; `Cell.equations` explains the arguments."""
        z = weights["gain"] * normalized(parts[0], self.epsilon)
        z = z + weights["gate_bias"] if self.use_bias else z
        return [self.activation(z)], {}

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}


def normalized(value, epsilon: float):
    """`value` with mean 0 and variance 1 over its features."""
    centred = value - ops.mean(value, axis=-1, keepdims=True)
    variance = ops.mean(centred**2, axis=-1, keepdims=True)
    return centred * ops.rsqrt(variance + epsilon)


def _bias_to_equations(weights: dict) -> dict:
    """The bias under a name that the products do not know: it follows the norm."""
    if "bias" in weights:
        weights["gate_bias"] = weights.pop("bias")
    return weights
