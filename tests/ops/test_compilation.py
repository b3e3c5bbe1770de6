"""Few shapes are compiled, whatever the number and the length of the inputs."""

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.ops.compilation import (
    MOST_SHAPES,
    batch_parts,
    compile_for,
    padded_rows,
    padded_steps,
)
from tests.graphs import needs_tracing


@pytest.fixture(scope="module")
def model():
    return keras.Sequential([keras.Input((None, 3)), keras.layers.Dense(2)])


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_parts_hold_all_inputs_in_few_sizes(batch_size):
    sizes = set()
    for count in range(200):
        parts = batch_parts(count, batch_size)
        assert sum(parts) >= count > sum(parts[:-1]) or not count
        assert sum(parts) <= 2 * count
        sizes |= set(parts)
    assert len(sizes) <= 3


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_padded_numbers_are_few_and_large_enough(batch_size):
    counts = range(1, batch_size + 1)
    rows = [padded_rows(count, batch_size) for count in counts]
    assert all(row >= count for row, count in zip(rows, counts, strict=True))
    assert len(set(rows)) <= 3
    steps = [padded_steps(count) for count in range(1, 1025)]
    assert all(step >= count for count, step in enumerate(steps, 1))
    assert len(set(steps)) <= 6


@needs_tracing
@pytest.mark.parametrize("any_size", [True, False])
def test_a_function_of_any_size_is_traced_once(model, any_size):
    """And gives what the plain function gives; `often` compiles one shape."""
    traces = []

    def function(x, ids):
        traces.append(x)
        return model(x) * ops.cast(ids, "float32")[..., None]

    run = compile_for(model, function, any_size)
    for rows, often in ((1, False), (2, False), (5, False), (5, True), (5, False)):
        x = np.ones((rows, 4, 3), "float32")
        ids = np.arange(rows * 4, dtype="int32").reshape(rows, 4)
        np.testing.assert_allclose(run(x, ids, often=often), function(x, ids))
        traces.pop()
    is_graph = any_size and keras.backend.backend() == "tensorflow"
    assert len(traces) == (2 if is_graph else 3)


@needs_tracing
def test_the_oldest_shapes_are_dropped(model, graphs):
    traces = []

    def function(x):
        traces.append(x.shape)
        return ops.sum(x)

    run = compile_for(model, function)
    for size in [*range(MOST_SHAPES + 1), MOST_SHAPES, 0]:
        run(np.ones(size, "float32"))
    if keras.backend.backend() == "tensorflow":  # JAX bounds its own cache
        assert len(traces) == MOST_SHAPES + 2
