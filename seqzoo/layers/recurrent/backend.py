"""What `keras.ops` lacks for a fast loop, for each backend.

`scan` loops over the leading axis, `vjp` is a vector-Jacobian product inside that
loop, `with_gradient` replaces autodiff, `compile_loop` compiles all of it, and
`rematerialized` saves the memory of long element-wise chains. Keras has `ops.scan`
and `ops.custom_gradient`, but no vector-Jacobian product and no compilation of a part
of a model, and on TensorFlow its reverse scan does not return results in the order of
the inputs. This is the only file of the layers that imports a backend: the one that
Keras runs on, at the first use.

Trees are nested tuples, lists and dicts of tensors.
"""

import collections
import functools

import keras
from keras import tree

# XLA compiles a loop in some tenths of a second and saves some hundredths a run.
CALLS_BEFORE_XLA = 8


def scan(step, carry, sequences, reverse=False):
    """Run `carry, results = step(carry, elements)` over the leading axis.

    Args:
        step: Function of two trees that returns two trees; the first like `carry`.
        carry: Tree of tensors, the value before the first step.
        sequences: Tree of tensors `(steps, ...)`, at least one step.
        reverse: Whether to start at the last step.

    Returns:
        The last carry, and the results stacked in the order of `sequences`.
    """
    return _backend().scan(step, carry, sequences, reverse)


def vjp(function, arguments, cotangents):
    """The gradient of sum(function(*arguments) * cotangents) by each argument.

    Args:
        function: From trees to one tree of tensors.
        arguments: Tuple of trees.
        cotangents: Tree like the function's result.

    Returns:
        A tuple of trees like `arguments`.
    """
    return _backend().vjp(function, arguments, cotangents)


def with_gradient(forward, backward):
    """Makes a function of `(variables, constants)` with `backward` as its gradient.

    Args:
        forward: From two trees to `(results, residuals)`.
        backward: From `(residuals, cotangents of the results)` to the gradients by
            `variables`; `constants` have none. PyTorch does not use it, because its
            autograd records the steps of a Python loop as they run.

    Returns:
        A function of two trees that returns the results.
    """
    return _backend().with_gradient(forward, backward)


def compile_loop(function):
    """Compiles a function in the fastest way of the backend.

    Args:
        function: From trees of tensors to a tree of tensors.

    Returns:
        A function `(mode, *arguments)`. On TensorFlow the mode is "xla", which compiles
        again for every shape; "eager", without compilation or tracing; or "auto": XLA
        for shapes that are likely to repeat, one graph for all others. A shape is
        likely to repeat if a graph knows it, or after `CALLS_BEFORE_XLA` calls. The
        other backends ignore the mode.
    """
    return _backend().compile_loop(function)


def rematerialized(function):
    """Compiles a function whose gradient runs it again instead of keeping its results.

    This suits chains of element-wise operations on long sequences, which are cheaper to
    repeat than to write to memory and read.

    Args:
        function: From two trees, `variables` and `constants`, to a tree of tensors.

    Returns:
        A function `(mode, variables, constants)`; see `compile_loop`.
    """

    def forward(variables, constants):
        return function(variables, constants), (variables, constants)

    def backward(residuals, cotangents):
        variables, constants = residuals
        (gradients,) = vjp(lambda v: function(v, constants), (variables,), cotangents)
        return gradients

    return compile_loop(with_gradient(forward, backward))


def _backend():
    name = keras.backend.backend()
    if name not in _BACKENDS:
        raise ValueError(
            "Recurrent layers run on the backends "
            f"{', '.join(sorted(_BACKENDS))}. Received: KERAS_BACKEND={name}."
        )
    return _BACKENDS[name]


class _TensorFlow:
    @staticmethod
    def scan(step, carry, sequences, reverse):
        import tensorflow as tf

        flat = tf.nest.flatten(sequences)
        steps = tf.shape(flat[0])[0]

        def slices(t):
            return tf.nest.pack_sequence_as(sequences, [tensor[t] for tensor in flat])

        # For shapes and dtypes only: a graph drops the computation.
        _, example = step(carry, slices(0))
        arrays = [
            tf.TensorArray(tensor.dtype, size=steps, element_shape=tensor.shape)
            for tensor in tf.nest.flatten(example)
        ]
        flat_carry = tf.nest.flatten(carry)

        def body(index, flat_carry, arrays):
            t = steps - 1 - index if reverse else index
            old = tf.nest.pack_sequence_as(carry, flat_carry)
            new, results = step(old, slices(t))
            arrays = [
                array.write(t, tensor)
                for array, tensor in zip(arrays, tf.nest.flatten(results), strict=True)
            ]
            return index + 1, tf.nest.flatten(new), arrays

        _, flat_carry, arrays = tf.while_loop(
            lambda index, *_: index < steps,
            body,
            (0, flat_carry, arrays),
            maximum_iterations=steps,
        )
        stacked = [array.stack() for array in arrays]
        for tensor, result in zip(stacked, tf.nest.flatten(example), strict=True):
            # `stack` loses a known number of steps.
            tensor.set_shape((flat[0].shape[0], *result.shape))
        results = tf.nest.pack_sequence_as(example, stacked)
        return tf.nest.pack_sequence_as(carry, flat_carry), results

    @staticmethod
    def vjp(function, arguments, cotangents):
        import tensorflow as tf

        flat = tf.nest.flatten(arguments)
        with tf.GradientTape() as tape:
            tape.watch(flat)
            results = function(*arguments)
        gradients = tape.gradient(
            tf.nest.flatten(results),
            flat,
            output_gradients=tf.nest.flatten(cotangents),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return tf.nest.pack_sequence_as(arguments, gradients)

    @staticmethod
    def with_gradient(forward, backward):
        import tensorflow as tf

        def function(variables, constants):
            structure = []

            @tf.custom_gradient
            def flat_function(*flat):
                results, residuals = forward(
                    tf.nest.pack_sequence_as(variables, flat), constants
                )
                structure.append(results)

                def gradient(*cotangents):
                    cotangents = tf.nest.pack_sequence_as(results, cotangents)
                    return tf.nest.flatten(backward(residuals, cotangents))

                return tuple(tf.nest.flatten(results)), gradient

            results = flat_function(*tf.nest.flatten(variables))
            return tf.nest.pack_sequence_as(structure[0], tf.nest.flatten(results))

        return function

    @staticmethod
    def compile_loop(function):
        import tensorflow as tf

        functions = {
            # TensorFlow counts tracings by function, and without the partial would warn
            # about a model with five layers.
            mode: tf.function(
                functools.partial(function),
                autograph=False,  # slow, and the loops are explicit
                jit_compile=mode == "xla",
                reduce_retracing=True,
            )
            for mode in ("xla", "graph")
        }
        functions["eager"] = function
        calls = collections.Counter()

        def likely_to_repeat(tensors):
            shapes = tuple(tuple(tensor.shape) for tensor in tf.nest.flatten(tensors))
            if not tf.executing_eagerly():
                return not any(None in shape[1:] for shape in shapes)
            calls[shapes] += 1
            return calls[shapes] > CALLS_BEFORE_XLA

        def call(mode, *arguments):
            tensors = tf.nest.map_structure(tf.convert_to_tensor, arguments)
            if mode == "auto":
                mode = "xla" if likely_to_repeat(tensors) else "graph"
            if mode == "xla" and _differentiated_twice(tf.nest.flatten(tensors)):
                mode = "graph"
            return functions[mode](*tensors)

        return call


class _JAX:
    @staticmethod
    def scan(step, carry, sequences, reverse):
        import jax

        return jax.lax.scan(step, carry, sequences, reverse=reverse)

    @staticmethod
    def vjp(function, arguments, cotangents):
        import jax

        return jax.vjp(function, *arguments)[1](cotangents)

    @staticmethod
    def with_gradient(forward, backward):
        import jax

        function = jax.custom_vjp(
            lambda variables, constants: forward(variables, constants)[0]
        )
        function.defvjp(
            forward,
            lambda residuals, cotangents: (backward(residuals, cotangents), None),
        )
        return function

    @staticmethod
    def compile_loop(function):
        import jax

        function = jax.jit(function)
        return lambda mode, *arguments: function(*arguments)


class _PyTorch:
    @staticmethod
    def scan(step, carry, sequences, reverse):
        steps = range(tree.flatten(sequences)[0].shape[0])
        results = []
        for t in reversed(steps) if reverse else steps:
            slices = tree.map_structure(lambda tensor, t=t: tensor[t], sequences)
            carry, result = step(carry, slices)
            results.append(result)
        if reverse:
            results.reverse()
        return carry, tree.map_structure(lambda *xs: keras.ops.stack(xs), *results)

    @staticmethod
    def with_gradient(forward, backward):
        return lambda variables, constants: forward(variables, constants)[0]

    @staticmethod
    def compile_loop(function):
        return lambda mode, *arguments: function(*arguments)


def _differentiated_twice(tensors) -> bool:
    """Whether a persistent tape, or one tape in another, watches the tensors.

    TensorFlow then prepares gradients of gradients, and passes lists of tensors from
    one function to the other, which XLA does not compile. It has no public name for
    this question.
    """
    from tensorflow.python.ops import gradients_util

    return gradients_util.PossibleTapeGradientTypes(tensors) > 1


_BACKENDS = {"tensorflow": _TensorFlow, "jax": _JAX, "torch": _PyTorch}
