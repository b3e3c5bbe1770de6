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
    Addons, whose weights have the same order, c' is the normalised state; in the paper
    only h' reads it normalised.

    Args:
        units: Number of features of the states and output.
        epsilon: Added to the variance; 1e-3 as in TensorFlow Addons.
        gain_initializer: Of the gains.
        shift_initializer: Of the shifts.
        **kwargs: Those of `LSTMCell`.

    Example:
        >>> from seqzoo.layers import LayerNormLSTMCell, Recurrent
        >>> tuple(Recurrent(LayerNormLSTMCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    joint = False
    norms = ("kernel", "recurrent", "state")

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-3,
        gain_initializer: Any = "ones",
        shift_initializer: Any = "zeros",
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        self.epsilon = epsilon
        self.gain_initializer = keras.initializers.get(gain_initializer)
        self.shift_initializer = keras.initializers.get(shift_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        for norm, blocks in zip(self.norms, (4, 4, 1), strict=True):
            for name, initializer in (
                ("gain", self.gain_initializer),
                ("shift", self.shift_initializer),
            ):
                self.add_weight(
                    shape=(blocks * self.units,),
                    initializer=initializer,
                    name=f"{norm}_{name}",
                )

    def loop_weights(self) -> dict:
        return _rename_bias(super().loop_weights())

    def equations(self, parts, states, weights, extras):

        def norm(value, name):
            value = normalized(value, self.epsilon)
            return weights[f"{name}_gain"] * value + weights[f"{name}_shift"]

        z = norm(parts[0], "kernel") + norm(parts[1], "recurrent")
        z = z + weights["gate_bias"] if self.use_bias else z
        (_, c), gates = super().equations((z,), states, weights, extras)
        c = norm(c, "state")
        return [gates["output_gate"] * self.activation(c), c], gates


@keras.saving.register_keras_serializable("seqzoo")
class LayerNormElmanCell(ElmanCell):
    """The simple recurrent network with layer normalisation (Ba et al. 2016, eq. 4).

        norm(z; gain) = gain * (z - mean(z)) / sqrt(var(z) + epsilon)
        h' = activation(norm(x @ kernel + h @ recurrent_kernel) + bias)

    `LayerNormSimpleRNNCell` of TensorFlow Addons; the bias is the norm's shift.

    Args:
        units: Number of features of the state and output.
        epsilon: Added to the variance; 1e-5 as in TensorFlow Addons.
        gain_initializer: Of the gain; the bias has `bias_initializer`.
        **kwargs: Those of `ElmanCell`.

    Example:
        >>> from seqzoo.layers import LayerNormElmanCell, Recurrent
        >>> tuple(Recurrent(LayerNormElmanCell(4))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    def __init__(
        self,
        units: int,
        epsilon: float = 1e-5,
        gain_initializer: Any = "ones",
        **kwargs: Any,
    ):
        super().__init__(units, **kwargs)
        self.epsilon = epsilon
        self.gain_initializer = keras.initializers.get(gain_initializer)

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(
            shape=(self.units,), initializer=self.gain_initializer, name="gain"
        )

    def loop_weights(self) -> dict:
        return _rename_bias(super().loop_weights())

    def equations(self, parts, states, weights, extras):
        z = weights["gain"] * normalized(parts[0], self.epsilon)
        z = z + weights["gate_bias"] if self.use_bias else z
        return [self.activation(z)], {}


def normalized(value, epsilon: float):
    """Scales `value` to mean 0 and variance 1 over its features."""
    centred = value - ops.mean(value, axis=-1, keepdims=True)
    variance = ops.mean(centred**2, axis=-1, keepdims=True)
    return centred * ops.rsqrt(variance + epsilon)


def _rename_bias(weights: dict) -> dict:
    """Hides the bias from the products: `equations` adds it after the norm."""
    if "bias" in weights:
        weights["gate_bias"] = weights.pop("bias")
    return weights
