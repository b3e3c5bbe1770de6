"""`Recurrent` runs any cell over a sequence."""

import keras
from keras import ops

from seqzoo.layers.recurrent import engine
from seqzoo.layers.recurrent.cells import Cell, checked_rate, serialized
from seqzoo.layers.recurrent.matmuls import state_dtype


@keras.saving.register_keras_serializable("seqzoo")
class Recurrent(keras.layers.Layer):
    """A cell run over the steps of a sequence.

        parts_t = x_t @ kernel + h_{t-1} @ recurrent_kernel + bias
        h_t, ... = cell's equations(parts_t, states_{t-1})

    The layer owns the products, the loop and the gradient (`engine.py`); the cell
    is its equations. Outputs stand in the order of the inputs, also with
    `reverse=True` (`keras.layers.RNN(go_backwards=True)` puts out the last first).

    A step that the mask leaves out keeps the states as they are and puts out zero.
    So a padded row gives the same outputs at its real steps, the same last output
    and the same states as the row without its padding, in both directions.

    Dropout is variational (Gal and Ghahramani 2016, section 4): one mask for a
    sequence multiplies its inputs, another one h before every recurrent product.
    Dropout between layers alone, anew at each step (Zaremba et al. 2014), is
    `keras.layers.Dropout` between them; that of the update is the cell's.

    On TensorFlow, training is compiled by XLA, anew for every shape of inputs, and so
    is inference: in a graph that knows the shape, and eagerly from the ninth call with
    it; until then one graph serves all shapes. In half precision the products are in
    half precision and the states inside the loop in float32.

    Args:
        cell: A `seqzoo.layers.Cell`. It is renamed "cell".
        return_sequences: Whether to return the outputs of all steps or the last.
        return_state: Whether to return the states after the run too.
        reverse: Whether to run from the last step to the first.
        stateful: Whether a call begins with the states the last one ended with,
            until `reset_state()`. Needs a fixed batch size. No gradient flows from
            call to call (truncated backpropagation through time).
        dropout: Probability of dropping a feature of the inputs in training.
        recurrent_dropout: Probability of dropping a unit of h in training.
        norm_stabilizer: Weight beta of a penalty on outputs whose length changes,
            beta * mean over t of (|h_t| - |h_(t-1)|)^2, added to the loss in
            training (Krueger and Memisevic 2016, eq. 1).
        seed: Integer for the dropout masks; by default Keras's global seed.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`, at least one step.
        mask: Boolean tensor `(batch, steps)`, True = real; all real by default.
        initial_state: A list of tensors `(batch, units)`, one a state (or the
            tensor alone, for one state); zeros by default. Passing on the states
            that a call returned continues its sequence: the chunks' outputs are
            those of the whole.
        times: Float tensor `(batch, steps)`, when each step takes place, for cells
            that read the time.
        training: Whether dropout is active.

    Returns:
        Float tensor `(batch, steps, units)`, or `(batch, units)` without
        `return_sequences`: h after the last step that is real (the first, in
        reverse). With `return_state`, a tuple of that and each state.

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
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(cell, Cell):
            raise ValueError(
                "`cell` must be a seqzoo.layers.Cell, such as LSTMCell(64); "
                f"keras.layers.RNN runs other cells. Received: cell={cell!r}"
            )
        if norm_stabilizer < 0:
            raise ValueError(
                "`norm_stabilizer` is the weight of a penalty, at least 0. "
                f"Received: norm_stabilizer={norm_stabilizer}"
            )
        cell.name = "cell"  # variables are stored as .../cell/kernel
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.reverse = reverse
        self.stateful = stateful
        self.dropout = checked_rate(dropout, "dropout")
        self.recurrent_dropout = checked_rate(recurrent_dropout, "recurrent_dropout")
        self.norm_stabilizer = norm_stabilizer
        self.seed = seed
        if dropout or recurrent_dropout:
            self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self.states: list | None = None  # of a stateful layer
        self._run = engine.recurrence(cell, reverse)

    def build(self, inputs_shape):
        self.cell.build((inputs_shape[0], inputs_shape[-1]))
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

    def call(self, inputs, mask=None, initial_state=None, times=None, training=False):
        variables, noise = self._variables(inputs, initial_state, times, training)
        constants = {"noise": noise}
        if mask is not None:
            constants["mask"] = self._checked_mask(mask, inputs)
        if training and self.recurrent_dropout:
            h = variables["states"][self.cell.recurrent_state]
            constants["recurrent_mask"] = self._drop(
                ops.ones_like(h), self.recurrent_dropout
            )
        outputs, states = self._run(training, variables, constants)
        if self.stateful:
            for variable, state in zip(self.states, states, strict=True):
                variable.assign(state)
        if training and self.norm_stabilizer:
            penalty = norm_instability(outputs, constants.get("mask"))
            self.add_loss(self.norm_stabilizer * penalty)
        states = [ops.cast(state, self.compute_dtype) for state in states]
        if self.return_sequences:
            outputs = ops.cast(outputs, self.compute_dtype)
        else:
            outputs = states[0]
        return (outputs, *states) if self.return_state else outputs

    def trace(self, inputs, mask=None, initial_state=None, times=None) -> dict:
        """Every gate and state at every step, by name, in inference.

        Arguments are those of a call.

        Returns:
            A dict of tensors `(batch, steps, units)`, such as "forget_gate" and
            "c"; zero where the mask leaves a step out.
        """
        inputs = ops.convert_to_tensor(inputs, self.compute_dtype)
        if not self.built:
            self.build(inputs.shape)
        variables, _ = self._variables(inputs, initial_state, times, training=False)
        if mask is not None:
            mask = self._checked_mask(mask, inputs)
        return engine.trace(self.cell, variables, mask, self.reverse)

    def reset_state(self):
        """Set the states of a stateful layer back to zero."""
        for variable in self.states or []:
            variable.assign(ops.zeros(variable.shape, variable.dtype))

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
        if not self.return_state:
            return outputs_mask
        return (outputs_mask, *(None for _ in self.cell.state_size))

    def get_config(self):
        return {
            **super().get_config(),
            "cell": serialized(self.cell),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "reverse": self.reverse,
            "stateful": self.stateful,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "norm_stabilizer": self.norm_stabilizer,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A fresh layer; the cell comes back from its own config."""
        cell = keras.saving.deserialize_keras_object(
            config["cell"], custom_objects=custom_objects
        )
        return cls(**{**config, "cell": cell})

    def _variables(self, inputs, initial_state, times, training):
        """What the engine differentiates, and the noise, which it does not."""
        if len(inputs.shape) != 3 or inputs.shape[1] == 0:
            raise ValueError(
                "`inputs` must have shape (batch, steps, features) with at least "
                f"one step. Received: inputs of shape {tuple(inputs.shape)}"
            )
        if times is not None and len(times.shape) != 2:
            raise ValueError(
                "`times` must have shape (batch, steps), like `inputs` of shape "
                f"{tuple(inputs.shape)}. Received: times of shape {tuple(times.shape)}"
            )
        inputs = ops.cast(inputs, self.compute_dtype)
        features, extras = self.cell.split_inputs(inputs, training, times)
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
            "states": self._initial_state(inputs, initial_state, dtype),
            "weights": self.cell.loop_weights(),
        }
        return variables, noise

    def _drop(self, ones, rate):
        return keras.random.dropout(ones, rate, seed=self.seed_generator)

    def _initial_state(self, inputs, initial_state, dtype) -> list:
        names = self.cell.state_names
        if initial_state is None:
            if self.stateful:
                initial_state = [variable.value for variable in self.states or []]
            else:
                initial_state = self.cell.get_initial_state(ops.shape(inputs)[0])
        elif not isinstance(initial_state, list | tuple):
            initial_state = [initial_state]
        if len(initial_state) != len(names):
            raise ValueError(
                f"{type(self.cell).__name__} has {len(names)} states "
                f"({', '.join(names)}). Received: {len(initial_state)} tensors in "
                "`initial_state`"
            )
        return [ops.cast(state, dtype) for state in initial_state]

    def _checked_mask(self, mask, inputs):
        fits = len(mask.shape) == 2 and all(
            None in sizes or sizes[0] == sizes[1]
            for sizes in zip(mask.shape, inputs.shape[:2], strict=True)
        )
        if not fits:
            raise ValueError(
                "`mask` must have shape (batch, steps), True = real, like `inputs` "
                f"of shape {tuple(inputs.shape)}. Received: mask of shape "
                f"{tuple(mask.shape)}"
            )
        return ops.cast(mask, "bool")


def norm_instability(outputs, mask=None):
    """How much the length of h changes from step to step, squared, on average.

    Args:
        outputs: Float tensor `(batch, steps, units)`.
        mask: Boolean tensor `(batch, steps)`; only steps that are real, after steps
            that are real, count.
    """
    # The root has no slope at 0, where an output of zeros would give NaN.
    lengths = ops.sqrt(ops.sum(ops.square(outputs), axis=-1) + 1e-12)
    changes = ops.square(lengths[:, 1:] - lengths[:, :-1])
    real = ops.ones_like(changes)
    if mask is not None:
        both = ops.logical_and(mask[:, 1:], mask[:, :-1])
        real = ops.cast(both, changes.dtype)
    return ops.sum(changes * real) / ops.maximum(ops.sum(real), 1.0)
