"""What every recurrent cell is: weights, Keras's protocol, and equations to come.

A cell is a Keras layer with Keras's cell protocol, so `keras.layers.RNN(cell)`
takes it. `seqzoo.layers.Recurrent` runs it faster: it owns the matrix products,
the loop over the steps and the gradient, and asks a cell only for `equations`.
Packing is Keras's (LSTM i, f, c, o; GRU z, r, h), and so is the order of the
weights: kernel, recurrent_kernel, bias, then whatever a cell adds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from seqzoo.layers.recurrent.matmuls import own_weights, pre_activations, state_dtype


class Cell(keras.layers.Layer):
    """What all cells share: their weights and Keras's cell protocol.

    A new cell states its `gates` and `state_names`, writes `equations`, and, if it
    has weights besides kernel, recurrent_kernel and bias, makes them in `build`
    (after `super().build`) and adds them to `loop_weights`. The engine gives their
    gradients too. `states[0]` is the output, and `states[recurrent_state]`, the
    same one unless a cell says otherwise, is what the recurrent kernel multiplies.

    Args:
        units: Number of features of the output and of every state.
        use_bias: Whether pre-activations have a bias.
        kernel_initializer: Of the weights that multiply the inputs.
        recurrent_initializer: Of the weights that multiply the last output.
        bias_initializer: Of the bias.
        update_dropout: Probability of dropping a unit of the candidate, which a
            gated cell adds to its state, at each step of training: dropout that
            never touches what is remembered (Semeniuta et al. 2016, eq. 12).
        seed: Integer for the noise of training; by default Keras's global seed.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If `units` is not a positive integer, a rate is not in [0, 1),
            a cell without a candidate is to drop it, or `chrono_steps` is below 2, or
            of a cell without such gates or without a bias.
    """

    gates: tuple[str, ...]  # the blocks of the kernel, in order
    state_names: Sequence[str] = ("h",)
    recurrent_state: int = 0
    delay: int = 1  # more: h of so many steps ago is all that a step sees of the past
    joint: bool = True  # False: `equations` gets the two products apart
    # Gates that keep (1) or replace (-1) what a unit remembers, for `chrono_steps`.
    memory_gates: ClassVar[Mapping[str, int]] = {}
    has_candidate: ClassVar[bool] = False  # whether `update_dropout` makes sense

    def __init__(
        self,
        units: int,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        update_dropout: float = 0.0,
        chrono_steps: int = 0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(units, int) or units < 1:
            raise ValueError(
                f"`units` must be a positive integer. Received: units={units!r}"
            )
        if update_dropout and not self.has_candidate:
            raise ValueError(
                f"{type(self).__name__} has no gated candidate to drop; "
                "Recurrent(cell, recurrent_dropout=...) drops h instead. "
                f"Received: update_dropout={update_dropout}"
            )
        if chrono_steps and (chrono_steps < 2 or not self.memory_gates or not use_bias):
            raise ValueError(
                "`chrono_steps` must be 0, or at least 2 for a gated cell with a bias. "
                f"Received: chrono_steps={chrono_steps} for {type(self).__name__} with "
                f"use_bias={use_bias}"
            )
        self.units = units
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.update_dropout = checked_rate(update_dropout, "update_dropout")
        self.chrono_steps = chrono_steps
        self.seed = seed
        if update_dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def state_size(self) -> list[int]:
        """Features of every state."""
        return [self.units] * len(self.state_names)

    @property
    def output_size(self) -> int:
        """Features of the output."""
        return self.state_size[0]

    def get_initial_state(self, batch_size=None) -> list:
        """Zeros, one tensor `(batch, units)` a state."""
        return [
            ops.zeros((batch_size, size), dtype=self.compute_dtype)
            for size in self.state_size
        ]

    def feature_count(self, input_features: int) -> int:
        """How many features of the input the kernel multiplies."""
        return input_features

    def split_inputs(self, inputs, training=False, times=None):
        """The features for the kernel, and a dict of extras for `equations`.

        A cell that reads a time stamp, or that needs noise at every step, adds to
        these extras. They have the axes of `inputs`, but for the last. Floating
        ones are differentiated; Boolean ones are noise.

        Args:
            inputs: Float tensor `(batch, features)` or `(batch, steps, features)`.
            training: Whether the cell is being trained.
            times: Float tensor like `inputs` without the last axis, or None.

        Raises:
            ValueError: If the cell has no use for `times`.
        """
        if times is not None:
            raise ValueError(
                f"{type(self).__name__} does not read time stamps. Received `times`; "
                "leave them out, or put them among the inputs' features."
            )
        if not (training and self.update_dropout):
            return inputs, {}
        shape = (*ops.shape(inputs)[:-1], self.units)
        dropped = noise(shape, self.update_dropout, self.seed_generator)
        return inputs, {"dropped": dropped}

    def candidate(self, value, extras):
        """What a gated cell adds to its state, after `update_dropout`."""
        if "dropped" not in extras:
            return value
        return ops.where(extras["dropped"], 0.0, value / (1 - self.update_dropout))

    def equations(self, parts, states, weights, extras):
        """The cell: from pre-activations and old states to new states.

        Rows of the batch must not depend on each other, and nothing but the
        arguments may be read, which the engine differentiates.

        Args:
            parts: `(z,)` for a joint cell, else `(from_inputs, from_h)`; tensors
                `(batch, blocks * units)`.
            states: List of tensors `(batch, units)`.
            weights: Dict of the cell's own weights (without kernels and biases).
            extras: Dict of what `split_inputs` gave, at this step.

        Returns:
            `(new_states, gates)`: a list like `states`, whose first is the output,
            and a dict of named tensors `(batch, units)` for `trace`.
        """
        raise ValueError(f"{type(self).__name__} does not define equations().")

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
            shape=(self.state_size[self.recurrent_state], columns),
            initializer=self._initial_recurrent_kernel,
            name="recurrent_kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self.bias_shape, initializer=self.initial_bias, name="bias"
            )

    def _initial_recurrent_kernel(self, shape, dtype=None):
        # No backend orthogonalises in half precision.
        exact = self.recurrent_initializer(shape, dtype=state_dtype(dtype or "float32"))
        return ops.cast(exact, dtype)

    def initial_bias(self, shape, dtype=None):
        """The value that the bias starts from."""
        bias = self.bias_initializer(shape, dtype=dtype)
        if not self.chrono_steps:
            return bias
        uniform = keras.initializers.RandomUniform(
            1.0, max(self.chrono_steps - 1.0, 1.0), seed=self.seed
        )
        log_steps = ops.log(uniform((self.units,), dtype=state_dtype(bias.dtype)))
        signs = [float(self.memory_gates.get(gate, 0)) for gate in self.gates]
        added = ops.cast(ops.concatenate([s * log_steps for s in signs]), bias.dtype)
        if len(shape) == 2:  # two biases that are added up: the inputs' alone gets it
            added = ops.stack([added, ops.zeros_like(added)])
        return bias + added

    def call(self, inputs, states, times=None, training=False):
        dtype = state_dtype(self.compute_dtype)
        states = [ops.cast(state, dtype) for state in states]
        features, extras = self.split_inputs(inputs, training, times)
        weights = self.loop_weights()
        h = states[self.recurrent_state]
        parts = pre_activations(self.joint, features, h, weights)
        own = own_weights(weights, dtype)
        states, _ = self.equations(parts, states, own, extras)
        states = [ops.cast(state, self.compute_dtype) for state in states]
        return states[0], states

    def get_config(self):
        initializers = ("kernel_initializer", "recurrent_initializer")
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "update_dropout": self.update_dropout,
            "chrono_steps": self.chrono_steps,
            "seed": self.seed,
            **{
                name: keras.initializers.serialize(getattr(self, name))
                for name in (*initializers, "bias_initializer")
            },
        }


def checked_rate(rate: float, name: str) -> float:
    """A probability of dropping something, in [0, 1)."""
    if not 0 <= rate < 1:
        raise ValueError(
            f"`{name}` is a probability, at least 0 and below 1. "
            f"Received: {name}={rate}"
        )
    return rate


def noise(shape, rate, seed_generator):
    """A Boolean tensor that is True with probability `rate`."""
    return keras.random.uniform(shape, seed=seed_generator) < rate


def serialized(cell: Cell) -> dict:
    """The cell for the config of a layer, which builds it under its own name."""
    config = keras.saving.serialize_keras_object(cell)
    return {key: config[key] for key in config if key != "build_config"}
