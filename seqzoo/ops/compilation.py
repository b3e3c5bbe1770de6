"""Compiles one function of a model on the backend that Keras runs on.

Keras compiles `fit` and `predict` but has no public way to compile any other function
of a model, so this file may name the backends.
"""

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import keras
from keras import ops, tree

from seqzoo.ops.arithmetic import ceil_div, next_power_of_two, round_up

# Tracing a graph takes about the time that the graph saves in so many calls.
EAGER_CALLS = 8
# A function is kept compiled for the last so many sets of shapes.
MOST_SHAPES = 16
# Rows of a small batch, where each number of rows is compiled.
SMALL_BATCH = 8
# Steps are rounded up to a multiple of this if one graph takes any length, and else to
# a power of two that is not below the other.
STEP_MULTIPLE, LEAST_STEPS = 8, 32


def compile_for(
    model: keras.Model, function: Callable[..., Any], any_size: bool = False
) -> Callable[..., Any]:
    """`function`, compiled for each set of argument shapes, or once for all.

    XLA compiles it on TensorFlow and JAX; PyTorch runs it eagerly without gradients.
    Each call reads the model's weights, so it sees later training. It does not see
    another set of weights or another layer: `compile_for` again after such a change.

    Args:
        model: The built model whose variables `function` reads.
        function: From nested tensors to nested tensors. Their shapes are known, unless
            `any_size`.
        any_size: On TensorFlow, trace one graph for inputs of any size, as `as_graph`
            describes them, which XLA does not compile. It takes a third of the time of
            compiling, once, and twice the time of the compiled function in small calls.

    Returns:
        A function of the same arguments, which may also be arrays, and of `often`: with
        `often=True` XLA compiles for these shapes despite `any_size`. Later calls of
        compiled shapes use that, too.
    """
    backend = keras.backend.backend()
    make = {"tensorflow": _with_tensorflow, "jax": _with_jax, "torch": _with_torch}
    run = make[backend](model, function, any_size)

    def call(*arrays: Any, often: bool = False) -> Any:
        return run(often, *tree.map_structure(ops.convert_to_tensor, arrays))

    return call


def takes_any_size() -> bool:
    """Whether functions of `any_size` are not compiled for each shape."""
    return keras.backend.backend() != "jax"


def padded_rows(count: int, batch_size: int, any_size: bool = False) -> int:
    """The rows of a batch for so many inputs: few numbers, each compiled once.

    With `any_size` there is no need to add rows, except on JAX.
    """
    if any_size and takes_any_size():
        return count
    sizes = (1, min(SMALL_BATCH, batch_size), batch_size)
    return next(size for size in sizes if size >= count)


def padded_steps(count: int, any_size: bool = False) -> int:
    """The steps that a sequence is padded to: few numbers, each compiled once."""
    if any_size and takes_any_size():
        return round_up(count, STEP_MULTIPLE)
    return max(LEAST_STEPS, next_power_of_two(count))


def batch_parts(count: int, batch_size: int) -> list[int]:
    """Sizes of batches for so many inputs: whole ones, small ones, and single rows.

    The last batch may have to be filled up.
    """
    whole, rest = divmod(count, batch_size)
    small = min(SMALL_BATCH, batch_size)
    sizes = [batch_size] * whole
    if 2 * rest > batch_size:
        return [*sizes, batch_size]
    if 2 * rest >= small:
        return [*sizes, *[small] * ceil_div(rest, small)]
    return [*sizes, *[1] * rest]


def _with_tensorflow(
    model: keras.Model, function: Callable[..., Any], any_size: bool
) -> Callable[..., Any]:
    import tensorflow as tf

    functions: OrderedDict[Any, Any] = OrderedDict()

    def run(often: bool, *tensors: Any) -> Any:
        leaves = tree.flatten(tensors)
        key: Any = tuple((tuple(leaf.shape), leaf.dtype) for leaf in leaves)
        options: dict[str, Any] = {"jit_compile": True}
        if any_size and not often and key not in functions:
            signature = tree.map_structure(_of_any_size, tensors)
            options = {"input_signature": signature}
            key = tuple(tree.flatten(signature))
        if key not in functions:
            # TensorFlow warns if one tf.function meets many shapes. Compiling for
            # each shape is intended here, so each shape has a tf.function.
            functions[key] = tf.function(
                functools.partial(function), autograph=False, **options
            )
            if len(functions) > MOST_SHAPES:
                functions.popitem(last=False)
        functions.move_to_end(key)
        return functions[key](*tensors)

    return run


def _with_jax(
    model: keras.Model, function: Callable[..., Any], any_size: bool
) -> Callable[..., Any]:
    import jax

    variables = model.weights  # the model makes a new function when they change

    @jax.jit
    def pure(values: list[Any], tensors: tuple[Any, ...]) -> Any:
        mapping = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return function(*tensors)

    def run(often: bool, *tensors: Any) -> Any:
        return pure([variable.value for variable in variables], tensors)

    return run


def _with_torch(
    model: keras.Model, function: Callable[..., Any], any_size: bool
) -> Callable[..., Any]:
    import torch

    eager = torch.no_grad()(function)
    return lambda often, *tensors: eager(*tensors)


def _of_any_size(tensor: Any) -> Any:
    """The specification of a tensor like this one, of any size (see `as_graph`)."""
    import tensorflow as tf

    shape: list[int | None] = [None] * len(tensor.shape)
    if shape and keras.backend.is_float_dtype(tensor.dtype):
        shape[-1] = tensor.shape[-1]
    return tf.TensorSpec(shape, tensor.dtype)


def as_graph(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`function` as one TensorFlow graph for inputs of any size.

    The graph saves the time that Python spends on each operation. It is not compiled
    by XLA, which would compile each size anew. Other backends compile for known sizes
    only, so they run `function` as it is. So do the first `EAGER_CALLS` calls.

    Args:
        function: From nested tensors to nested tensors. All axes but the last may
            change their size from call to call, and of tensors that are not floats
            the last too.
    """
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    graph: Callable[[Any], Any] | None = None
    calls = 0

    def call(tensors: Any) -> Any:
        nonlocal graph, calls
        calls += 1
        if calls <= EAGER_CALLS:
            return function(tensors)
        if graph is None:
            signature = tree.map_structure(_of_any_size, tensors)
            graph = tf.function(function, input_signature=[signature], autograph=False)
        return graph(tensors)

    return call
