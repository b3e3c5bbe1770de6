"""Recurrent layers over two axes, such as an image's."""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.recurrent.bidirectional import Bidirectional
from seqzoo.layers.recurrent.cells import Cell, serialized
from seqzoo.ops.types import Tensor


@keras.saving.register_keras_serializable("seqzoo")
class MultiDirectional2D(keras.layers.Layer):
    """A plane swept in four directions (Bell et al. 2016, section 3.3; ReNet).

        right_ij = cell_1(x_ij, right_i(j-1));   left_ij = cell_2(x_ij, left_i(j+1))
        down_ij  = cell_3(x_ij, down_(i-1)j);    up_ij   = cell_4(x_ij, up_(i+1)j)
        outputs_ij = [right_ij, left_ij, down_ij, up_ij]

    Each output has seen its whole row and its whole column; after a second such layer,
    the whole plane. Rows, and columns, are sequences that do not wait for each other.
    Multi-dimensional networks (Graves et al. 2007) carry one state along both axes at
    once instead, and go through the plane cell by cell.

    Args:
        cell: A `seqzoo.layers.Cell`; the four directions have weights of their own,
            made from its configuration.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, height, width, features)`.
        training: Whether noise of the cell is active.

    Returns:
        Float tensor `(batch, height, width, 4 * units)`.

    Raises:
        ValueError: If the inputs are not of that shape.

    Example:
        >>> from seqzoo.layers import GRUCell, MultiDirectional2D
        >>> tuple(MultiDirectional2D(GRUCell(4))(keras.ops.ones((2, 7, 5, 3))).shape)
        (2, 7, 5, 16)
    """

    def __init__(self, cell: Cell, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        twin = type(cell).from_config(cell.get_config())
        self.rows, self.columns = (
            Bidirectional(
                each, return_sequences=True, dtype=self.dtype_policy, name=name
            )
            for each, name in ((cell, "rows"), (twin, "columns"))
        )

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        for sweep in (self.rows, self.columns):
            sweep.build((None, None, inputs_shape[-1]))

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if len(inputs.shape) != 4:
            raise ValueError(
                "`inputs` must have shape (batch, height, width, features). "
                f"Received: inputs of shape {tuple(inputs.shape)}"
            )
        across = _swept(self.rows, inputs, training)
        turned = _swept(self.columns, ops.swapaxes(inputs, 1, 2), training)
        return ops.concatenate([across, ops.swapaxes(turned, 1, 2)], axis=-1)

    def compute_output_shape(
        self, inputs_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        units = self.rows.forward_layer.cell.output_size
        return (*inputs_shape[:3], 4 * units)

    def get_config(self) -> dict[str, Any]:
        cell = serialized(self.rows.forward_layer.cell)
        return {**super().get_config(), "cell": cell}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> "MultiDirectional2D":
        """A fresh layer; the cell comes back from its own config."""
        cell = keras.saving.deserialize_keras_object(
            config["cell"], custom_objects=custom_objects
        )
        return cls(**{**config, "cell": cell})


def _swept(layer: Bidirectional, plane: Tensor, training: bool) -> Tensor:
    """Every line of `(batch, lines, steps, features)` as a sequence of its own."""
    _, lines, steps, features = ops.shape(plane)
    sequences = ops.reshape(plane, (-1, steps, features))
    outputs = layer(sequences, training=training)
    return ops.reshape(outputs, (-1, lines, steps, outputs.shape[-1]))
