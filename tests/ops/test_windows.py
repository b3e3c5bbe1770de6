"""Windows beside slices, loops and what was neighbours before the roll."""

import numpy as np
import pytest
from keras import ops

from seqzoo.ops.windows import (
    attend_in_windows,
    effective_window,
    pad_to_multiples,
    relative_position_index,
    shifted_window_mask,
    window_partition,
    window_reverse,
)

GRID = np.random.default_rng(0).normal(size=(2, 6, 9, 4)).astype("float32")


def numpy_of(x):
    return ops.convert_to_numpy(x)


def test_windows_are_slices_in_rows_and_go_back():
    windows = window_partition(GRID, 3)
    slices = [
        image[top : top + 3, left : left + 3].reshape(9, 4)
        for image in GRID
        for top in range(0, 6, 3)
        for left in range(0, 9, 3)
    ]
    np.testing.assert_array_equal(numpy_of(windows), slices)
    np.testing.assert_array_equal(numpy_of(window_reverse(windows, 3, 6, 9)), GRID)


@pytest.mark.parametrize(
    ("height", "width", "window", "shift"), [(6, 9, 3, 1), (8, 4, 4, 2), (14, 14, 7, 3)]
)
def test_who_may_attend_was_a_neighbour_before_the_roll(height, width, window, shift):
    """In one window, and as far apart there as in the grid that was not rolled."""
    places = np.stack(np.indices((height, width)), axis=-1)[None].astype("float32")
    rolled = ops.roll(places, (-shift, -shift), axis=(1, 2))
    before = numpy_of(window_partition(rolled, window))  # where each came from
    after = numpy_of(window_partition(places, window))  # where each is
    mask = shifted_window_mask(height, width, window, shift)
    assert mask.shape == (height * width // window**2, window**2, window**2)
    for k in range(len(mask)):
        for query in range(window**2):
            for key in range(window**2):
                apart = before[k, key] - before[k, query]
                is_neighbour = (apart == after[k, key] - after[k, query]).all()
                assert mask[k, query, key] == is_neighbour
    assert not mask[-1].all()


@pytest.mark.parametrize(("window", "table"), [(3, None), (7, 7), (2, 4), (1, 3)])
def test_the_index_is_that_of_a_double_loop(window, table):
    side = table or window
    index = relative_position_index(window, table)
    # A table that says which displacement each of its places is for.
    displacements = [
        (down, across)
        for down in range(-side + 1, side)
        for across in range(-side + 1, side)
    ]
    places = [(row, column) for row in range(window) for column in range(window)]
    for q, (row, column) in enumerate(places):
        for k, (other_row, other_column) in enumerate(places):
            expected = (row - other_row, column - other_column)
            assert displacements[index[q, k]] == expected


@pytest.mark.parametrize(
    ("grid", "fitted"),
    [((8, 9), (7, 3)), ((7, 9), (7, 0)), ((9, 2), (2, 0)), ((1, 1), (1, 0))],
)
def test_a_window_is_no_larger_than_the_grid(grid, fitted):
    assert effective_window(*grid, window_size=7, shift=3) == fitted


def test_padding_is_at_the_right_and_below():
    padded = numpy_of(pad_to_multiples(GRID, 4))
    assert padded.shape == (2, 8, 12, 4)
    np.testing.assert_array_equal(padded[:, :6, :9], GRID)
    assert not padded[:, 6:].any()
    assert not padded[:, :, 9:].any()
    assert pad_to_multiples(GRID, 3) is GRID


@pytest.mark.parametrize(
    ("height", "width", "window", "shift"),
    [(6, 9, 3, 0), (6, 9, 3, 1), (5, 7, 3, 1), (2, 5, 3, 1)],
    ids=["whole", "shifted", "padded", "clamped"],
)
def test_where_places_look_is_that_of_a_loop_over_windows(height, width, window, shift):
    side, moved = effective_window(height, width, window, shift)
    rows, columns = (-(-length // side) for length in (height, width))
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(side**2), (2, rows * columns, side**2))
    queries = rng.random((2, height, width))
    expected = np.zeros((2, rows * side, columns * side))
    for k, q, p in np.ndindex(rows * columns, side**2, side**2):
        down, across = k // columns * side, k % columns * side
        (row, column), (to_row, to_column) = (
            (
                (down + place // side + moved) % (rows * side),
                (across + place % side + moved) % (columns * side),
            )
            for place in (q, p)
        )
        if row < height and column < width:
            looking = queries[:, row, column]
            expected[:, to_row, to_column] += looking * weights[:, k, q, p]
    found = attend_in_windows(
        ops.convert_to_tensor(queries, "float32"),
        ops.convert_to_tensor(weights, "float32"),
        window,
        shift,
    )
    np.testing.assert_allclose(numpy_of(found), expected[:, :height, :width], rtol=1e-4)
