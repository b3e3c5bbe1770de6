"""What is compiled once stays compiled while the weights change."""

import os
import subprocess
import sys

import keras
import pytest

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
