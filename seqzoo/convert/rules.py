"""Rules for layers: which of their PyTorch tensors make which of our weights."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

# (key of our weight, (names of their tensors, function that makes ours of these))
Rule = tuple[str, tuple[tuple[str, ...], Callable[..., "Array"]]]

# Names within an encoder block: of transformers 4 -> of transformers 5.
RENAMED_IN_BLOCKS = {
    r"\.attention\.(?:attention|self)\.([qkv])\w+\.": r".attention.\1_proj.",
    r"\.attention\.output\.dense\.": ".attention.o_proj.",
    r"\.intermediate\.dense\.": ".mlp.fc1.",
    r"\.output\.dense\.": ".mlp.fc2.",
}


def same(ours: str, theirs: str) -> Iterator[Rule]:
    """A tensor that stays as it is."""
    yield ours, ((theirs,), lambda array: array)


def convolution(ours: str, theirs: str, use_bias: bool = True) -> Iterator[Rule]:
    """A convolution; its kernel turns from `(out, in, H, W)` to `(H, W, in, out)`."""
    kernel = (f"{theirs}.weight",)
    yield f"{ours}/kernel", (kernel, lambda array: array.transpose(2, 3, 1, 0))
    if use_bias:
        yield from same(f"{ours}/bias", f"{theirs}.bias")


def dense(ours: str, *theirs: str, use_bias: bool = True) -> Iterator[Rule]:
    """A dense layer that stands for one or several of theirs, such as q, k and v."""

    def joined(*arrays: "Array") -> "Array":
        import numpy as np

        array = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
        return array.T  # kernel (out, in) to (in, out); bias (out,)

    for our_name, their_name in (("kernel", "weight"), ("bias", "bias")):
        if our_name == "kernel" or use_bias:
            names = tuple(f"{layer}.{their_name}" for layer in theirs)
            yield f"{ours}/{our_name}", (names, joined)


def layer_norm(ours: str, theirs: str) -> Iterator[Rule]:
    """A layer norm."""
    yield from same(f"{ours}/gamma", f"{theirs}.weight")
    yield from same(f"{ours}/beta", f"{theirs}.bias")


def encoder_block(
    ours: str, theirs: str, use_bias: bool, attention: str = "attention"
) -> Iterator[Rule]:
    """A block of self-attention and feed-forward, with their norms.

    Args:
        ours: Key of our block.
        theirs: Name of their block in transformers 5.
        use_bias: Whether query, key and value have biases.
        attention: Key of the `SelfAttention` in our block.
    """
    yield from layer_norm(f"{ours}/attention_norm", f"{theirs}.layernorm_before")
    parts = [f"{theirs}.attention.{part}_proj" for part in "qkv"]
    yield from dense(f"{ours}/{attention}/qkv", *parts, use_bias=use_bias)
    yield from dense(f"{ours}/{attention}/output_layer", f"{theirs}.attention.o_proj")
    yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.layernorm_after")
    yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.mlp.fc1")
    yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.mlp.fc2")
