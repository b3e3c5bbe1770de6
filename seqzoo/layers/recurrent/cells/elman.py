"""Cells without gates: Elman's, leaky, with a delay, and with recurrent outputs."""

from typing import Any

import keras
import numpy as np
from keras import ops

from seqzoo.layers.recurrent.cells.base import Cell
from seqzoo.ops.arguments import positive_integer


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
        (z,) = parts
        return [self.activation(z)], {}


@keras.saving.register_keras_serializable("seqzoo")
class LeakyCell(ElmanCell):
    """Leaky units, each with a time constant (Jaeger et al. 2007, eq. 2).

        h' = (1 - 1/tau) * h + 1/tau * activation(x @ kernel + h @ recurrent + bias)

    A unit remembers for about tau steps: without input h decays by 1 - 1/tau a step.
    tau = 1 is `ElmanCell`.

    Args:
        units: Number of features of the state and output.
        time_constants: Initial tau in steps, at least 1: one number, or `(shortest,
            longest)` for values evenly spaced over the units on a logarithmic scale.
        learned: Whether tau is learned, as a weight `leak_logit` `(units,)` with
            1/tau = sigmoid(leak_logit). Then tau must start above 1.
        **kwargs: Those of `ElmanCell`.

    Raises:
        ValueError: If a time constant is below 1, or is 1 and learned.

    Example:
        >>> from seqzoo.layers import LeakyCell, Recurrent
        >>> cell = LeakyCell(4, time_constants=(2.0, 100.0))
        >>> tuple(Recurrent(cell)(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    def __init__(
        self,
        units: int,
        time_constants: Any = (2.0, 20.0),
        learned: bool = True,
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        bounds = np.broadcast_to(np.asarray(time_constants, "float64"), (2,))
        if bounds.min() < 1 or (learned and bounds.min() == 1):
            raise ValueError(
                "`time_constants` are at least 1 step, and above 1 if they are "
                f"learned. Received: time_constants={time_constants}, "
                f"learned={learned}"
            )
        self.time_constants = tuple(float(bound) for bound in bounds)
        self.learned = learned

    def build(self, input_shape):
        super().build(input_shape)
        if self.learned:
            leak = 1 / self._initial_constants()
            self.leak_logit = self.add_weight(
                shape=(self.units,),
                initializer=lambda shape, dtype=None: ops.cast(
                    np.log(leak / (1 - leak)), dtype
                ),
                name="leak_logit",
            )

    def _initial_constants(self):
        return np.geomspace(*self.time_constants, self.units)

    def equations(self, parts, states, weights, extras):
        (z,) = parts
        (h,) = states
        if self.learned:
            leak = ops.sigmoid(weights["leak_logit"])
        else:
            leak = ops.cast(1 / self._initial_constants(), h.dtype)
        return [h + leak * (self.activation(z) - h)], {}


@keras.saving.register_keras_serializable("seqzoo")
class SkipCell(ElmanCell):
    """Recurrent connections over a delay D (Lin et al. 1996, NARX networks).

        h_t = activation(x_t @ kernel + h_(t-D) @ recurrent_kernel + bias)

    From step 0 to step T the gradient takes T/D products with the recurrent kernel
    instead of `ElmanCell`'s T, so it reaches D times as far before it vanishes. Two
    steps are connected only if their distance is a multiple of D; stack the layer with
    one of delay 1.

    Without a mask, the D unconnected sequences run side by side in T/D steps (Chang et
    al. 2017, section 2.1). With a mask the delay counts real steps, and memory grows
    with D: the states of every step are the last D outputs, the latest first.

    Args:
        units: Number of features of the states and output.
        delay: Number of steps D that a recurrent connection spans, at least 1.
        **kwargs: Those of `ElmanCell`.

    Raises:
        ValueError: If `delay` is not a positive integer.

    Example:
        >>> from seqzoo.layers import Recurrent, SkipCell
        >>> tuple(Recurrent(SkipCell(4, delay=2))(keras.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    recurrent_state = -1

    def __init__(self, units: int, delay: int, **kwargs):
        super().__init__(units, **kwargs)
        self.delay = delay = positive_integer(delay, "delay")
        self.state_names = tuple(f"h_{steps}" for steps in range(1, delay + 1))

    def equations(self, parts, states, weights, extras):
        (z,) = parts
        return [self.activation(z), *states[:-1]], {}


@keras.saving.register_keras_serializable("seqzoo")
class OutputRecurrentCell(ElmanCell):
    """A network whose only recurrent connections come from its output (Jordan 1986).

        h_t = activation(x_t @ kernel + y_(t-1) @ recurrent_kernel + bias)
        y_t = output_activation(h_t @ output_kernel + output_bias)

    The state is y, and the network remembers nothing else. The true y are known in
    training; with these as y_(t-1), all steps run at once (`teacher_forced`).

    Args:
        units: Number of hidden features.
        outputs: Number of features of y, which is both state and output.
        output_activation: Name or function; None is linear.
        output_initializer: Of the `output_kernel`, `(units, outputs)`.
        **kwargs: Those of `ElmanCell`.

    Raises:
        ValueError: If `outputs` is not a positive integer.

    Example:
        >>> from seqzoo.layers import OutputRecurrentCell, Recurrent
        >>> layer = Recurrent(OutputRecurrentCell(8, outputs=2), return_sequences=True)
        >>> tuple(layer(keras.ops.ones((2, 5, 3))).shape)
        (2, 5, 2)
    """

    state_names = ("y",)

    def __init__(
        self,
        units: int,
        outputs: int,
        output_activation: Any = None,
        output_initializer: Any = "glorot_uniform",
        **kwargs,
    ):
        super().__init__(units, **kwargs)
        self.outputs = positive_integer(outputs, "outputs")
        self.output_activation = keras.activations.get(output_activation)
        self.output_initializer = keras.initializers.get(output_initializer)

    @property
    def state_size(self) -> list[int]:
        """Features of every state."""
        return [self.outputs]

    def build(self, input_shape):
        super().build(input_shape)
        self.output_kernel = self.add_weight(
            shape=(self.units, self.outputs),
            initializer=self.output_initializer,
            name="output_kernel",
        )
        self.output_bias = self.add_weight(
            shape=(self.outputs,), initializer="zeros", name="output_bias"
        )

    def equations(self, parts, states, weights, extras):
        (z,) = parts
        h = self.activation(z)
        y = ops.matmul(h, weights["output_kernel"]) + weights["output_bias"]
        return [self.output_activation(y)], {"hidden": h}

    def teacher_forced(self, inputs, outputs):
        """Runs all steps at once, each from the true output before it.

        Args:
            inputs: Float tensor `(batch, steps, features)`.
            outputs: Float tensor `(batch, steps, outputs)`: the true y. The y before
                the first step is zero.

        Returns:
            Float tensor like `outputs`: the predicted y.
        """
        inputs, outputs = (
            ops.convert_to_tensor(tensor, self.compute_dtype)
            for tensor in (inputs, outputs)
        )
        self.build_once(inputs.shape)
        previous = ops.pad(outputs[:, :-1], [[0, 0], [1, 0], [0, 0]])
        return self.call(inputs, [previous])[0]
