"""Maps of attention: followed through the layers, or that of one layer and head."""

from collections.abc import Sequence

from keras import ops

from seqzoo.ops.types import Tensor


def rollout(attentions: Sequence[Tensor]) -> Tensor:
    """Attention followed through all layers (Abnar and Zuidema 2020, equation 1).

        A_l = (mean over heads of weights_l + identity), each row divided by its sum
        outputs = A_L ... A_2 A_1

    The identity stands for the shortcut around each attention. Read as a walk: whoever
    stands at step q of the last layer goes down, at each layer with even odds stays or
    looks elsewhere; outputs(q, k) is the probability of arriving at step k of the
    first layer's input.

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


def one_layer(layer: int | None, count: int) -> int:
    """The index of a layer among `count`.

    Raises:
        ValueError: If there is no such layer, or a head was asked for without one.
    """
    if layer is None:
        raise ValueError(
            "A single `head` is one of a single `layer`. Received: layer=None. Give "
            "both, or neither."
        )
    if not -count <= layer < count:
        raise ValueError(
            f"`layer` must be in [-{count}, {count}). Received: layer={layer}"
        )
    return layer % count


def mean_or_head(weights: Tensor, head: int | None, axis: int = 1) -> Tensor:
    """The mean over the heads, which are on an axis, or one of them; float32.

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
    """Where a place, row and column, stands in a grid read row by row.

    Raises:
        ValueError: If it lies outside the grid.
    """
    row, column = place
    if not (0 <= row < grid[0] and 0 <= column < grid[1]):
        raise ValueError(
            f"`place` must be a row and a column of the {grid[0]} x {grid[1]} patches. "
            f"Received: place={place!r}"
        )
    return row * grid[1] + column
