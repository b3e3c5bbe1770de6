"""A causal, dilated convolution over time."""

from typing import Any

import keras
from keras import ops

from seqzoo.ops.types import Tensor


@keras.saving.register_keras_serializable("seqzoo")
class CausalConv(keras.layers.Layer):
    """A convolution over time that sees no step after its own (van den Oord 2016).

        y_t = bias + sum over j = 0 ... kernel_size - 1 of
              x_(t - j * dilation) @ kernel_(kernel_size - 1 - j)

    Steps before the first count as zero. The kernel is weight-normalised (Salimans
    and Kingma 2016, eq. 2), kernel = gain * direction / |direction|, with a length for
    each output feature: directions and lengths are learned apart.

    Args:
        units: Number of output features.
        kernel_size: Number of steps that are seen at once.
        dilation: Distance between these steps.
        **kwargs: `name` and `dtype` of the layer.

    Call arguments:
        inputs: Float tensor `(batch, steps, features)`.

    Returns:
        Float tensor `(batch, steps, units)`.
    """

    def __init__(
        self, units: int, kernel_size: int, dilation: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (
            ("units", units),
            ("kernel_size", kernel_size),
            ("dilation", dilation),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"`{name}` must be a positive integer. Received: {name}={value!r}"
                )
        self.units = units
        self.kernel_size = kernel_size
        self.dilation = dilation

    def build(self, inputs_shape: tuple[int | None, ...]) -> None:
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
        before = (self.kernel_size - 1) * self.dilation
        padded = ops.pad(inputs, [[0, 0], [before, 0], [0, 0]])
        return self._convolved(padded, self.kernel, dilation_rate=self.dilation)

    def backwards(self, steps: Tensor, every: int = 1) -> Tensor:
        """The convolution at some steps alone, counted from the last.

        Args:
            steps: Float tensor `(batch, count, features)`: the inputs at the last
                step, at the one `dilation` before it, and so on back.
            every: Which of them are put out: all, or the last and each `every`-th.

        Returns:
            Float tensor `(batch, ceil(count / every), units)`.
        """
        padded = ops.pad(steps, [[0, 0], [0, self.kernel_size - 1], [0, 0]])
        return self._convolved(padded, ops.flip(self.kernel, axis=0), strides=every)

    @property
    def kernel(self) -> Tensor:
        """The normalised kernel, `(kernel_size, features, units)`."""
        direction = ops.convert_to_tensor(self.direction)
        return direction * (self.gain / _length(direction))

    def _convolved(self, padded: Tensor, kernel: Tensor, **how: int) -> Tensor:
        y = ops.conv(
            padded, kernel, padding="valid", data_format="channels_last", **how
        )
        return y + self.bias

    def compute_output_shape(
        self, inputs_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return (*inputs_shape[:2], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
        }


def _length(kernel: Tensor) -> Tensor:
    """Of the kernel of each output feature; never 0, where a direction has none."""
    return ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1)) + 1e-12)
