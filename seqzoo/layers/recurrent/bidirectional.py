"""`Bidirectional`: two cells, run over a sequence from both ends."""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.recurrent.cells import Cell, checked_cell
from seqzoo.layers.recurrent.recurrent import Recurrent
from seqzoo.layers.serializable import SerializableLayer
from seqzoo.ops.arguments import split_seed

_MERGES: dict[str | None, Any] = {
    "concat": lambda forward, backward: ops.concatenate([forward, backward], axis=-1),
    "sum": lambda forward, backward: forward + backward,
    "average": lambda forward, backward: (forward + backward) / 2,
    "multiply": lambda forward, backward: forward * backward,
    None: lambda forward, backward: (forward, backward),
}


@keras.saving.register_keras_serializable("seqzoo")
class Bidirectional(SerializableLayer):
    """Two cells, one from each end of the sequence (Schuster and Paliwal 1997).

        outputs_t = merge(forward h_t, backward h_t)

    At step t the forward output depends on the steps up to t, the backward output on
    those from t on. Without `return_sequences` each side returns its last output, which
    for the backward side is that of the first step.

    The sides are named "forward" and "backward", also in the keys of the weights
    (`.../forward/cell/kernel`).

    Args:
        forward_cell: A `seqzoo.layers.Cell`.
        backward_cell: Another one; by default a fresh cell of the same
            configuration. It may have other units if the merge is "concat" or None.
            With the same cell twice, both sides share its weights.
        merge: "concat" (along the features), "sum", "average" or "multiply"; None
            returns the outputs of both sides.
        return_sequences: Whether to return the outputs of all steps.
        return_state: Whether to return the states of both sides too.
        stateful: As in `Recurrent`, for both sides.
        dropout: As in `Recurrent`; each side has its own masks.
        recurrent_dropout: As in `Recurrent`.
        norm_stabilizer: As in `Recurrent`, for both sides.
        seed: Integer for the dropout masks; by default Keras's global seed.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`.
        mask: Boolean tensor `(batch, steps)`, True = real. Padding changes nothing,
            as in `Recurrent`.
        initial_state: A list of tensors `(batch, units)`: the forward cell's
            states, then the backward cell's; zeros by default.
        times: As in `Recurrent`.
        training: Whether dropout is active.

    Returns:
        Float tensor `(batch, steps, features)`, or `(batch, features)` without
        `return_sequences`; with "concat" the features are forward units, then
        backward units. With `merge=None`, a tuple of two such tensors. With
        `return_state`, a tuple of that, the forward states and the backward states.

    Raises:
        ValueError: If `merge` is unknown, the units differ and it needs equal ones, or
            the number of initial states is wrong.

    Example:
        >>> from seqzoo.layers import Bidirectional, GRUCell
        >>> layer = Bidirectional(GRUCell(4), return_sequences=True)
        >>> tuple(layer(keras.ops.ones((2, 5, 3))).shape)
        (2, 5, 8)
    """

    def __init__(
        self,
        forward_cell: Cell,
        backward_cell: Cell | None = None,
        merge: str | None = "concat",
        return_sequences: bool = False,
        return_state: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        norm_stabilizer: float = 0.0,
        seed: int | None = None,
        stateful: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if merge not in _MERGES:
            raise ValueError(
                f"`merge` must be one of {', '.join(map(str, _MERGES))}. "
                f"Received: merge={merge!r}"
            )
        checked_cell(forward_cell, "forward_cell")
        if backward_cell is None:
            backward_cell = forward_cell.twin("backward")
        checked_cell(backward_cell, "backward_cell")
        if merge not in ("concat", None) and forward_cell.units != backward_cell.units:
            raise ValueError(
                f"merge={merge!r} needs cells of equal units; "
                '"concat" and None take any. Received: '
                f"{forward_cell.units} forward, {backward_cell.units} backward"
            )
        self.merge = merge
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.norm_stabilizer = norm_stabilizer
        self.seed = seed
        self.stateful = stateful
        self.supports_masking = True
        timed = forward_cell.time_feature or backward_cell.time_feature
        self.uncast = ("inputs", "times") if timed else ("times",)
        # Not `self.forward`: on PyTorch that is the call of every layer.
        self.forward_layer, self.backward_layer = (
            self.child(
                Recurrent,
                cell,
                return_sequences=return_sequences,
                return_state=True,
                reverse=reverse,
                stateful=stateful,
                dropout=dropout,
                recurrent_dropout=recurrent_dropout,
                norm_stabilizer=norm_stabilizer,
                seed=split_seed(seed, "backward" if reverse else "forward"),
                name="backward" if reverse else "forward",
            )
            for cell, reverse in ((forward_cell, False), (backward_cell, True))
        )

    def build(self, inputs_shape):
        self.forward_layer.build(inputs_shape)
        self.backward_layer.build(inputs_shape)

    def convert_uncast(self, name, value):
        return self.forward_layer.convert_uncast(name, value)

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
        arguments = {"mask": mask, "times": times, "training": training}
        first, second = self._split_states(initial_state)
        forward, *states = self.forward_layer(inputs, initial_state=first, **arguments)
        backward, *more = self.backward_layer(inputs, initial_state=second, **arguments)
        return self._gathered(_MERGES[self.merge](forward, backward), states, more)

    def reset_state(self):
        """Sets the states of both sides of a stateful layer back to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self):
        """`reset_state`, by its other name in Keras."""
        self.reset_state()

    def trace(self, inputs, mask=None, initial_state=None, times=None) -> dict:
        """`Recurrent.trace` of both sides, under "forward" and "backward"."""
        first, second = self._split_states(initial_state)
        return {
            "forward": self.forward_layer.trace(inputs, mask, first, times),
            "backward": self.backward_layer.trace(inputs, mask, second, times),
        }

    def compute_output_shape(self, inputs_shape):
        forward, *states = self.forward_layer.compute_output_shape(inputs_shape)
        backward, *more = self.backward_layer.compute_output_shape(inputs_shape)
        outputs = forward
        if self.merge is None:
            outputs = (forward, backward)
        if self.merge == "concat":
            outputs = (*forward[:-1], forward[-1] + backward[-1])
        return self._gathered(outputs, states, more)

    def compute_mask(self, inputs, mask=None):
        outputs_mask = mask if self.return_sequences else None
        if self.merge is None:
            outputs_mask = (outputs_mask, outputs_mask)
        return self._gathered(outputs_mask, [None] * sum(self._state_counts), [])

    def _gathered(self, outputs, forward_states, backward_states):
        """What a call returns, or its shapes or masks."""
        if not self.return_state:
            return outputs
        outputs = outputs if self.merge is None else (outputs,)
        return (*outputs, *forward_states, *backward_states)

    @property
    def forward_cell(self) -> Cell:
        """The cell that runs from the first step to the last."""
        return self.forward_layer.cell

    @property
    def backward_cell(self) -> Cell:
        """The cell that runs from the last step to the first."""
        return self.backward_layer.cell

    @property
    def _state_counts(self) -> tuple[int, int]:
        return len(self.forward_cell.state_names), len(self.backward_cell.state_names)

    def _split_states(self, initial_state):
        if initial_state is None:
            return None, None
        forward, backward = self._state_counts
        if len(initial_state) != forward + backward:
            raise ValueError(
                f"`initial_state` needs {forward} forward and {backward} backward "
                f"states. Received: {len(initial_state)} tensors"
            )
        return list(initial_state[:forward]), list(initial_state[forward:])
