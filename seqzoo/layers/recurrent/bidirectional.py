"""`Bidirectional` reads a sequence from both ends."""

import keras
from keras import ops

from seqzoo.layers.recurrent.cells import Cell, serialized
from seqzoo.layers.recurrent.recurrent import Recurrent

_MERGES = {
    "concat": lambda forward, backward: ops.concatenate([forward, backward], axis=-1),
    "sum": lambda forward, backward: forward + backward,
    "average": lambda forward, backward: (forward + backward) / 2,
    "multiply": lambda forward, backward: forward * backward,
}


@keras.saving.register_keras_serializable("seqzoo")
class Bidirectional(keras.layers.Layer):
    """Two cells, one from each end of the sequence (Schuster and Paliwal 1997).

        outputs_t = merge(forward h_t, backward h_t)

    Both outputs at step t have read step t: the forward one what came before, the
    backward one what comes after. Without `return_sequences` each side gives its
    last output, the backward one that of the first step.

    Its parts are named "forward" and "backward", and so are the keys of its
    weights (`.../forward/cell/kernel`).

    Args:
        forward_cell: A `seqzoo.layers.Cell`.
        backward_cell: Another one; by default a fresh cell of the same
            configuration. It may have other units if the merge is "concat".
        merge: "concat" (along the features), "sum", "average" or "multiply".
        return_sequences: Whether to return the outputs of all steps.
        return_state: Whether to return the states of both sides too.
        dropout: As in `Recurrent`, each side with masks of its own.
        recurrent_dropout: As in `Recurrent`.
        norm_stabilizer: As in `Recurrent`, of both sides.
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
        backward units. With `return_state`, a tuple of that, the forward states
        and the backward states.

    Raises:
        ValueError: If `merge` is unknown, or needs equal units and they differ, or
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
        merge: str = "concat",
        return_sequences: bool = False,
        return_state: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        norm_stabilizer: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if merge not in _MERGES:
            raise ValueError(
                f"`merge` must be one of {', '.join(_MERGES)}. "
                f"Received: merge={merge!r}"
            )
        if backward_cell is None:
            backward_cell = type(forward_cell).from_config(forward_cell.get_config())
        if merge != "concat" and forward_cell.units != backward_cell.units:
            raise ValueError(
                f"merge={merge!r} needs cells of equal units; "
                '"concat" takes any. Received: '
                f"{forward_cell.units} forward, {backward_cell.units} backward"
            )
        self.merge = merge
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.norm_stabilizer = norm_stabilizer
        self.seed = seed
        self.supports_masking = True
        # Not `self.forward`: a layer on PyTorch is a Module, whose call that is.
        self.forward_layer, self.backward_layer = (
            Recurrent(
                cell,
                return_sequences=return_sequences,
                return_state=True,
                reverse=reverse,
                dropout=dropout,
                recurrent_dropout=recurrent_dropout,
                norm_stabilizer=norm_stabilizer,
                seed=None if seed is None else seed + reverse,
                dtype=self.dtype_policy,
                name="backward" if reverse else "forward",
            )
            for cell, reverse in ((forward_cell, False), (backward_cell, True))
        )

    def build(self, inputs_shape):
        self.forward_layer.build(inputs_shape)
        self.backward_layer.build(inputs_shape)

    def call(self, inputs, mask=None, initial_state=None, times=None, training=False):
        arguments = {"mask": mask, "times": times, "training": training}
        first, second = self._split_states(initial_state)
        ahead, *states = self.forward_layer(inputs, initial_state=first, **arguments)
        back, *more = self.backward_layer(inputs, initial_state=second, **arguments)
        outputs = _MERGES[self.merge](ahead, back)
        return (outputs, *states, *more) if self.return_state else outputs

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
        if self.merge == "concat":
            outputs = (*forward[:-1], forward[-1] + backward[-1])
        return (outputs, *states, *more) if self.return_state else outputs

    def compute_mask(self, inputs, mask=None):
        outputs_mask = mask if self.return_sequences else None
        if not self.return_state:
            return outputs_mask
        return (outputs_mask, *(None for _ in range(sum(self._state_counts))))

    def get_config(self):
        return {
            **super().get_config(),
            "forward_cell": serialized(self.forward_layer.cell),
            "backward_cell": serialized(self.backward_layer.cell),
            "merge": self.merge,
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "norm_stabilizer": self.norm_stabilizer,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A fresh layer; the cells come back from their own configs."""
        cells = {
            name: keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
            for name in ("forward_cell", "backward_cell")
        }
        return cls(**{**config, **cells})

    @property
    def _state_counts(self) -> tuple[int, int]:
        layers = (self.forward_layer, self.backward_layer)
        ahead, back = (len(layer.cell.state_names) for layer in layers)
        return ahead, back

    def _split_states(self, initial_state):
        if initial_state is None:
            return None, None
        ahead, back = self._state_counts
        if len(initial_state) != ahead + back:
            raise ValueError(
                f"`initial_state` needs {ahead} forward and {back} backward states. "
                f"Received: {len(initial_state)} tensors"
            )
        return list(initial_state[:ahead]), list(initial_state[ahead:])
