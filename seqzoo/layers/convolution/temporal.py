"""Convolutions in time: causal, dilated, in residual blocks."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from seqzoo.layers.convolution.causal import CausalConv
from seqzoo.layers.recurrent.cells import checked_rate
from seqzoo.layers.serializable import SerializableLayer
from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.types import Shape, Tensor


@keras.saving.register_keras_serializable("seqzoo")
class TemporalBlock(SerializableLayer):
    """Two causal convolutions with a shortcut around them (Bai et al. 2018, fig. 1b).

        f(x) = dropout(relu(conv_2(dropout(relu(conv_1(x))))))
        y = relu(f(x) + x), with x W + b for x where its features are not `units`

    Args:
        units: Number of features of both convolutions.
        kernel_size: As in `CausalConv`.
        dilation: As in `CausalConv`.
        dropout: Probability of dropping a feature of a whole sequence in training.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`.
        real: Float tensor `(batch, steps, 1)`, 0 where a step is padding.
        training: Whether dropout is active.

    Returns:
        Float tensor `(batch, steps, units)`.
    """

    def __init__(
        self,
        units: int,
        kernel_size: int,
        dilation: int = 1,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer(units, "units")
        self.kernel_size = positive_integer(kernel_size, "kernel_size")
        self.dilation = positive_integer(dilation, "dilation")
        self.rate = checked_rate(dropout, "dropout")
        self.convolutions = [
            self.child(CausalConv, units, kernel_size, dilation, name=f"conv_{i}")
            for i in range(2)
        ]
        self.dropout = self.child(
            keras.layers.Dropout, dropout, noise_shape=(None, 1, None), name="dropout"
        )
        self.shortcut: keras.layers.Dense | None = None

    def build(self, inputs_shape: Shape) -> None:
        first, second = self.convolutions
        first.build(inputs_shape)
        second.build((*inputs_shape[:2], self.units))
        if inputs_shape[-1] != self.units:
            self.shortcut = self.child(keras.layers.Dense, self.units, name="shortcut")
            self.shortcut.build(inputs_shape)

    def call(
        self, inputs: Tensor, real: Tensor | None = None, training: bool = False
    ) -> Tensor:
        check_shapes(
            inputs=(inputs, "batch steps features"), real=(real, "batch steps 1")
        )
        x = inputs
        for convolution in self.convolutions:
            x = ops.relu(convolution(x if real is None else x * real))
            x = self.dropout(x, training=training)
        return ops.relu(x + self._shortcut(inputs))

    def last_steps(
        self, inputs: Tensor, real: Tensor | None = None, training: bool = False
    ) -> Tensor:
        """Computes only the outputs that the next block needs for its last step.

        These are the outputs at the last step and at every second step before it, for
        a block of twice the dilation.

        Args:
            inputs: Float tensor `(batch, count, features)`: the inputs at the last
                step, at the step `dilation` before it, and so on.
            real: Float tensor `(batch, count, 1)`, 0 where a step is padding.
            training: Whether dropout is active.

        Returns:
            Float tensor `(batch, ceil(count / 2), units)`.
        """
        x = inputs
        for convolution, stride in zip(self.convolutions, (1, 2), strict=True):
            x = convolution.last_steps(x if real is None else x * real, stride)
            x = self.dropout(ops.relu(x), training=training)
        return ops.relu(x + self._shortcut(inputs[:, ::2]))

    def _shortcut(self, inputs: Tensor) -> Tensor:
        return inputs if self.shortcut is None else self.shortcut(inputs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
            "dropout": self.rate,
        }


@keras.saving.register_keras_serializable("seqzoo")
class TemporalConvNet(SerializableLayer):
    """Temporal blocks whose dilation doubles from one to the next (Bai et al. 2018).

    Block i sees steps `dilations[i]` apart, by default 2^i, so that the blocks reach
    back `receptive_field` = 1 + 2 (kernel_size - 1) sum(dilations) steps, all of them
    computed at once. No output sees a later step; for both directions run a second net
    over the flipped sequence.

    With doubling dilations the last step depends on half as many steps of each block as
    of the block before. Without `return_sequences` no others are computed, which costs
    twice the first block's work instead of n times.

    Args:
        units: Number of features of each block, the first first.
        kernel_size: Number of steps that an output of a convolution sees.
        dropout: Probability of dropping a feature of a whole sequence in training.
        return_sequences: Whether to return the outputs of all steps or the last.
        dilations: Dilation of each block; by default 1, 2, 4, ... Two stacks of three
            blocks, for instance, have `[1, 2, 4] * 2`.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`.
        mask: Boolean tensor `(batch, steps)`, True = real. Padding counts as zero, like
            the steps before the first, and its outputs are zero.
        training: Whether dropout is active.

    Returns:
        Float tensor `(batch, steps, units[-1])`, each step computed from itself and
        the steps before it. Without `return_sequences` `(batch, units[-1])`: the output
        of the last real step, or zero for a row that has none.

    Raises:
        ValueError: If there is no block, a size or rate is out of range, or there is
            not one dilation for each block.

    Example:
        >>> from seqzoo.layers import TemporalConvNet
        >>> layer = TemporalConvNet([8, 8, 4], kernel_size=3)
        >>> tuple(layer(keras.ops.ones((2, 20, 5))).shape), layer.receptive_field
        ((2, 20, 4), 29)
    """

    def __init__(
        self,
        units: Sequence[int],
        kernel_size: int = 3,
        dropout: float = 0.0,
        return_sequences: bool = True,
        dilations: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not hasattr(units, "__len__") or not len(units):
            raise ValueError(
                "`units` must be a list of the blocks' features, such as [25] * 8. "
                f"Received: units={units!r}"
            )
        self.units = [positive_integer(size, "units") for size in units]
        doubling = [2**i for i in range(len(self.units))]
        dilations = doubling if dilations is None else dilations
        self.dilations = [positive_integer(size, "dilations") for size in dilations]
        if len(self.dilations) != len(self.units):
            raise ValueError(
                "`dilations` must have a number for each block, as `units` has. "
                f"Received: units={self.units}, dilations={self.dilations}"
            )
        self.is_doubling = self.dilations == doubling
        self.kernel_size = positive_integer(kernel_size, "kernel_size")
        self.dropout = dropout
        self.return_sequences = return_sequences
        self.supports_masking = True
        self.blocks = [
            self.child(
                TemporalBlock, size, kernel_size, dilation, dropout, name=f"block_{i}"
            )
            for i, (size, dilation) in enumerate(
                zip(self.units, self.dilations, strict=True)
            )
        ]

    @property
    def receptive_field(self) -> int:
        """Number of steps that an output sees, its own included."""
        return 1 + 2 * (self.kernel_size - 1) * sum(self.dilations)

    def build(self, inputs_shape: Shape) -> None:
        for block, units in zip(self.blocks, self.units, strict=True):
            block.build(inputs_shape)
            inputs_shape = (*inputs_shape[:2], units)

    def call(
        self, inputs: Tensor, mask: Tensor | None = None, training: bool = False
    ) -> Tensor:
        check_shapes(
            inputs=(inputs, "batch steps features"), mask=(mask, "batch steps")
        )
        x, real = inputs, None
        if mask is not None:
            # `where`, not a product: values in the padding may not be finite.
            mask = ops.expand_dims(ops.cast(mask, "bool"), -1)  # (B, T, 1)
            x = ops.where(mask, x, ops.zeros_like(x))
            real = ops.cast(mask, x.dtype)
        if not self.return_sequences and self.is_doubling:
            return self._last_output(x, real, training)
        for block in self.blocks:
            x = block(x, real, training=training)
        x = x if real is None else x * real
        if self.return_sequences:
            return x
        return x[:, -1] if real is None else _last_real(x, real)

    def _last_output(self, x: Tensor, real: Tensor | None, training: bool) -> Tensor:
        """The output of the last real step; `x` is zero where `real` is 0."""
        x = ops.flip(x, axis=1)  # the last step first
        if real is not None:
            # Roll the padding at the end of each row, which is zero, behind the first
            # step.
            real = ops.flip(real, axis=1)
            padding = ops.argmax(real, axis=1)  # steps after the last real one, (B, 1)
            steps = ops.shape(x)[1]
            order = (ops.arange(steps, dtype=padding.dtype) + padding) % steps
            order = ops.expand_dims(order, -1)  # (B, T, 1)
            x = ops.take_along_axis(x, order, axis=1)
            real = ops.take_along_axis(real, order, axis=1)
        for block in self.blocks:
            x = block.last_steps(x, real, training=training)  # half as many steps
            real = None if real is None else real[:, ::2]
        return x[:, 0] if real is None else x[:, 0] * real[:, 0]

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        return mask if self.return_sequences else None

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        steps = inputs_shape[1:2] if self.return_sequences else ()
        return (inputs_shape[0], *steps, self.units[-1])


def _last_real(x: Tensor, real: Tensor) -> Tensor:
    """`x` at the last step of each row where `real` is 1, or else at the first."""
    steps = ops.arange(ops.shape(real)[1], dtype="int32")  # (T,)
    is_real = ops.squeeze(real, -1) > 0  # (B, T)
    last = ops.max(ops.where(is_real, steps, 0), axis=1, keepdims=True)  # (B, 1)
    return ops.take_along_axis(x, ops.expand_dims(last, -1), axis=1)[:, 0]
