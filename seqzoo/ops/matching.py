"""The assignment of predictions to objects."""

import numpy as np
from keras import ops

from seqzoo.ops.numpy_callback import numpy_callback
from seqzoo.ops.types import Array, Tensor


def matched_queries(costs: Tensor, is_object: Tensor) -> Tensor:
    """The one-to-one assignment of least total cost (Carion et al. 2020, equation 1).

        sigma = argmin over injective sigma of sum_j costs[sigma(j), j]

    which `scipy.optimize.linear_sum_assignment` solves for each set on the CPU. The
    assignment has no gradient; a loss of the matched predictions has.

    Args:
        costs: Float tensor `(sets, queries, objects)`: cost of query i for object j.
        is_object: Boolean tensor `(sets, objects)`; False is padding. A set has at most
            as many objects as queries.

    Returns:
        int32 tensor `(sets, objects)`: the query of each object; 0 for padding.
    """
    return numpy_callback(
        _assigned, (costs.shape[0], costs.shape[2]), "int32", costs, is_object
    )


def gathered_queries(values: Tensor, queries: Tensor) -> Tensor:
    """The values of the assigned queries.

    Args:
        values: Tensor `(sets, queries, features)`.
        queries: int32 tensor `(sets, objects)`.

    Returns:
        Tensor `(sets, objects, features)`.
    """
    return ops.take_along_axis(values, ops.expand_dims(queries, -1), axis=1)


def _assigned(costs: Array, is_object: Array) -> Array:
    from scipy.optimize import linear_sum_assignment

    # The loss refuses values that are not finite; scipy must not fail before it.
    costs = np.nan_to_num(np.asarray(costs, "float64"), nan=1e9, posinf=1e9)
    assignment = np.zeros(is_object.shape, "int32")
    for cost, real, row in zip(costs, np.asarray(is_object), assignment, strict=True):
        (columns,) = np.nonzero(real)
        if len(columns) > len(cost):
            raise ValueError(
                f"Each object needs a query of its own. Received: {len(columns)} "
                f"objects, {len(cost)} queries. Build the model with more queries."
            )
        rows, order = linear_sum_assignment(cost[:, columns])
        row[columns[order]] = rows
    return assignment
