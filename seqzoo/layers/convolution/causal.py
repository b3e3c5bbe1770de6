"""A causal, dilated convolution over time."""

from typing import Any

import keras
from keras import ops

from seqzoo.layers.serializable import SerializableLayer
from seqzoo.ops.arguments import check_shapes, positive_integer
from seqzoo.ops.types import Shape, Tensor


@keras.saving.register_keras_serializable("seqzoo")
class CausalConv(SerializableLayer):
    """A convolution over time that sees no step after its own (van den Oord 2016).

        y_t = bias + sum over j = 0 ... kernel_size - 1 of
              x_(t - j * dilation) @ kernel_(kernel_size - 1 - j)

    Steps before the first count as zero. The kernel is weight-normalised (Salimans
    and Kingma 2016, eq. 2), kernel = gain * direction / |direction|, with one length
    for each output feature: directions and lengths are learned separately.

    Args:
        units: Number of output features.
        kernel_size: Number of steps that an output sees.
        dilation: Distance between these steps.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`.

    Returns:
        Float tensor `(batch, steps, units)`.

    Raises:
        ValueError: If an argument is not a positive integer.
    """

    def __init__(
        self, units: int, kernel_size: int, dilation: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer(units, "units")
        self.kernel_size = positive_integer(kernel_size, "kernel_size")
        self.dilation = positive_integer(dilation, "dilation")

    def build(self, inputs_shape: Shape) -> None:
        shape = (self.kernel_size, inputs_shape[-1], self.units)
        self.direction = self.add_weight(
            shape=shape, initializer="he_normal", name="direction"
        )
        # At first the kernel is the direction itself.
        self.gain = self.add_weight(
            shape=(self.units,),
            initializer=lambda shape, dtype=None: _length(self.direction.value),
            name="gain",
        )
        self.bias = self.add_weight(
            shape=(self.units,), initializer="zeros", name="bias"
        )

    def call(self, inputs: Tensor) -> Tensor:
        check_shapes(inputs=(inputs, "batch steps features"))
        before = (self.kernel_size - 1) * self.dilation
        padded = ops.pad(inputs, [[0, 0], [before, 0], [0, 0]])
        return self._convolve(padded, self.kernel, dilation_rate=self.dilation)

    def last_steps(self, inputs: Tensor, stride: int = 1) -> Tensor:
        """The convolution at steps `dilation` apart, counted back from the last.

        Args:
            inputs: Float tensor `(batch, count, features)`: the inputs at the last
                step, at the step `dilation` before it, and so on.
            stride: 1 computes the output at each of these steps, 2 at the last and
                every second one before it.

        Returns:
            Float tensor `(batch, ceil(count / stride), units)`.
        """
        padded = ops.pad(inputs, [[0, 0], [0, self.kernel_size - 1], [0, 0]])
        return self._convolve(padded, ops.flip(self.kernel, axis=0), strides=stride)

    @property
    def kernel(self) -> Tensor:
        """The normalised kernel, `(kernel_size, features, units)`."""
        direction = ops.convert_to_tensor(self.direction)
        return direction * (self.gain / _length(direction))

    def _convolve(self, padded: Tensor, kernel: Tensor, **options: int) -> Tensor:
        y = ops.conv(
            padded, kernel, padding="valid", data_format="channels_last", **options
        )
        return y + self.bias

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        return (*inputs_shape[:2], self.units)


def _length(kernel: Tensor) -> Tensor:
    """Length of each output feature's kernel, `(units,)`; above 0 for its gradient."""
    return ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1)) + 1e-12)
