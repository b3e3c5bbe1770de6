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
