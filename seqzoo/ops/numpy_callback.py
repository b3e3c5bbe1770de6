"""A NumPy function in the middle of a compiled step.

This file may name the backends: Keras has no public way to leave a compiled function.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from seqzoo.ops.types import Array, Tensor


def on_host(
    function: Callable[..., Array],
    shape: Sequence[int | None],
    dtype: str,
    *tensors: Tensor,
) -> Tensor:
    """`function` of the tensors' values; no gradient passes through it.

    Args:
        function: From NumPy arrays to one array; pure.
        shape: Of its result. Only TensorFlow accepts None for an unknown size.
        dtype: Of its result.
        *tensors: Its arguments.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        found = tf.numpy_function(function, list(tensors), dtype, stateful=False)
        found.set_shape(shape)
        return tf.stop_gradient(found)
    if backend == "jax":
        import jax

        fixed = [jax.lax.stop_gradient(tensor) for tensor in tensors]
        spec = jax.ShapeDtypeStruct(tuple(shape), dtype)
        return jax.pure_callback(
            lambda *arrays: function(*map(np.asarray, arrays)),
            spec,
            *fixed,
            vmap_method="sequential",
        )
    arrays = [keras.ops.convert_to_numpy(tensor) for tensor in tensors]
    return keras.ops.convert_to_tensor(function(*arrays), dtype)


def host_survives_jit() -> bool:
    """Whether a step with `on_host` in it can be compiled; XLA on TensorFlow cannot."""
    return keras.backend.backend() != "tensorflow"
