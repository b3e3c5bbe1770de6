"""The base of every recurrent cell: its weights and Keras's cell protocol.

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

from seqzoo.layers.recurrent.arguments import check_step
from seqzoo.layers.recurrent.cells.chrono import chrono_bias
from seqzoo.layers.recurrent.cells.dropout import checked_rate, noise
from seqzoo.layers.recurrent.cells.twins import fresh_config
from seqzoo.layers.recurrent.matmuls import cell_weights, pre_activations
from seqzoo.layers.serializable import SerializableLayer
from seqzoo.ops.arguments import positive_integer, split_seed


def state_dtype(compute_dtype: str) -> str:
    """The dtype of states and gates: float32 for a layer in half precision.

    A cell state is a sum over all steps; in bfloat16 it would stop growing at 256
    times its increment.
    """
    return "float32" if compute_dtype in ("float16", "bfloat16") else compute_dtype


class Cell(SerializableLayer):
    """The weights that all cells have, and Keras's cell protocol.

    A new cell declares its `gates` and `state_names` and defines `equations`. It makes
    further weights in `build`, after `super().build`; `equations` gets them by name,
    and the engine computes their gradients too. `states[0]` is the output, and the
    recurrent kernel multiplies `states[recurrent_state]`, by default the output.

    Args:
        units: Number of features of the output and of every state.
        use_bias: Whether pre-activations have a bias.
        kernel_initializer: Of the weights that multiply the inputs.
        recurrent_initializer: Of the weights that multiply the last output.
        bias_initializer: Of the bias.
        update_dropout: Probability of dropping a unit of the candidate, which a
            gated cell adds to its state, at each step of training: dropout that
            leaves the memory alone (Semeniuta et al. 2016, eq. 12).
        chrono_steps: Longest time in steps that a fresh gated cell remembers. The bias
            draws a time for each unit, uniformly up to it (Tallec and Ollivier 2018);
            0 leaves the bias as it is.
        seed: Integer for the noise of training and the random times of a fresh cell;
            by default Keras's global seed. Each draw has a seed of its own, made
            from this one. Kernels have the seeds of their initializers.
        kernel_regularizer: Penalty on the kernel, as in Keras, and so for the others:
            `recurrent_regularizer`, `bias_regularizer`.
        kernel_constraint: Applied to the kernel after an update, as in Keras, and so
            for the others: `recurrent_constraint`, `bias_constraint`.
        **kwargs: `name` and `dtype` of the layer.

    Raises:
        ValueError: If `units` is not a positive integer, a rate is not in [0, 1),
            `update_dropout` is given to a cell without a candidate, or `chrono_steps`
            is 1 or given to a cell without such gates or without a bias.
    """

    gates: tuple[str, ...]  # the blocks of the kernel, in order
    state_names: Sequence[str] = ("h",)
    recurrent_state: int = 0
    delay: int = 1  # above 1: a step depends on the past through h `delay` steps ago
    joint: bool = True  # False: `equations` gets the two products apart
    # Gates that keep (1) or replace (-1) the memory of a unit, for `chrono_steps`.
    memory_gates: ClassVar[Mapping[str, int]] = {}
    time_feature: bool = False  # whether the last input feature is the time
    has_candidate: ClassVar[bool] = False  # whether `update_dropout` makes sense
    users: int = 0  # layers and wrappers that got the cell

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
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
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
        self.units = positive_integer(units, "units")
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = keras.regularizers.get(recurrent_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.recurrent_constraint = keras.constraints.get(recurrent_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.update_dropout = checked_rate(update_dropout, "update_dropout")
        self.chrono_steps = chrono_steps
        self.seed = seed
        if update_dropout:
            self.seed_generator = keras.random.SeedGenerator(
                split_seed(seed, "update_dropout")
            )

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
        """Number of input features that the kernel multiplies."""
        return input_features

    def split_inputs(self, inputs, training=False, times=None):
        """Splits inputs into features for the kernel and extras for `equations`.

        Extras are a dict of tensors, such as time gates or noise, with the axes of
        `inputs` except the last. Floating ones are differentiated; Boolean ones are
        noise.

        Args:
            inputs: Float tensor `(batch, features)` or `(batch, steps, features)`.
            training: Whether the cell is being trained.
            times: Float tensor like `inputs` without the last axis, or None.

        Raises:
            ValueError: If `times` is given to a cell that does not read it.
        """
        if times is not None:
            raise ValueError(
                f"{type(self).__name__} does not read time stamps. Received `times`; "
                "leave them out, or put them among the inputs' features."
            )
        if not (training and self.update_dropout):
            return inputs, {}
        shape = (*ops.shape(inputs)[:-1], self.units)
        return inputs, {
            "dropped": noise(shape, self.update_dropout, self.seed_generator)
        }

    def set_activations(self, activation: Any, recurrent_activation: Any) -> None:
        """Keeps the functions of candidate and output, and of the gates."""
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        # Keras's function also stores its argument in the result.
        is_sigmoid = self.recurrent_activation is keras.activations.sigmoid
        self.gate = ops.sigmoid if is_sigmoid else self.recurrent_activation

    def candidate(self, value, extras):
        """The candidate that a gated cell adds to its state, after `update_dropout`."""
        if "dropped" not in extras:
            return value
        return ops.where(extras["dropped"], 0.0, value / (1 - self.update_dropout))

    def equations(self, parts, states, weights, extras):
        """Computes new states from pre-activations and old states.

        Rows of the batch must not depend on each other, and tensors may come from the
        arguments only, because the engine differentiates by these.

        Args:
            parts: `(z,)` for a joint cell, else `(from_inputs, from_h)`; tensors
                `(batch, blocks * units)`.
            states: List of tensors `(batch, units)`.
            weights: Dict of the cell's weights besides kernels and biases.
            extras: Dict of the extras of `split_inputs` at this step. With recurrent
                dropout also "recurrent_mask", for further products of h.

        Returns:
            `(new_states, gates)`: a list like `states`, whose first is the output,
            and a dict of named tensors `(batch, units)` for `trace`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define equations().")

    def loop_weights(self) -> dict:
        """The weights of a step as tensors, by name."""
        return {variable.name: variable.value for variable in self.weights}

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (len(self.gates) * self.units,)

    def build_once(self, input_shape):
        """Builds the cell unless it is built: layers that share it share its weights.

        Raises:
            ValueError: If it is built for inputs of another number of features.
        """
        if not self.built:
            self.build(input_shape)
            return
        if input_shape[-1] != self.input_features:
            raise ValueError(
                f"{type(self).__name__} is built for inputs of {self.input_features} "
                "features, and its weights are shared by every layer that uses it. "
                f"Received: inputs of {input_shape[-1]} features. Give the layer a "
                "cell of its own."
            )

    def twin(self, purpose: str):
        """A fresh cell of the same configuration, with weights and seeds of its own."""
        return type(self).from_config(fresh_config(self.get_config(), purpose))

    def adopt(self):
        """The cell, named as its variables are stored, for one more layer to use."""
        self.name = "cell"
        self.users += 1
        return self

    def take_policy(self, policy: Any) -> None:
        """Gives the policy of a layer to a fresh cell that has none of its own."""
        own: Any = self.dtype_policy  # type: ignore[has-type]
        if not self.built and own == keras.config.dtype_policy():
            self.dtype_policy = policy

    def build(self, input_shape):
        self.input_features = input_shape[-1]
        columns = len(self.gates) * self.units
        self.kernel = self.add_weight(
            shape=(self.feature_count(input_shape[-1]), columns),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.state_size[self.recurrent_state], columns),
            initializer=self._initial_recurrent_kernel,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            name="recurrent_kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=self.bias_shape,
                initializer=self.initial_bias,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def _initial_recurrent_kernel(self, shape, dtype=None):
        # No backend orthogonalises in half precision.
        kernel = self.recurrent_initializer(
            shape, dtype=state_dtype(dtype or "float32")
        )
        return ops.cast(kernel, dtype)

    def initial_bias(self, shape, dtype=None):
        """The initial bias."""
        bias = self.bias_initializer(shape, dtype=dtype)
        if not self.chrono_steps:
            return bias
        signs = [self.memory_gates.get(gate, 0) for gate in self.gates]
        seed = split_seed(self.seed, "chrono_steps")
        added = chrono_bias(signs, self.units, self.chrono_steps, seed)
        if len(shape) == 2:  # two biases that are summed: only the inputs' changes
            added = ops.stack([added, ops.zeros_like(added)])
        return bias + ops.cast(added, bias.dtype)

    def call(self, inputs, states, times=None, training=False):
        dtype = state_dtype(self.compute_dtype)
        check_step(self, inputs, states)
        states = [ops.cast(state, dtype) for state in states]
        features, extras = self.split_inputs(inputs, training, times)
        weights = self.loop_weights()
        h = states[self.recurrent_state]
        parts = pre_activations(self.joint, features, h, weights)
        own_weights = cell_weights(weights, dtype)
        states, _ = self.equations(parts, states, own_weights, extras)
        states = [ops.cast(state, self.compute_dtype) for state in states]
        return states[0], states
