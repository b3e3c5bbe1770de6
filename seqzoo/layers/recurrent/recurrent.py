"""`Recurrent`: any cell, run over a sequence."""

import keras
import numpy as np
from keras import ops

from seqzoo.layers.recurrent import engine
from seqzoo.layers.recurrent.arguments import checked_inputs, checked_states
from seqzoo.layers.recurrent.cells import Cell, checked_cell, checked_rate
from seqzoo.layers.recurrent.cells.base import state_dtype
from seqzoo.layers.recurrent.norm_stabilizer import norm_instability
from seqzoo.layers.recurrent.times import times_tensor
from seqzoo.layers.serializable import SerializableLayer
from seqzoo.ops.arguments import split_seed


@keras.saving.register_keras_serializable("seqzoo")
class Recurrent(SerializableLayer):
    """A cell run over the steps of a sequence.

        parts_t = x_t @ kernel + h_{t-1} @ recurrent_kernel + bias
        h_t, ... = cell's equations(parts_t, states_{t-1})

    The layer computes the products, the loop and the gradient (`engine.py`); the cell
    defines the equations. Outputs are in the order of the inputs, also with
    `reverse=True`.

    At a masked step the states stay as they are and the output is zero. So a padded
    row has the same outputs at its real steps, the same last output and the same states
    as the row without padding, in both directions.

    Dropout is variational (Gal and Ghahramani 2016, section 4): one mask a sequence
    multiplies the inputs, another one h before every recurrent product. For a new mask
    at each step (Zaremba et al. 2014) put `keras.layers.Dropout` between layers; for
    dropout of the update see the cell.

    On TensorFlow, XLA compiles training once for every shape of inputs. It compiles
    inference in a graph that knows the shape, and eagerly from the ninth call with a
    shape; until then one graph serves all shapes. In half precision the products are
    in half precision and the states inside the loop in float32.

    Args:
        cell: A `seqzoo.layers.Cell`. It is renamed "cell". Layers that get the same
            cell share its weights.
        return_sequences: Whether to return the outputs of all steps or the last.
        return_state: Whether to return the states after the run too.
        reverse: Whether to run from the last step to the first.
        go_backwards: As `reverse`, but the outputs come last step first, as in Keras.
            So `keras.layers.Bidirectional(Recurrent(cell))` works.
        stateful: Whether a call starts from the last states of the call before, until
            `reset_state()`. Needs a fixed batch size. No gradient flows from call to
            call (truncated backpropagation through time). The states are variables,
            but no weights: the weights fit layers of any batch size. Files hold the
            states too, and a layer of another batch size ignores them.
        dropout: Probability of dropping a feature of the inputs in training.
        recurrent_dropout: Probability of dropping a unit of h in training.
        norm_stabilizer: Weight beta of a penalty on changes of the output's length,
            beta * mean over t of (|h_t| - |h_(t-1)|)^2, added to the loss in
            training (Krueger and Memisevic 2016, eq. 1).
        seed: Integer for the dropout masks; by default Keras's global seed.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`, at least one step.
        mask: Boolean tensor `(batch, steps)`, True = real; all real by default.
        initial_state: A list of tensors `(batch, units)`, one for each state (or the
            tensor alone, for one state); zeros by default. With the states that
            another call returned, a call continues its sequence: the outputs of the
            chunks are those of the whole.
        times: Float tensor `(batch, steps)`, the time of each step, for cells that
            read it. They stay in float32 under every dtype policy. Times for which
            float32 is too coarse, such as seconds since 1970, are refused.
        training: Whether dropout is active.

    Returns:
        Float tensor `(batch, steps, units)`, or `(batch, units)` without
        `return_sequences`: h after the last real step (the first, in reverse). With
        `return_state`, a tuple of the outputs and each state.

    Raises:
        ValueError: If the cell, the rates, or the shapes of inputs, mask or states
            are not as above.

    Example:
        >>> from seqzoo.layers import LSTMCell, Recurrent
        >>> layer = Recurrent(LSTMCell(4), return_sequences=True, return_state=True)
        >>> outputs, h, c = layer(keras.ops.ones((2, 5, 3)))
        >>> tuple(outputs.shape), tuple(c.shape)
        ((2, 5, 4), (2, 4))
    """

    def __init__(
        self,
        cell: Cell,
        return_sequences: bool = False,
        return_state: bool = False,
        reverse: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        norm_stabilizer: float = 0.0,
        seed: int | None = None,
        go_backwards: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        checked_cell(cell, "cell")
        if norm_stabilizer < 0:
            raise ValueError(
                "`norm_stabilizer` is the weight of a penalty, at least 0. "
                f"Received: norm_stabilizer={norm_stabilizer}"
            )
        if kwargs.get("dtype") is not None:
            cell.take_policy(self.dtype_policy)
        self.uncast = ("inputs", "times") if cell.time_feature else ("times",)
        self.cell = cell.adopt()
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.reverse = reverse
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.dropout = checked_rate(dropout, "dropout")
        self.recurrent_dropout = checked_rate(recurrent_dropout, "recurrent_dropout")
        self.norm_stabilizer = norm_stabilizer
        self.seed = seed
        if dropout or recurrent_dropout:
            self.seed_generator = keras.random.SeedGenerator(
                split_seed(seed, "dropout")
            )
        self.supports_masking = True
        self.states: list | None = None  # of a stateful layer
        self._run = engine.recurrence(cell, reverse or go_backwards)

    def convert_uncast(self, name, value):
        if name == "times":
            return times_tensor(value)
        if not (ops.is_tensor(value) or keras.backend.is_keras_tensor(value)):
            times_tensor(np.asarray(value)[..., -1])
        return super().convert_uncast(name, value)

    def build(self, inputs_shape):
        self.cell.build_once((inputs_shape[0], inputs_shape[-1]))
        if self.stateful:
            if inputs_shape[0] is None:
                raise ValueError(
                    "A stateful layer needs a fixed batch size. Received inputs of "
                    f"shape {inputs_shape}. Give the batch size to keras.Input."
                )
            self.states = [
                self.add_weight(
                    shape=(inputs_shape[0], size),
                    initializer="zeros",
                    trainable=False,
                    name=f"state_{name}",
                )
                for name, size in zip(
                    self.cell.state_names, self.cell.state_size, strict=True
                )
            ]

    def call(
        self,
        inputs,
        mask=None,
        initial_state=None,
        times=None,
        training=False,
        inputs_mask=None,  # Keras puts the mask of an Embedding here beside states
    ):
        mask = inputs_mask if mask is None else mask
        inputs, mask, times = checked_inputs(self, inputs, mask, times)
        variables, noise = self._variables(inputs, initial_state, times, training)
        constants = {"noise": noise}
        if mask is not None:
            constants["mask"] = mask
        if training and self.recurrent_dropout:
            h = variables["states"][self.cell.recurrent_state]
            constants["recurrent_mask"] = self._drop(
                ops.ones_like(h), self.recurrent_dropout
            )
        outputs, states = self._run(training, variables, constants)
        if self.stateful:
            for variable, state in zip(self.states, states, strict=True):
                variable.assign(ops.stop_gradient(state))
        if training and self.norm_stabilizer:
            penalty = norm_instability(outputs, constants.get("mask"))
            self.add_loss(self.norm_stabilizer * penalty)
        states = [ops.cast(state, self.compute_dtype) for state in states]
        if self.return_sequences:
            outputs = ops.cast(outputs, self.compute_dtype)
            outputs = ops.flip(outputs, axis=1) if self.go_backwards else outputs
        else:
            outputs = states[0]
        return (outputs, *states) if self.return_state else outputs

    def trace(self, inputs, mask=None, initial_state=None, times=None) -> dict:
        """Every gate and state at every step, by name, in inference.

        Arguments are those of a call.

        Returns:
            A dict of tensors `(batch, steps, units)`, such as "forget_gate" and
            "c", in the order of the inputs; zero at masked steps.
        """
        inputs = ops.convert_to_tensor(inputs, self.compute_dtype)
        times = None if times is None else times_tensor(times)
        if not self.built:
            self.build(inputs.shape)
        inputs, mask, times = checked_inputs(self, inputs, mask, times)
        variables, _ = self._variables(inputs, initial_state, times, training=False)
        reverse = self.reverse or self.go_backwards
        return engine.trace(self.cell, variables, mask, reverse)

    def reset_state(self):
        """Sets the states of a stateful layer back to zero."""
        for variable in self.states or []:
            variable.assign(ops.zeros(variable.shape, variable.dtype))

    def reset_states(self):
        """`reset_state`, by its other name in Keras."""
        self.reset_state()

    @property
    def weights(self) -> list[keras.Variable]:
        """Those of the cell; the states that a stateful layer keeps are none."""
        return self.cell.weights

    def load_own_variables(self, store):
        """Loads the states of a stateful layer, unless they are of another batch."""
        for index, variable in enumerate(self.states or []):
            saved = store[str(index)] if str(index) in store else None
            if saved is not None and saved.shape == tuple(variable.shape):
                variable.assign(saved)

    def compute_output_shape(self, inputs_shape):
        batch, steps, _ = inputs_shape
        outputs = (batch, self.cell.output_size)
        if self.return_sequences:
            outputs = (batch, steps, self.cell.output_size)
        if not self.return_state:
            return outputs
        return (outputs, *((batch, size) for size in self.cell.state_size))

    def compute_mask(self, inputs, mask=None):
        outputs_mask = mask if self.return_sequences else None
        if outputs_mask is not None and self.go_backwards:
            outputs_mask = ops.flip(outputs_mask, axis=1)
        if not self.return_state:
            return outputs_mask
        return (outputs_mask, *(None for _ in self.cell.state_size))

    def _variables(self, inputs, initial_state, times, training):
        """The tensors that the engine differentiates by, and the noise."""
        states = self._initial_state(inputs, initial_state)
        features, extras = self.cell.split_inputs(inputs, training, times)
        features = ops.cast(features, self.compute_dtype)
        if training and self.dropout:
            features = features * self._drop(
                ops.ones_like(features[:, :1]), self.dropout
            )
        dtype = state_dtype(self.compute_dtype)
        noise = {
            name: extra
            for name, extra in extras.items()
            if keras.backend.standardize_dtype(extra.dtype) == "bool"
        }
        variables = {
            "inputs": features,
            "extras": {
                name: ops.cast(extra, dtype)
                for name, extra in extras.items()
                if name not in noise
            },
            "states": [ops.cast(state, dtype) for state in states],
            "weights": self.cell.loop_weights(),
        }
        return variables, noise

    def _drop(self, ones, rate):
        return keras.random.dropout(ones, rate, seed=self.seed_generator)

    def _initial_state(self, inputs, initial_state) -> list:
        if initial_state is not None:
            return checked_states(self.cell, inputs, initial_state)
        if self.states:
            # Copies: on PyTorch `assign` changes a value in place.
            return [ops.copy(variable.value) for variable in self.states]
        return self.cell.get_initial_state(ops.shape(inputs)[0])
