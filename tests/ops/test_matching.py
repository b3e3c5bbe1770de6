"""Matching against every assignment there is."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.ops.matching import gathered_queries, matched_queries

COSTS = np.random.default_rng(0).normal(size=(6, 5, 3)).astype("float32")
IS_OBJECT = np.array(
    [[1, 1, 1], [1, 0, 1], [0, 0, 1], [0, 0, 0]] + [[1, 1, 1]] * 2, bool
)


def test_the_assignment_is_the_cheapest_of_all():
    found = ops.convert_to_numpy(matched_queries(COSTS, IS_OBJECT))
    assert found.shape == (6, 3) and found.dtype == np.int32
    for costs, real, queries in zip(COSTS, IS_OBJECT, found, strict=True):
        (objects,) = np.nonzero(real)
        cheapest = min(
            itertools.permutations(range(5), len(objects)),
            key=lambda order: costs[list(order), objects].sum(),
        )
        np.testing.assert_array_equal(queries[objects], cheapest)
        assert not queries[~real].any()


def test_it_works_inside_a_compiled_step():
    """Also where a step is traced once and run for other values."""
    backend = keras.backend.backend()
    if backend == "torch":
        pytest.skip("PyTorch compiles nothing here")
    if backend == "tensorflow":
        import tensorflow

        compiled = tensorflow.function(matched_queries)
    else:
        import jax

        compiled = jax.jit(matched_queries)
    for costs in (COSTS, -COSTS):
        np.testing.assert_array_equal(
            compiled(costs, IS_OBJECT), matched_queries(costs, IS_OBJECT)
        )


def test_costs_that_are_no_numbers_do_not_stop_the_step():
    """The loss will not be finite then, which the training loop says."""
    costs = np.full((1, 2, 2), np.nan, "float32")
    found = ops.convert_to_numpy(matched_queries(costs, np.ones((1, 2), bool)))
    assert sorted(found[0]) == [0, 1]


def test_more_objects_than_queries_are_refused():
    with pytest.raises(Exception, match="3 objects, 2 queries"):
        ops.convert_to_numpy(matched_queries(COSTS[:1, :2], np.ones((1, 3), bool)))


def test_rows_are_gathered_by_query():
    values = np.arange(24.0).reshape(2, 4, 3)
    found = ops.convert_to_numpy(gathered_queries(values, np.array([[3, 0], [1, 1]])))
    np.testing.assert_array_equal(found, [values[0][[3, 0]], values[1][[1, 1]]])
