"""Recurrent layers over the two axes of an image."""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.recurrent.bidirectional import Bidirectional
from seqzoo.layers.recurrent.cells import Cell, checked_cell
from seqzoo.layers.serializable import SerializableLayer
from seqzoo.ops.types import Shape, Tensor


@keras.saving.register_keras_serializable("seqzoo")
class MultiDirectional2D(SerializableLayer):
    """Sweeps over an image in four directions (Bell et al. 2016, section 3.3; ReNet).

        right_ij = cell_1(x_ij, right_i(j-1));   left_ij = cell_2(x_ij, left_i(j+1))
        down_ij  = cell_3(x_ij, down_(i-1)j);    up_ij   = cell_4(x_ij, up_(i+1)j)
        outputs_ij = [right_ij, left_ij, down_ij, up_ij]

    Each output depends on its whole row and its whole column; after a second such layer
    it depends on the whole image. All rows run at once, and so do all columns. A
    multi-dimensional network (Graves et al. 2007) instead carries one state along both
    axes and visits one place after the other.

    Args:
        cell: A `seqzoo.layers.Cell`; each of the four directions has a cell of its
            configuration, with its own weights.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, height, width, features)`.
        training: Whether the noise of the cell is active.

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
        checked_cell(cell, "cell")
        twin = cell.twin("columns")
        options = {"return_sequences": True}
        self.rows = self.child(Bidirectional, cell, name="rows", **options)
        self.columns = self.child(Bidirectional, twin, name="columns", **options)

    def build(self, inputs_shape: Shape) -> None:
        for sweep in (self.rows, self.columns):
            sweep.build((None, None, inputs_shape[-1]))

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if len(inputs.shape) != 4:
            raise ValueError(
                "`inputs` must have shape (batch, height, width, features). "
                f"Received: inputs of shape {tuple(inputs.shape)}"
            )
        across = _sweep(self.rows, inputs, training)  # (B, H, W, 2U)
        down = _sweep(self.columns, ops.swapaxes(inputs, 1, 2), training)
        down = ops.swapaxes(down, 1, 2)  # (B, H, W, 2U)
        return ops.concatenate([across, down], axis=-1)

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        return (*inputs_shape[:3], 4 * self.cell.output_size)

    @property
    def cell(self) -> Cell:
        """The cell that runs from left to right."""
        return self.rows.forward_cell


def _sweep(layer: Bidirectional, grid: Tensor, training: bool) -> Tensor:
    """Runs the layer over each line of `(batch, lines, steps, features)`."""
    _, lines, steps, features = ops.shape(grid)
    sequences = ops.reshape(grid, (-1, steps, features))  # (batch * lines, ...)
    outputs = layer(sequences, training=training)
    return ops.reshape(outputs, (-1, lines, steps, outputs.shape[-1]))
