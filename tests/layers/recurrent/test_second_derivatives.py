"""Gradients of gradients, and persistent tapes, for which TensorFlow prepares them."""

import keras
import numpy as np
import pytest

from seqzoo.layers import ElmanCell, Recurrent
from tests.layers.gradients import assert_near
from tests.layers.recurrent.recurrent_cases import array, on_tensorflow, randomized

X = array(2, 3, 2)
MASK = np.array([[True, True, True], [True, False, False]])


def built(layer):
    layer.build(X.shape)
    return randomized(layer)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.skipif(not on_tensorflow, reason="only TensorFlow has tapes")
def test_a_persistent_tape_gives_the_gradients_of_a_common_one(compiled):
    import tensorflow as tf

    layer = built(Recurrent(ElmanCell(2)))
    z = tf.constant(X)

    @tf.function(jit_compile=compiled)
    def gradients():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(z)
            outputs = layer(z, training=True)
        return tape.gradient(outputs, z), tape.gradient(outputs, layer.cell.kernel)

    with tf.GradientTape() as tape:
        tape.watch(z)
        outputs = layer(z, training=True)
    expected = tape.gradient(outputs, [z, layer.cell.kernel])
    for ours, theirs in zip(gradients(), expected, strict=True):
        assert_near(ours, theirs, atol=1e-6)


@pytest.mark.skipif(not on_tensorflow, reason="only TensorFlow has tapes")
def test_an_eager_persistent_tape_serves_several_gradients():
    import tensorflow as tf

    layer, z = built(Recurrent(ElmanCell(2))), tf.constant(X)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        outputs = layer(z, training=True)
        first, second = outputs[0], outputs[1]
    by_first, by_second = (tape.gradient(row, z) for row in (first, second))
    assert_near(by_first[1], np.zeros((3, 2)))
    assert_near(by_second[0], np.zeros((3, 2)))
    assert np.abs(by_first[0]).max() > 0 and np.abs(by_second[1]).max() > 0


@pytest.mark.parametrize(
    "training", [True, pytest.param(False, marks=pytest.mark.slow)]
)
def test_gradients_of_gradients_are_those_of_keras(training):
    ours = built(Recurrent(ElmanCell(2)))
    theirs = keras.layers.SimpleRNN(2)
    theirs.build(X.shape)
    theirs.set_weights(ours.get_weights())
    expected = second_derivatives(theirs)
    found = second_derivatives(ours, training=training)
    for mine, other in zip(found, expected, strict=True):
        assert np.abs(keras.ops.convert_to_numpy(other)).max() > 0.01
        assert_near(mine, other, rtol=1e-4, atol=1e-4)


def second_derivatives(layer, **options):
    """Gradients of the sum of sin(gradients) of a layer's outputs."""
    differentiate = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}

    def run(x):
        return layer(x, mask=keras.ops.convert_to_tensor(MASK), **options)

    return differentiate[keras.backend.backend()](layer, run)


def _tensorflow(layer, run):
    import tensorflow as tf

    variables = [tf.constant(X), *(v.value for v in layer.trainable_variables)]
    with tf.GradientTape() as outer:
        outer.watch(variables[0])
        with tf.GradientTape() as inner:
            inner.watch(variables[0])
            outputs = run(variables[0])
        gradients = inner.gradient(outputs, variables)
        total = sum(tf.reduce_sum(tf.sin(gradient)) for gradient in gradients)
    return outer.gradient(total, variables)


def _jax(layer, run):
    import jax

    def total(x, values):
        mapping = list(zip(layer.trainable_variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return run(x).sum()

    def total_of_gradients(x, values):
        gradients = jax.grad(total, argnums=(0, 1))(x, values)
        return sum(jax.numpy.sin(g).sum() for g in jax.tree.leaves(gradients))

    values = [variable.value for variable in layer.trainable_variables]
    second = jax.jit(jax.grad(total_of_gradients, argnums=(0, 1)))
    return jax.tree.leaves(second(jax.numpy.asarray(X), values))


def _torch(layer, run):
    import torch

    x = torch.tensor(X, requires_grad=True)
    variables = [x, *(variable.value for variable in layer.trainable_variables)]
    gradients = torch.autograd.grad(run(x).sum(), variables, create_graph=True)
    total = sum(torch.sin(gradient).sum() for gradient in gradients)
    return [g.detach() for g in torch.autograd.grad(total, variables)]
