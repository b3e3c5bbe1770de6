"""One function of a model, compiled whole on the backend at hand.

This file may name the backends: Keras compiles `fit` and `predict` but has no
public way to compile any other function of a model.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras


def compiled(model: keras.Model, function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, compiled once for each set of argument shapes.

    XLA compiles it on TensorFlow and JAX; on PyTorch it runs eagerly without
    gradients. The model's variables are read at each call, so that training goes
    on to be seen.

    Args:
        model: The built model whose variables `function` reads.
        function: From nested tensors of known shape to nested tensors.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        by_shapes: dict[Any, Any] = {}

        def call(*tensors: Any) -> Any:
            flat = keras.tree.flatten(tensors)
            shapes = tuple((tuple(each.shape), each.dtype) for each in flat)
            if shapes not in by_shapes:
                # One tf.function a shape, each of another callable: of a single one
                # TensorFlow warns that new shapes trace it anew, which is meant here.
                each = functools.partial(function)
                by_shapes[shapes] = tf.function(each, autograph=False, jit_compile=True)
            return by_shapes[shapes](*tensors)

        return call
    if backend == "jax":
        import jax

        variables = model.variables

        @jax.jit
        def pure(values: list[Any], arguments: tuple[Any, ...]) -> Any:
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function(*arguments)

        return lambda *arguments: pure([v.value for v in variables], arguments)
    if backend == "torch":
        import torch

        return torch.no_grad()(function)
    return function


def traced(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function` as one graph for tensors of any size, on TensorFlow.

    To trace a graph takes seconds, once; its answers then come without the time that
    Python spends on each operation. Nothing is fused, and nothing done for one size
    alone. Other backends compile for known sizes only, so there it is `function`.

    Args:
        function: From nested tensors to nested tensors. All axes but the last may
            change their size from call to call, and of a boolean mask the last too.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    graphs: list[Any] = []

    def specification(tensor: Any) -> Any:
        last = None if tensor.dtype == "bool" else tensor.shape[-1]
        shape = [None] * (len(tensor.shape) - 1) + [last]
        return tf.TensorSpec(shape, tensor.dtype)

    def call(tensors: Any) -> Any:
        if not graphs:
            signature = keras.tree.map_structure(specification, tensors)
            graphs.append(tf.function(function, [signature], autograph=False))
        return graphs[0](tensors)

    return call
