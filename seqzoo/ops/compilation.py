"""Compiles one function of a model on the backend that Keras runs on.

Keras compiles `fit` and `predict` but has no public way to compile any other function
of a model, so this file may name the backends.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops, tree

# Tracing a graph takes about the time that the graph saves in so many calls.
EAGER_CALLS = 8


def compile_for(model: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled once for each set of argument shapes.

    XLA compiles it on TensorFlow and JAX; PyTorch runs it eagerly without gradients.
    Each call reads the model's weights, so it sees later training. It does not see
    another set of weights or another layer: `compile_for` again after such a change.

    Args:
        model: The built model whose variables `function` reads.
        function: From nested tensors of known shape to nested tensors.

    Returns:
        A function of the same arguments, which may also be arrays.
    """
    backend = keras.backend.backend()
    run = function
    if backend == "tensorflow":
        import tensorflow as tf

        by_shapes: dict[Any, Any] = {}

        def run(*tensors: Any) -> Any:
            leaves = tree.flatten(tensors)
            shapes = tuple((tuple(leaf.shape), leaf.dtype) for leaf in leaves)
            if shapes not in by_shapes:
                # TensorFlow warns if one tf.function meets many shapes. Compiling for
                # each shape is intended here, so each shape has a tf.function.
                by_shapes[shapes] = tf.function(
                    functools.partial(function), autograph=False, jit_compile=True
                )
            return by_shapes[shapes](*tensors)

    elif backend == "jax":
        import jax

        variables = model.weights  # the model makes a new function when they change

        @jax.jit
        def pure(values: list[Any], tensors: tuple[Any, ...]) -> Any:
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function(*tensors)

        def run(*tensors: Any) -> Any:
            return pure([variable.value for variable in variables], tensors)

    elif backend == "torch":
        import torch

        run = torch.no_grad()(function)
    return lambda *arrays: run(*tree.map_structure(ops.convert_to_tensor, arrays))


def as_graph(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function` as one TensorFlow graph for inputs of any size.

    The graph saves the time that Python spends on each operation. It is not compiled
    by XLA, which would compile each size anew. Other backends compile for known sizes
    only, so they run `function` as it is. So do the first `EAGER_CALLS` calls.

    Args:
        function: From nested tensors to nested tensors. All axes but the last may
            change their size from call to call, and of a boolean mask the last too.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    graph: Callable[[Any], Any] | None = None
    calls = 0

    def specification(tensor: Any) -> Any:
        last = None if tensor.dtype == "bool" else tensor.shape[-1]
        shape = [None] * (len(tensor.shape) - 1) + [last]
        return tf.TensorSpec(shape, tensor.dtype)

    def call(tensors: Any) -> Any:
        nonlocal graph, calls
        calls += 1
        if calls <= EAGER_CALLS:
            return function(tensors)
        if graph is None:
            signature = tree.map_structure(specification, tensors)
            graph = tf.function(function, [signature], autograph=False)
        return graph(tensors)

    return call
