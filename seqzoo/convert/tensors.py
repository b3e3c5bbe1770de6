"""How tensors of PyTorch become ours, and settings that families share."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
# (our key, (their names, how ours is made of them))
Rule = tuple[str, tuple[tuple[str, ...], Callable[..., Array]]]

ACTIVATIONS = {"gelu": "gelu", "relu": "relu", "silu": "silu", "swish": "silu"}


def same(array: Array) -> Array:
    """As it is."""
    return array


def transposed(array: Array) -> Array:
    """A dense kernel, (out, in) to (in, out)."""
    return array.T


def convolution(array: Array) -> Array:
    """A kernel (out, in, height, width) to (height, width, in, out)."""
    return array.transpose(2, 3, 1, 0)


def dense(ours: str, theirs: str, use_bias: bool = True) -> Iterator[Rule]:
    """A dense layer."""
    yield f"{ours}/kernel", ((f"{theirs}.weight",), transposed)
    if use_bias:
        yield f"{ours}/bias", ((f"{theirs}.bias",), same)


def layer_norm(ours: str, theirs: str) -> Iterator[Rule]:
    """A layer norm."""
    yield f"{ours}/gamma", ((f"{theirs}.weight",), same)
    yield f"{ours}/beta", ((f"{theirs}.bias",), same)


def joined(ours: str, theirs: list[str], use_bias: bool = True) -> Iterator[Rule]:
    """Dense layers of one input as one."""
    kernels = tuple(f"{name}.weight" for name in theirs)
    yield f"{ours}/kernel", (kernels, lambda *parts: np.concatenate(parts).T)
    if use_bias:
        biases = tuple(f"{name}.bias" for name in theirs)
        yield f"{ours}/bias", (biases, lambda *parts: np.concatenate(parts))


def activation(settings: Mapping[str, Any], where: str) -> str:
    """The Keras name of `hidden_act`.

    Raises:
        ValueError: If it is none that is exactly the same here.
    """
    name = settings.get("hidden_act", "gelu")
    if name not in ACTIVATIONS:
        raise ValueError(
            f"{where} has the activation {name!r}; seqzoo reads "
            f"{', '.join(ACTIVATIONS)}."
        )
    return ACTIVATIONS[name]
