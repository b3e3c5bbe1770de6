"""Maps of attention on an image: rollout over all layers, or of one layer and head."""

from collections.abc import Sequence

import numpy as np
from keras import ops

from seqzoo.ops.types import Tensor
from seqzoo.ops.windows import attend_in_windows


def rollout(attentions: Sequence[Tensor]) -> Tensor:
    """Attention through all layers (Abnar and Zuidema 2020, equation 1).

        A_l = (mean over heads of weights_l + identity), each row divided by its sum
        outputs = A_L ... A_2 A_1

    The identity stands for the shortcut around each attention. As a random walk: from
    step q of the last layer down to the first, each layer either stays at its step or
    moves to an attended one, with equal probability; outputs(q, k) is the probability
    that the walk ends at step k of the first layer's input.

    Args:
        attentions: For each layer, the first one first, a float tensor `(batch,
            num_heads, steps, steps)`, whose rows are queries and sum to 1.

    Returns:
        Float32 tensor `(batch, steps, steps)`; each row sums to 1.

    Raises:
        ValueError: If there is no layer.
    """
    if not len(attentions):
        raise ValueError("`attentions` must have at least one layer. Received: none.")
    total = None
    for weights in attentions:
        steps = weights.shape[-1]
        mixed = mean_or_head(weights, None) + ops.eye(steps, dtype="float32")
        mixed = mixed / ops.sum(mixed, axis=-1, keepdims=True)
        total = mixed if total is None else ops.matmul(mixed, total)
    return total


def token_map(
    attentions: Sequence[Tensor],
    grid: tuple[int, int],
    layer: int | None,
    head: int | None,
    place: tuple[int, int] | None,
) -> Tensor:
    """A vision transformer's attention to the patches of an image.

    Args:
        attentions: As for `rollout`; the steps are the patches in row-major order,
            after a class token if there is one more step than patches.
        grid: Rows and columns of patches.
        layer: Index of the layer; None, without a head, for the rollout over all.
        head: Index of the head in that layer; None for the mean over all.
        place: Row and column of the patch that attends; None for the class token, or
            for the mean over the patches.

    Returns:
        Float32 tensor `(batch, rows, columns)`.

    Raises:
        ValueError: If there is no such layer, head or place.
    """
    if layer is None and head is None:
        mixed = rollout(attentions)  # (batch, steps, steps)
    else:
        mixed = mean_or_head(attentions[one_layer(layer, len(attentions))], head)
    first = mixed.shape[-1] - grid[0] * grid[1]  # patch: 1 after a class token
    if place is not None:
        row = mixed[:, first + place_index(place, grid)]
    else:
        row = mixed[:, 0] if first else ops.mean(mixed, axis=1)
    return ops.reshape(row[:, first:], (-1, *grid))


def window_map(
    attentions: Sequence[Tensor],
    windows: Sequence[tuple[int, int]],
    stages: Sequence[int],
    grids: Sequence[tuple[int, int]],
    layer: int | None,
    head: int | None,
    place: tuple[int, int] | None,
) -> Tensor:
    """A Swin transformer's attention to the patches of an image.

    Windows are put back on the grid and shifts undone. Attention to a place of a later
    stage is shared equally by the patches that were merged into it. In the rollout,
    from the last block down to the first, half of each place's share stays there and
    half follows its attention, as in `rollout`.

    Args:
        attentions: For each block a float tensor `(batch, windows, num_heads, steps,
            steps)`.
        windows: For each block the side of its windows and their shift.
        stages: For each block the index of its stage.
        grids: For each stage its rows and columns.
        layer: Index of the block; None, without a head, for the rollout over all.
        head: Index of the head in that block; None for the mean over all.
        place: Row and column of the patch that attends, or whose place of a later stage
            does; None for the mean over all.

    Returns:
        Float32 tensor `(batch, rows, columns)` of the first stage's grid.

    Raises:
        ValueError: If there is no such block, head or place.
    """
    follow = layer is None and head is None
    last = len(attentions) - 1 if follow else one_layer(layer, len(attentions))
    rows, columns = grids[stages[last]]
    queries = np.full((1, rows * columns), 1 / (rows * columns), "float32")
    if place is not None:
        place_index(place, grids[0])
        row, column = (index >> stages[last] for index in place)
        queries = np.eye(rows * columns, dtype="float32")[[row * columns + column]]
    x = ops.reshape(ops.convert_to_tensor(queries), (1, rows, columns))
    x = ops.repeat(x, ops.shape(attentions[0])[0], axis=0)  # (batch, rows, columns)
    for i in reversed(range(last + 1)):
        if follow or i == last:
            weights = mean_or_head(attentions[i], head, axis=2)
            attended = attend_in_windows(x, weights, *windows[i])
            x = (x + attended) / 2 if follow else attended
        if stages[i] and stages[i - 1] < stages[i]:  # undo the merging of patches
            height, width = grids[stages[i] - 1]
            x = ops.repeat(ops.repeat(x / 4, 2, axis=1), 2, axis=2)
            x = x[:, :height, :width]
    return x


def one_layer(layer: int | None, count: int) -> int:
    """The index of a layer among `count`, from 0, for an index that may be negative.

    Raises:
        ValueError: If there is no such layer, or `layer` is None.
    """
    if layer is None:
        raise ValueError(
            "A single `head` needs a single `layer`. Received: layer=None. Give both, "
            "or neither."
        )
    if not -count <= layer < count:
        raise ValueError(
            f"`layer` must be in [-{count}, {count}). Received: layer={layer}"
        )
    return layer % count


def mean_or_head(weights: Tensor, head: int | None, axis: int = 1) -> Tensor:
    """The mean over the heads, on the given axis, or one head; float32.

    Raises:
        ValueError: If there is no such head.
    """
    weights = ops.cast(weights, "float32")
    if head is None:
        return ops.mean(weights, axis=axis)
    heads = weights.shape[axis]
    if not -heads <= head < heads:
        raise ValueError(
            f"`head` must be in [-{heads}, {heads}). Received: head={head}"
        )
    return ops.take(weights, head % heads, axis=axis)


def place_index(place: tuple[int, int], grid: tuple[int, ...]) -> int:
    """The index of a row and column in a grid, in row-major order.

    Raises:
        ValueError: If the place is outside the grid.
    """
    row, column = place
    if not (0 <= row < grid[0] and 0 <= column < grid[1]):
        raise ValueError(
            f"`place` must be a row and a column of the {grid[0]} x {grid[1]} patches. "
            f"Received: place={place!r}"
        )
    return row * grid[1] + column
