"""Recurrent cells: each is its equations, and nothing else.

A cell is a Keras layer with Keras's cell protocol, so `keras.layers.RNN(cell)`
takes it. `seqzoo.layers.Recurrent` runs it faster: it owns the matrix products,
the loop over the steps and the gradient, and asks a cell only for `equations`.
Packing is Keras's (LSTM i, f, c, o; GRU z, r, h), and so is the order of the
weights: kernel, recurrent_kernel, bias, then whatever a cell adds.
"""

from typing import Any, ClassVar

import keras
from keras import ops

PRODUCT_WEIGHTS = (
    "kernel",
    "recurrent_kernel",
    "stacked_kernel",
    "bias",
    "recurrent_bias",
)


def state_dtype(compute_dtype: str) -> str:
    """States and gates of a half-precision layer are kept in float32.

    A cell state is a sum over all steps; in bfloat16 it would stop growing at 256
    times its increment.
    """
    return "float32" if compute_dtype in ("float16", "bfloat16") else compute_dtype


def with_stacked_kernel(weights):
    """The weights, and for few features kernel and recurrent_kernel in one.

    A product with only some rows is slow out of proportion, so [x, h] is multiplied
    by [kernel; recurrent_kernel] at once. With many features that gains nothing.
    """
    kernel, recurrent_kernel = weights["kernel"], weights["recurrent_kernel"]
    if 8 * kernel.shape[0] > recurrent_kernel.shape[0]:
        return weights
    stacked = ops.concatenate([kernel, recurrent_kernel])
    return {**weights, "stacked_kernel": stacked}


def from_inputs(inputs, weights, dtype):
    """The inputs' part of the pre-activations, of one step or of all."""
    part = ops.matmul(inputs, weights["kernel"])
    return ops.cast(part + weights["bias"] if "bias" in weights else part, dtype)


def from_h(h, weights):
    """The recurrent part of the pre-activations."""
    kernel = weights["recurrent_kernel"]
    part = ops.matmul(ops.cast(h, kernel.dtype), kernel)
    if "recurrent_bias" in weights:
        part = part + weights["recurrent_bias"]
    return ops.cast(part, h.dtype)


def pre_activations(joint, inputs, h, weights):
    """What the equations start from.

        joint:    (inputs @ kernel + h @ recurrent_kernel + bias,)
        separate: (inputs @ kernel + bias, h @ recurrent_kernel + recurrent_bias)

    Args:
        joint: Whether the two products are added.
        inputs: Float tensor `(batch, features)`.
        h: Float tensor `(batch, units)`, in the dtype of the states.
        weights: Dict of tensors: "kernel", "recurrent_kernel" and, if the cell has
            them, "bias" and "recurrent_bias".

    Returns:
        A tuple of tensors `(batch, columns of the kernel)`, in the dtype of `h`.
    """
    if joint:
        return joint_part(inputs, h, weights)
    return from_inputs(inputs, weights, h.dtype), from_h(h, weights)


def joint_part(inputs, h, weights):
    """Both products in one sum; see `pre_activations`."""
    if "stacked_kernel" in weights:
        both = ops.concatenate([inputs, ops.cast(h, inputs.dtype)], axis=-1)
        stacked = {**weights, "kernel": weights["stacked_kernel"]}
        return (from_inputs(both, stacked, h.dtype),)
    return (from_inputs(inputs, weights, h.dtype) + from_h(h, weights),)


class Cell(keras.layers.Layer):
    """What all cells share: their weights and Keras's cell protocol.

    A new cell states its `gates` and `state_names`, writes `equations`, and, if it
    has weights besides kernel, recurrent_kernel and bias, makes them in `build`
    (after `super().build`) and adds them to `loop_weights`. The engine gives their
    gradients too. States and outputs have `units` features, and `states[0]` is
    both the output and what the recurrent kernel multiplies.

    Args:
        units: Number of features of the output and of every state.
        use_bias: Whether pre-activations have a bias.
        kernel_initializer: Of the weights that multiply the inputs.
        recurrent_initializer: Of the weights that multiply the last output.
        bias_initializer: Of the bias.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If `units` is not a positive integer.
    """

    gates: ClassVar[tuple[str, ...]]  # the blocks of the kernel, in order
    state_names: ClassVar[tuple[str, ...]] = ("h",)
    joint: bool = True  # False: `equations` gets the two products apart

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(
                f"`units` must be a positive integer. Received: units={units!r}"
            )
        self.units = units
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    @property
    def state_size(self) -> list[int]:
        """Features of every state."""
        return [self.units] * len(self.state_names)

    @property
    def output_size(self) -> int:
        """Features of the output."""
        return self.units

    def get_initial_state(self, batch_size=None) -> list:
        """Zeros, one tensor `(batch, units)` a state."""
        return [
            ops.zeros((batch_size, size), dtype=self.compute_dtype)
            for size in self.state_size
        ]

    def feature_count(self, input_features: int) -> int:
        """How many features of the input the kernel multiplies."""
        return input_features

    def split_inputs(self, inputs, training=False):
        """The features for the kernel, and a tuple of extras for `equations`.

        A cell that reads a time stamp, or that needs fresh noise at every step,
        overrides this. Extras have the axes of `inputs`, but for the last.

        Args:
            inputs: Float tensor `(batch, features)` or `(batch, steps, features)`.
            training: Whether the cell is being trained.
        """
        return inputs, ()

    def equations(self, parts, states, weights, extras):
        """The cell: from pre-activations and old states to new states.

        Rows of the batch must not depend on each other, and nothing but the
        arguments may be read, which the engine differentiates.

        Args:
            parts: `(z,)` for a joint cell, else `(from_inputs, from_h)`; tensors
                `(batch, blocks * units)`.
            states: List of tensors `(batch, units)`.
            weights: Dict of the cell's own weights (without kernels and biases).
            extras: Tuple of what `split_inputs` gave, at this step.

        Returns:
            `(new_states, gates)`: a list like `states`, whose first is the output,
            and a dict of named tensors `(batch, units)` for `trace`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no equations.")

    def loop_weights(self) -> dict:
        """The weights as tensors by the names that `pre_activations` uses."""
        names = ["kernel", "recurrent_kernel", *(["bias"] if self.use_bias else [])]
        return {name: getattr(self, name).value for name in names}

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (len(self.gates) * self.units,)

    def build(self, input_shape):
        columns = len(self.gates) * self.units
        self.kernel = self.add_weight(
            shape=(self.feature_count(input_shape[-1]), columns),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, columns),
            initializer=self.recurrent_initializer,
            name="recurrent_kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self.bias_shape, initializer=self.initial_bias, name="bias"
            )

    def initial_bias(self, shape, dtype=None):
        """The value that the bias starts from."""
        return self.bias_initializer(shape, dtype=dtype)

    def call(self, inputs, states, training=False):
        dtype = state_dtype(self.compute_dtype)
        states = [ops.cast(state, dtype) for state in states]
        features, extras = self.split_inputs(inputs, training)
        weights = self.loop_weights()
        parts = pre_activations(self.joint, features, states[0], weights)
        own = own_weights(weights, dtype)
        states, _ = self.equations(parts, states, own, extras)
        states = [ops.cast(state, self.compute_dtype) for state in states]
        return states[0], states

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            **{
                name: keras.initializers.serialize(getattr(self, name))
                for name in (
                    "kernel_initializer",
                    "recurrent_initializer",
                    "bias_initializer",
                )
            },
        }


def serialized(cell: Cell) -> dict:
    """The cell for the config of a layer, which builds it under its own name."""
    config = keras.saving.serialize_keras_object(cell)
    return {key: config[key] for key in config if key != "build_config"}


def own_weights(weights: dict, dtype: str) -> dict:
    """The weights that a cell's equations read, in the dtype of the states."""
    return {
        name: ops.cast(value, dtype)
        for name, value in weights.items()
        if name not in PRODUCT_WEIGHTS
    }


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
