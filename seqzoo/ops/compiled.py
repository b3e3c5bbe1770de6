"""One function of a model, compiled whole on the backend at hand.

This file may name the backends: Keras compiles `fit` and `predict` but has no
public way to compile any other function of a model.
"""

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
        function: From tensors to nested tensors.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
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
