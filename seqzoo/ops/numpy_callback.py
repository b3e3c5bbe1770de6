"""A NumPy function inside a compiled training step.

This file may name the backends: Keras has no public way to leave a compiled function.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from seqzoo.ops.types import Array, Tensor


def numpy_callback(
    function: Callable[..., Array],
    shape: Sequence[int | None],
    dtype: str,
    *tensors: Tensor,
) -> Tensor:
    """Calls a NumPy function on the values of tensors; it has no gradient.

    Args:
        function: From NumPy arrays to one array; pure.
        shape: Of its result. Only TensorFlow accepts None for an unknown size.
        dtype: Of its result.
        *tensors: Its arguments.

    Returns:
        A tensor of that shape and dtype.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        result = tf.numpy_function(function, list(tensors), dtype, stateful=False)
        result.set_shape(shape)
        return tf.stop_gradient(result)
    if backend == "jax":
        import jax

        return jax.pure_callback(
            lambda *arrays: function(*map(np.asarray, arrays)),
            jax.ShapeDtypeStruct(tuple(shape), dtype),
            *map(jax.lax.stop_gradient, tensors),
            vmap_method="sequential",
        )
    arrays = [keras.ops.convert_to_numpy(tensor) for tensor in tensors]
    return keras.ops.convert_to_tensor(function(*arrays), dtype)


def callback_compiles() -> bool:
    """Whether XLA can compile a step with `numpy_callback`; on TensorFlow it cannot."""
    return keras.backend.backend() != "tensorflow"
