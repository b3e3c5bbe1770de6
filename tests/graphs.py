"""TensorFlow's graphs without XLA, for tests of what is run once or twice."""

import contextlib

import keras
import pytest
from keras import ops, tree

needs_tracing = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="PyTorch traces nothing"
)


def uncompiled(model, function, any_size=False):
    """In place of `compile_for`: the function as it is, on tensors."""

    def run(*arrays, often=False):
        return function(*tree.map_structure(ops.convert_to_tensor, arrays))

    return run


@contextlib.contextmanager
def without_xla():
    """Functions that are made in here are traced, but XLA compiles none of them.

    To compile a search or a training step takes seconds, to run its graph does not.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    function = tf.function
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            tf,
            "function",
            lambda func=None, jit_compile=None, **options: function(func, **options),
        )
        yield
