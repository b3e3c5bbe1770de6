"""How tensors of PyTorch become ours, and settings that families share."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
# (our key, (their names, how ours is made of them))
Rule = tuple[str, tuple[tuple[str, ...], Callable[..., Array]]]

ACTIVATIONS = {"gelu": "gelu", "relu": "relu", "silu": "silu", "swish": "silu"}

# Names within an encoder block, transformers 4 to 5.
RENAMED_IN_BLOCKS = {
    r"\.attention\.(?:attention|self)\.([qkv])\w+\.": r".attention.\1_proj.",
    r"\.attention\.output\.dense\.": ".attention.o_proj.",
    r"\.intermediate\.dense\.": ".mlp.fc1.",
    r"\.output\.dense\.": ".mlp.fc2.",
}


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


def encoder_block(
    ours: str, theirs: str, use_bias: bool, attention: str = "attention"
) -> Iterator[Rule]:
    """Self-attention and feed-forward, with their norms.

    Args:
        ours: Our block.
        theirs: Their block, by its name in transformers 5.
        use_bias: Whether query, key and value have biases.
        attention: Where our block has its `SelfAttention`.
    """
    yield from layer_norm(f"{ours}/attention_norm", f"{theirs}.layernorm_before")
    parts = [f"{theirs}.attention.{part}_proj" for part in "qkv"]
    yield from joined(f"{ours}/{attention}/qkv", parts, use_bias)
    yield from dense(f"{ours}/{attention}/output_layer", f"{theirs}.attention.o_proj")
    yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.layernorm_after")
    yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.mlp.fc1")
    yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.mlp.fc2")


def vision_fields(
    settings: Mapping[str, Any], where: str, patch_size: int, epsilon: float
) -> dict[str, Any]:
    """The fields that transformers of pictures share.

    Args:
        settings: The checkpoint's `config.json`.
        where: The checkpoint, as in an error.
        patch_size: Where it says none.
        epsilon: Likewise, of the layer norms.
    """
    get = settings.get
    return {
        "image_size": get("image_size", 224),
        "patch_size": square_side(get("patch_size", patch_size), where),
        "channels": get("num_channels", 3),
        "num_classes": len(get("id2label") or "01"),
        "activation": activation(settings, where),
        "use_bias": get("qkv_bias", True),
        "epsilon": get("layer_norm_eps", epsilon),
        "dropout": get("hidden_dropout_prob", 0.0),
        "attention_dropout": get("attention_probs_dropout_prob", 0.0),
    }


def square_side(size: Any, where: str) -> int:
    """The side of a patch.

    Raises:
        ValueError: If it is not square.
    """
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise ValueError(
            f"{where} has patches of {size!r} pixels; they must be square."
        )
    return int(sides.pop())


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
