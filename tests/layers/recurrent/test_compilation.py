"""What is compiled once stays compiled while the weights change."""

import functools
import os
import subprocess
import sys

import keras
import pytest

from seqzoo.layers import GRUCell, LSTMCell, PhasedLSTMCell, Recurrent
from seqzoo.layers.recurrent.backend import CALLS_BEFORE_XLA
from tests.layers.gradients import assert_near

PROGRAM = """
import pathlib, sys
import keras, numpy, tensorflow as tf
from seqzoo.layers import LSTMCell, Recurrent

layer = Recurrent(LSTMCell(4), recurrent_dropout=0.1)
optimizer = keras.optimizers.SGD(0.1)
x = tf.constant(numpy.ones((2, 6, 3), "float32"))

def step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x, training=True))
    weights = layer.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)

def modules():
    return len(list(pathlib.Path(sys.argv[1]).glob("*before_optimizations.txt")))

run = tf.function(step)
run()
first = modules()
for _ in range(3):
    run()
print(first, modules())
"""


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX compiles by shape alone"
)
def test_training_compiles_no_more_once_its_shapes_are_known(tmp_path):
    """XLA writes out each module that it compiles: none after the first step."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_dump_to={tmp_path}"
    environment = {**os.environ, "XLA_FLAGS": f"{flags} --xla_dump_hlo_as_text"}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    before, after = map(int, result.stdout.split())
    assert 0 < before == after


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX compiles by shape alone"
)
@pytest.mark.parametrize(
    "make",
    [LSTMCell, GRUCell, functools.partial(PhasedLSTMCell, time_feature=True)],
)
def test_inference_stays_the_same_when_xla_takes_it_over(make):
    """Eagerly from a later call on, in a graph at once; gradients too."""
    import tensorflow as tf

    layer = Recurrent(make(4), return_sequences=True)
    x = tf.random.normal((3, CALLS_BEFORE_XLA, 5), seed=0)
    in_keras = keras.layers.RNN(layer.cell, return_sequences=True)

    def outputs_and_gradients(layer):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
            loss = tf.reduce_sum(outputs**2)
        return outputs, *tape.gradient(loss, [x, *layer.trainable_variables])

    layer(x)
    expected = outputs_and_gradients(in_keras)
    runs = [outputs_and_gradients(layer) for _ in range(CALLS_BEFORE_XLA + 1)]
    runs.append(tf.function(outputs_and_gradients)(layer))
    for found in runs:
        for ours, theirs in zip(found, expected, strict=True):
            assert_near(ours, theirs, atol=1e-5)
    unknown = tf.TensorSpec((None, None, 5))
    assert_near(tf.function(layer, input_signature=[unknown])(x), expected[0])


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a SavedModel is TensorFlow's"
)
def test_a_model_is_exported_with_its_loop(tmp_path):
    import tensorflow as tf

    model = keras.Sequential([keras.Input((6, 3)), Recurrent(LSTMCell(4))])
    x = tf.random.normal((2, 6, 3), seed=0)
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    assert_near(exported.serve(x), model(x))
