"""Checks of arguments: numbers, seeds, and shapes of tensors."""

import hashlib
import operator
from numbers import Real
from typing import Any

from seqzoo.ops.types import Tensor


def positive_integer(value: Any, name: str) -> int:
    """`whole_number` of at least 1."""
    return whole_number(value, name, 1)


def whole_number(value: Any, name: str, least: int = 0) -> int:
    """`value` as a Python int; NumPy's integers count, too.

    Raises:
        ValueError: If it is not a whole number of at least `least`. True and False are
            not.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        wanted = "a positive integer" if least == 1 else f"an integer from {least}"
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}")
    return number


def number_between(value: Any, name: str, low: float, high: float) -> float:
    """`value` as a Python float; NumPy's numbers count, too.

    Raises:
        ValueError: If it is not a number from `low` to `high`. True and False are not.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:
        raise ValueError(
            f"`{name}` must be a number from {low:g} to {high:g}. "
            f"Received: {name}={value!r}"
        )
    return float(value)


def split_seed(seed: int | None, purpose: str) -> int | None:
    """A seed of its own for each purpose, so that no two draws are alike.

    Args:
        seed: The seed of a whole layer; None gives None.
        purpose: Name of the draw, different from the others of the layer.
    """
    if seed is None:
        return None
    digest = hashlib.sha256(f"{operator.index(seed)} {purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1  # 31 bits, as generators take


def check_shapes(**arguments: tuple[Tensor | None, str]) -> None:
    """Raises a ValueError unless each tensor has the shape that its axes describe.

    Args:
        **arguments: For each name, the tensor (None is skipped) and its axes in one
            string, such as "batch steps 4". A number is a size; axes of equal names
            have equal sizes; "..." in front stands for any number of axes. Unknown
            sizes (None, or the symbols of JAX's export) fit everything.
    """
    known: dict[str, tuple[int, str]] = {}
    for name, (tensor, description) in arguments.items():
        if tensor is None:
            continue
        shape, axes = tuple(tensor.shape), description.split()
        wanted = f"({', '.join(axes)})"
        if axes[0] == "...":
            axes = axes[1:]
            fits = len(shape) >= len(axes)
            sizes = shape[len(shape) - len(axes) :]
        else:
            fits, sizes = len(shape) == len(axes), shape
        if not fits:
            raise ValueError(
                f"`{name}` must have shape {wanted}. Received: {name} of shape {shape}"
            )
        for axis, size in zip(axes, sizes, strict=True):
            if not isinstance(size, int):
                continue
            if axis.isdigit():
                if size != int(axis):
                    raise ValueError(
                        f"`{name}` must have shape {wanted}. "
                        f"Received: {name} of shape {shape}"
                    )
                continue
            expected, source = known.setdefault(axis, (size, name))
            if size != expected:
                raise ValueError(
                    f"`{name}` must have shape {wanted}, and `{source}` has "
                    f"{axis} = {expected}. Received: {name} of shape {shape}"
                )


def check_broadcast(name: str, tensor: Tensor | None, sizes: tuple, axes: str) -> None:
    """Raises a ValueError unless a tensor broadcasts to some sizes; None fits.

    Args:
        name: Name of the argument.
        tensor: The tensor, or None.
        sizes: Sizes of the axes; what is no integer is unknown.
        axes: Names of the axes, for the message, such as "batch steps".
    """
    if tensor is None:
        return
    shape = tuple(tensor.shape)
    fits = len(shape) <= len(sizes) and all(
        not (isinstance(size, int) and isinstance(wanted, int)) or size in (1, wanted)
        for size, wanted in zip(reversed(shape), reversed(sizes), strict=False)
    )
    if not fits:
        raise ValueError(
            f"`{name}` must broadcast to ({', '.join(axes.split())}) = {sizes}. "
            f"Received: {name} of shape {shape}"
        )
