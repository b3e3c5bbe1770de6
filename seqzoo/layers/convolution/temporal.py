"""Convolutions in time: causal, dilated, in residual blocks."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from seqzoo.layers.convolution.causal import CausalConv
from seqzoo.layers.recurrent.cells import checked_rate
from seqzoo.ops.types import Tensor


@keras.saving.register_keras_serializable("seqzoo")
class TemporalBlock(keras.layers.Layer):
    """Two causal convolutions around which the input is led (Bai et al. 2018, fig. 1b).

        f(x) = dropout(relu(conv_2(dropout(relu(conv_1(x))))))
        y = relu(f(x) + x), x through a product where its features are not `units`

    Args:
        units: Number of features of both convolutions.
        kernel_size: As in `CausalConv`.
        dilation: As in `CausalConv`.
        dropout: Probability of dropping a feature of a whole sequence in training.
        **kwargs: `name` and `dtype` of the layer.
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
        self.units = units
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.rate = checked_rate(dropout, "dropout")
        self.convolutions = [
            CausalConv(
                units, kernel_size, dilation, dtype=self.dtype_policy, name=f"conv_{i}"
            )
            for i in range(2)
        ]
        self.dropout = keras.layers.Dropout(
            dropout, noise_shape=(None, 1, None), name="dropout"
        )
        self.shortcut: keras.layers.Dense | None = None

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        inner_shape = (*inputs_shape[:2], self.units)
        self.convolutions[0].build(inputs_shape)
        self.convolutions[1].build(inner_shape)
        if inputs_shape[-1] != self.units:
            self.shortcut = keras.layers.Dense(
                self.units, dtype=self.dtype_policy, name="shortcut"
            )
            self.shortcut.build(inputs_shape)

    def call(
        self, inputs: Tensor, real: Tensor | None = None, training: bool = False
    ) -> Tensor:
        x = inputs
        for convolution in self.convolutions:
            x = ops.relu(convolution(x if real is None else x * real))
            x = self.dropout(x, training=training)
        return ops.relu(x + self._around(inputs))

    def backwards(
        self, steps: Tensor, real: Tensor | None = None, training: bool = False
    ) -> Tensor:
        """The block at the last step and at every second before it.

        Those are all that a block of twice the dilation reads for its last step.

        Args:
            steps: Float tensor `(batch, count, features)`: the inputs at the last
                step, at the one `dilation` before it, and so on back.
            real: Float tensor `(batch, count, 1)`, 0 where a step is padding.
            training: Whether dropout is active.

        Returns:
            Float tensor `(batch, ceil(count / 2), units)`.
        """
        x = steps
        for convolution, every in zip(self.convolutions, (1, 2), strict=True):
            x = ops.relu(convolution.backwards(x if real is None else x * real, every))
            x = self.dropout(x, training=training)
        return ops.relu(x + self._around(steps[:, ::2]))

    def _around(self, inputs: Tensor) -> Tensor:
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
class TemporalConvNet(keras.layers.Layer):
    """Temporal blocks whose dilation doubles from one to the next (Bai et al. 2018).

    Block i sees steps 2^i apart, so that n blocks reach back `receptive_field` = 1 +
    2 (kernel_size - 1) (2^n - 1) steps, all of them computed at once.

    The last step alone depends on half as many steps of each block as of the one
    before, and without `return_sequences` no others are computed: twice the work of the
    first block, in place of n times.

    Args:
        units: Number of features of each block, the first first.
        kernel_size: Number of steps that a convolution sees at once.
        dropout: Probability of dropping a feature of a whole sequence in training.
        return_sequences: Whether to return the outputs of all steps or the last.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`.
        mask: Boolean tensor `(batch, steps)`, True = real. What is not real counts as
            the zeros before the first step do, and puts out zero.
        training: Whether dropout is active.

    Returns:
        Float tensor `(batch, steps, units[-1])`: at each step, what the net makes of
        it and of the steps before. Without `return_sequences` `(batch, units[-1])`, at
        the last step that is real, zero in a row that has none.

    Raises:
        ValueError: If there is no block, or a size or rate is out of range.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(units, int) or not len(units):
            raise ValueError(
                "`units` must be a list of the blocks' features, such as [25] * 8. "
                f"Received: units={units!r}"
            )
        self.units = list(units)
        self.kernel_size = kernel_size
        self.rate = dropout
        self.return_sequences = return_sequences
        self.supports_masking = True
        self.blocks = [
            TemporalBlock(
                features,
                kernel_size,
                dilation=2**i,
                dropout=dropout,
                dtype=self.dtype_policy,
                name=f"block_{i}",
            )
            for i, features in enumerate(self.units)
        ]

    @property
    def receptive_field(self) -> int:
        """How many steps an output sees, its own included."""
        return 1 + 2 * (self.kernel_size - 1) * (2 ** len(self.units) - 1)

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
        for block, units in zip(self.blocks, self.units, strict=True):
            block.build(inputs_shape)
            inputs_shape = (*inputs_shape[:2], units)

    def call(
        self, inputs: Tensor, mask: Tensor | None = None, training: bool = False
    ) -> Tensor:
        x, real = inputs, None
        if mask is not None:
            # `where`, since what stands in the padding may not be finite.
            mask = ops.expand_dims(ops.cast(mask, "bool"), -1)
            x = ops.where(mask, x, ops.zeros_like(x))
            real = ops.cast(mask, x.dtype)
        if not self.return_sequences:
            return self._last(x, real, training)
        for block in self.blocks:
            x = block(x, real, training=training)
        return x if real is None else x * real

    def _last(self, x: Tensor, real: Tensor | None, training: bool) -> Tensor:
        """The output of the last real step, of zeros where `real` is 0."""
        x = ops.flip(x, axis=1)
        if real is not None:
            # Both begin with the last real step; what stood after it is zero, and
            # comes after the first.
            real = ops.flip(real, axis=1)
            behind = ops.argmax(real, axis=1)  # (batch, 1)
            steps = ops.shape(x)[1]
            order = (ops.arange(steps, dtype=behind.dtype) + behind) % steps
            order = ops.expand_dims(order, -1)
            x, real = (ops.take_along_axis(each, order, axis=1) for each in (x, real))
        for block in self.blocks:
            x = block.backwards(x, real, training=training)
            real = None if real is None else real[:, ::2]
        return x[:, 0] if real is None else x[:, 0] * real[:, 0]

    def compute_mask(self, inputs: Tensor, mask: Tensor | None = None) -> Tensor | None:
        return mask if self.return_sequences else None

    def compute_output_shape(
        self, inputs_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        steps = inputs_shape[1:2] if self.return_sequences else ()
        return (inputs_shape[0], *steps, self.units[-1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_size": self.kernel_size,
            "dropout": self.rate,
            "return_sequences": self.return_sequences,
        }
