"""Windows: a grid of vectors cut into squares, for attention within each.

Shifted windows are those of a rolled grid, so that they lie across the borders of the
others. The last windows of a rolled grid hold places from both sides of the grid, which
a mask separates. Letters in comments: B batch, H W height and width, M side of
a window, S steps of a window, D features.
"""

import numpy as np
from keras import ops

from seqzoo.ops.types import Array, Tensor


def grid_size(x: Tensor) -> tuple[int, int]:
    """Height and width of a grid `(batch, height, width, features)`.

    Raises:
        ValueError: If one of them is unknown.
    """
    height, width = x.shape[1:3]
    if not (isinstance(height, int) and isinstance(width, int)):
        raise ValueError(
            "Windows and merged patches need a grid of known height and width. "
            f"Received: {tuple(x.shape)}. Trace the model on one size at a time."
        )
    return height, width


def pad_to_multiples(x: Tensor, size: int) -> Tensor:
    """Pads a grid with zeros at its right and below, until squares of `size` fill it.

    Args:
        x: Float tensor `(batch, height, width, features)`, whose height and width are
            known.
        size: Side of a square.

    Returns:
        Float tensor `(batch, rows, columns, features)`: `x` itself if it fits.
    """
    below, right = (-side % size for side in grid_size(x))
    if not below and not right:
        return x
    return ops.pad(x, ((0, 0), (0, below), (0, right), (0, 0)))


def window_partition(x: Tensor, window_size: int) -> Tensor:
    """Cuts a grid into windows (Liu et al. 2021, section 3.2).

    Args:
        x: Tensor `(batch, height, width, features)`; `window_size` divides height and
            width, which are known.
        window_size: Side of a window.

    Returns:
        Tensor `(batch * windows, window_size ** 2, features)`: windows of an image, and
        places of a window, in row-major order.
    """
    height, width, features = x.shape[1:]
    rows, columns = height // window_size, width // window_size
    x = ops.reshape(x, (-1, rows, window_size, columns, window_size, features))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))  # (B, rows, columns, M, M, D)
    return ops.reshape(x, (-1, window_size**2, features))  # (B * windows, S, D)


def window_reverse(
    windows: Tensor, window_size: int, height: int, width: int
) -> Tensor:
    """Puts windows together to a grid: the inverse of `window_partition`.

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
    return ops.reshape(x, (-1, height, width, features))  # (B, H, W, D)


def effective_window(
    height: int, width: int, window_size: int, shift: int
) -> tuple[int, int]:
    """Side and shift of the windows of a grid, which may be smaller than a window.

        min(height, width) > window_size:  window_size, shift
        otherwise:                         min(height, width), 0

    as in the authors' code: a window that spans the grid needs no shift.

    Args:
        height: Rows of the grid.
        width: Columns of the grid.
        window_size: Side of a window in a large grid.
        shift: Places by which a large grid is rolled.

    Returns:
        The side of the windows and the shift.
    """
    side = min(height, width)
    return (window_size, shift) if side > window_size else (side, 0)


def attend_in_windows(
    queries: Tensor, weights: Tensor, window_size: int, shift: int
) -> Tensor:
    """Attention that each place of a grid receives from the other places.

        outputs(k) = sum over q of queries(q) weights(q, k)

    A grid of queries with a 1 at one place gives the attention of that place, which is
    0 outside its window; equal queries that sum to 1 give the mean attention.

    Args:
        queries: Float tensor `(batch, height, width)`, whose height and width are
            known: the weight of each place's attention in the sum.
        weights: Float tensor `(batch, windows, steps, steps)`: the weights of
            `WindowAttention`, of one head or the mean over heads.
        window_size: As for `effective_window`.
        shift: As for `effective_window`.

    Returns:
        Float tensor `(batch, height, width)`. Its sum is that of `queries`, less the
        attention that padding receives.
    """
    height, width = queries.shape[1:3]
    window, shift = effective_window(height, width, window_size, shift)
    x = pad_to_multiples(ops.expand_dims(queries, -1), window)
    rows, columns = x.shape[1:3]
    if shift:
        x = ops.roll(x, (-shift, -shift), axis=(1, 2))
    x = window_partition(x, window)  # (B * windows, S, 1)
    x = ops.reshape(x, (-1, weights.shape[1], 1, window**2))  # (B, windows, 1, S)
    x = ops.reshape(ops.matmul(x, weights), (-1, window**2, 1))
    x = window_reverse(x, window, rows, columns)  # (B, rows, columns, 1)
    if shift:
        x = ops.roll(x, (shift, shift), axis=(1, 2))
    return x[:, :height, :width, 0]


def shifted_window_mask(height: int, width: int, window_size: int, shift: int) -> Array:
    """The mask of attention in the windows of a rolled grid (figure 4).

        mask(q, k) = q and k were both rolled round the border, or neither was

    in rows and in columns: a grid rolled by (-shift, -shift) has its former first
    `shift` rows and columns last. The authors' code adds -100 to the other scores;
    this mask gives them a weight of 0, which is the same in float32 unless scores
    differ by about 90. Padding may be attended to, as in their code.

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
    regions = regions.transpose(0, 2, 1, 3)  # (rows, columns, M, M)
    regions = regions.reshape(-1, window_size**2)  # (windows, S)
    return regions[:, :, None] == regions[:, None, :]


def relative_position_index(window_size: int, table_size: int | None = None) -> Array:
    """Indices into the table of relative position biases (section 3.2).

        index(q, k) = (row_q - row_k + M - 1) (2 M - 1) + column_q - column_k + M - 1

    for a table of windows of side M. A smaller window has the same index for the same
    displacement.

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
