"""How tensors of PyTorch become our weights, and settings that families share."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

# (key of our weight, (names of their tensors, function that makes ours of these))
Rule = tuple[str, tuple[tuple[str, ...], Callable[..., "Array"]]]

ACTIVATIONS = {"gelu": "gelu", "relu": "relu", "silu": "silu", "swish": "silu"}

# Names within an encoder block: of transformers 4 -> of transformers 5.
RENAMED_IN_BLOCKS = {
    r"\.attention\.(?:attention|self)\.([qkv])\w+\.": r".attention.\1_proj.",
    r"\.attention\.output\.dense\.": ".attention.o_proj.",
    r"\.intermediate\.dense\.": ".mlp.fc1.",
    r"\.output\.dense\.": ".mlp.fc2.",
}


def same(array: "Array") -> "Array":
    """Returns the tensor unchanged."""
    return array


def transposed(array: "Array") -> "Array":
    """The kernel of a dense layer, `(out, in)` to `(in, out)`."""
    return array.T


def convolution(array: "Array") -> "Array":
    """The kernel of a convolution, `(out, in, H, W)` to `(H, W, in, out)`."""
    return array.transpose(2, 3, 1, 0)


def concatenated(*arrays: "Array") -> "Array":
    """Dense layers of one input as one: kernels `(out, in)`, or biases `(out,)`."""
    import numpy as np

    return np.concatenate(arrays).T  # kernel (in, sum of outs); a bias has no transpose


def dense(ours: str, theirs: str, use_bias: bool = True) -> Iterator[Rule]:
    """The rules of a dense layer."""
    yield f"{ours}/kernel", ((f"{theirs}.weight",), transposed)
    if use_bias:
        yield f"{ours}/bias", ((f"{theirs}.bias",), same)


def layer_norm(ours: str, theirs: str) -> Iterator[Rule]:
    """The rules of a layer norm."""
    yield f"{ours}/gamma", ((f"{theirs}.weight",), same)
    yield f"{ours}/beta", ((f"{theirs}.bias",), same)


def joined(ours: str, theirs: list[str], use_bias: bool = True) -> Iterator[Rule]:
    """The rules of a dense layer that stands for several of theirs, such as q, k, v."""
    yield f"{ours}/kernel", (tuple(f"{name}.weight" for name in theirs), concatenated)
    if use_bias:
        yield f"{ours}/bias", (tuple(f"{name}.bias" for name in theirs), concatenated)


def encoder_block(
    ours: str, theirs: str, use_bias: bool, attention: str = "attention"
) -> Iterator[Rule]:
    """The rules of a block of self-attention and feed-forward, with their norms.

    Args:
        ours: Key of our block.
        theirs: Name of their block in transformers 5.
        use_bias: Whether query, key and value have biases.
        attention: Key of the `SelfAttention` in our block.
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
    """The Config fields that the vision transformers share.

    Args:
        settings: The checkpoint's `config.json`.
        where: The checkpoint, as errors name it.
        patch_size: Default in pixels.
        epsilon: Default of the layer norms.
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
    """The side of a patch in pixels.

    Raises:
        ValueError: If the patch is not square.
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
        ValueError: If Keras does not compute exactly the same function.
    """
    name = settings.get("hidden_act", "gelu")
    if name not in ACTIVATIONS:
        raise ValueError(
            f"{where} has the activation {name!r}; seqzoo reads "
            f"{', '.join(ACTIVATIONS)}."
        )
    return ACTIVATIONS[name]
