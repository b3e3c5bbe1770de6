"""Windows: a grid of vectors cut into squares that are attended to one by one.

A shifted window is one of a grid that was rolled, so that squares lie across the former
borders; the rolled grid's last squares hold what came round from the other side, and a
mask keeps the two apart. Letters in comments: B batch, H W height and width, M side of
a window, S steps of a window, D features.
"""

import numpy as np
from keras import ops

from seqzoo.ops.types import Array, Tensor


def padded_to_multiples(x: Tensor, size: int) -> Tensor:
    """A grid with zeros at its right and below, until squares of `size` fill it.

    Args:
        x: Float tensor `(batch, height, width, features)`, whose height and width are
            known.
        size: Side of a square.

    Returns:
        Float tensor `(batch, rows, columns, features)`: `x` itself if it fits.
    """
    below, right = (-side % size for side in x.shape[1:3])
    if not below and not right:
        return x
    return ops.pad(x, ((0, 0), (0, below), (0, right), (0, 0)))


def window_partition(x: Tensor, window_size: int) -> Tensor:
    """A grid cut into windows (Liu et al. 2021, section 3.2).

    Args:
        x: Tensor `(batch, height, width, features)`; `window_size` divides height and
            width, which are known.
        window_size: Side of a window.

    Returns:
        Tensor `(batch * windows, window_size ** 2, features)`: the windows of an image
        follow each other row by row, and so do the places in a window.
    """
    height, width, features = x.shape[1:]
    rows, columns = height // window_size, width // window_size
    x = ops.reshape(x, (-1, rows, window_size, columns, window_size, features))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # (B, rows, columns, M, M, D)
    return ops.reshape(x, (-1, window_size**2, features))


def window_reverse(
    windows: Tensor, window_size: int, height: int, width: int
) -> Tensor:
    """The grid that `window_partition` cut.

    Args:
        windows: Tensor `(batch * windows, window_size ** 2, features)`.
        window_size: Side of a window.
        height: Rows of the grid.
        width: Columns of the grid.

    Returns:
        Tensor `(batch, height, width, features)`.
    """
    features = windows.shape[-1]
    rows, columns = height // window_size, width // window_size
    x = ops.reshape(windows, (-1, rows, columns, window_size, window_size, features))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # (B, rows, M, columns, M, D)
    return ops.reshape(x, (-1, height, width, features))


def fitted_window(
    height: int, width: int, window_size: int, shift: int
) -> tuple[int, int]:
    """The window and the shift of a grid that may be no larger than a window.

        min(height, width) > window_size:  window_size, shift
        otherwise:                         min(height, width), 0

    as the authors' code has it; where one window spans the grid there is nothing to
    shift.

    Args:
        height: Rows of the grid.
        width: Columns of the grid.
        window_size: Side of a window in a large grid.
        shift: Places by which a large grid is rolled.

    Returns:
        The side of the window and the shift to use.
    """
    side = min(height, width)
    return (window_size, shift) if side > window_size else (side, 0)


def attended_in_windows(
    queries: Tensor, weights: Tensor, window_size: int, shift: int
) -> Tensor:
    """Where the places of a grid look, with windows put back and shifts undone.

        outputs(k) = sum over q of queries(q) weights(q, k)

    With 1 at one place it is where that place looks, which is 0 outside its window;
    with an even share everywhere it is how much each place is looked at.

    Args:
        queries: Float tensor `(batch, height, width)`, whose height and width are
            known: how much each place counts as one that looks.
        weights: Float tensor `(batch, windows, steps, steps)`: those of one head of
            `WindowAttention`, or a mean over heads.
        window_size: Side of a window in a large grid, and
        shift: places by which a large grid was rolled, as for `fitted_window`.

    Returns:
        Float tensor `(batch, height, width)`. It sums to what `queries` do, less what
        looks at padding.
    """
    height, width = queries.shape[1:3]
    window, shift = fitted_window(height, width, window_size, shift)
    x = padded_to_multiples(ops.expand_dims(queries, -1), window)
    rows, columns = x.shape[1:3]
    if shift:
        x = ops.roll(x, (-shift, -shift), axis=(1, 2))
    x = window_partition(x, window)
    x = ops.reshape(x, (-1, weights.shape[1], 1, window**2))
    x = ops.reshape(ops.matmul(x, weights), (-1, window**2, 1))
    x = window_reverse(x, window, rows, columns)
    if shift:
        x = ops.roll(x, (shift, shift), axis=(1, 2))
    return x[:, :height, :width, 0]


def shifted_window_mask(height: int, width: int, window_size: int, shift: int) -> Array:
    """Who may attend to whom in the windows of a rolled grid (figure 4).

        mask(q, k) = q and k came round the border alike

    down and across, each: rolled by (-shift, -shift), the last `shift` rows and columns
    are the former first ones. The authors' code adds -100 to the scores of the others;
    this mask leaves them no weight at all, which is the same in float32 unless scores
    lie some 90 apart. Padding is not told from what is real, as in their code.

    Args:
        height: Rows of the grid; a multiple of `window_size`.
        width: Columns of the grid; a multiple of `window_size`.
        window_size: Side of a window.
        shift: Places by which the grid was rolled up and to the left.

    Returns:
        Boolean array `(windows, window_size ** 2, window_size ** 2)` in the order of
        `window_partition`; True may be attended to.
    """
    below, right = (np.arange(side) >= side - shift for side in (height, width))
    regions = 2 * below[:, None] + right  # (H, W), four of them
    rows, columns = height // window_size, width // window_size
    regions = regions.reshape(rows, window_size, columns, window_size)
    regions = regions.transpose(0, 2, 1, 3).reshape(-1, window_size**2)
    return regions[:, :, None] == regions[:, None, :]


def relative_position_index(window_size: int, table_size: int | None = None) -> Array:
    """Where in a table the bias of two places of a window stands (section 3.2).

        index(q, k) = (row_q - row_k + M - 1) (2 M - 1) + column_q - column_k + M - 1

    for the window of side M that the table is made for. A smaller window finds the same
    displacement at the same place.

    Args:
        window_size: Side of the window.
        table_size: M; by default `window_size`, and never less.

    Returns:
        Integer array `(window_size ** 2, window_size ** 2)` in [0, (2 M - 1) ** 2).
    """
    largest = (table_size or window_size) - 1
    rows, columns = np.divmod(np.arange(window_size**2), window_size)
    down = rows[:, None] - rows + largest  # (S, S)
    across = columns[:, None] - columns + largest
    return down * (2 * largest + 1) + across
