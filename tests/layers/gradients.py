"""Outputs and gradients of a layer, the same way on every backend."""

import keras
import numpy as np
from keras import ops, tree


def outputs_and_gradients(layer, function, arrays):
    """Run `function(*arrays)`, and differentiate a weighted sum of its outputs.

    Args:
        layer: A built layer, whose trainable variables are differentiated too.
        function: From float tensors to a tree of tensors; calls `layer`.
        arrays: List of float arrays.

    Returns:
        Three lists of arrays: the flat outputs, the gradients by `arrays`, and the
        gradients by `layer.trainable_variables`. Each output element's weight in
        the sum is another fixed number.
    """
    backend = keras.backend.backend()
    run = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[backend]
    outputs, by_arrays, by_weights = run(layer, function, arrays)
    return tuple(
        [ops.convert_to_numpy(tensor) for tensor in tensors]
        for tensors in (outputs, by_arrays, by_weights)
    )


def assert_near(ours, theirs, rtol=1e-5, atol=1e-5):
    """Two tensors of any backend agree to rounding."""
    ours, theirs = ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


def assert_same(ours, theirs):
    """Two tensors of any backend are equal."""
    ours, theirs = ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs)
    np.testing.assert_array_equal(ours, theirs)


def _weighted_sum(outputs):
    total = 0.0
    for index, output in enumerate(outputs):
        size = int(np.prod(output.shape))
        weights = np.cos(np.arange(size) + index).reshape(output.shape)
        total = total + ops.sum(output * ops.cast(weights, output.dtype))
    return total


def _tensorflow(layer, function, arrays):
    import tensorflow as tf

    tensors = [tf.convert_to_tensor(array) for array in arrays]
    variables = [variable.value for variable in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        outputs = tree.flatten(function(*tensors))
        total = _weighted_sum(outputs)
    by_arrays, by_weights = tape.gradient(total, [tensors, variables])
    return outputs, by_arrays, by_weights


def _jax(layer, function, arrays):
    import jax

    variables = layer.trainable_variables

    def total(arrays, values):
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            outputs = tree.flatten(function(*arrays))
        return _weighted_sum(outputs), outputs

    values = [variable.value for variable in variables]
    # Compiled whole: JAX would otherwise compile each of its operations by itself.
    gradients, outputs = jax.jit(jax.grad(total, argnums=(0, 1), has_aux=True))(
        [jax.numpy.asarray(array) for array in arrays], values
    )
    return outputs, *gradients


def _torch(layer, function, arrays):
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    values = [variable.value for variable in layer.trainable_variables]
    outputs = tree.flatten(function(*tensors))
    gradients = torch.autograd.grad(_weighted_sum(outputs), tensors + values)
    count = len(tensors)
    return outputs, gradients[:count], gradients[count:]
