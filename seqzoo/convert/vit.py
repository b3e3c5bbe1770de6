"""ViTForImageClassification."""

from collections.abc import Iterator, Mapping
from typing import Any

from seqzoo.convert.tensors import (
    Rule,
    activation,
    convolution,
    dense,
    joined,
    layer_norm,
    same,
)

CLASS = "ViT"
TASK = "image-classification"

# What a checkpoint may hold and the classifier does not use.
IGNORED = (r"^vit\.pooler\.",)
# transformers 4 to 5.
RENAMED = {
    r"^vit\.encoder\.layer\.": "vit.layers.",
    r"\.attention\.attention\.(query|key|value)\.": r".attention.\1.",
    r"\.attention\.output\.dense\.": ".attention.o_proj.",
    r"\.intermediate\.dense\.": ".mlp.fc1.",
    r"\.output\.dense\.": ".mlp.fc2.",
    r"\.attention\.query\.": ".attention.q_proj.",
    r"\.attention\.key\.": ".attention.k_proj.",
    r"\.attention\.value\.": ".attention.v_proj.",
}


def config(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of a ViTConfig."""
    get = settings.get
    return {
        "image_size": get("image_size", 224),
        "patch_size": _side(get("patch_size", 16), where),
        "channels": get("num_channels", 3),
        "num_classes": len(get("id2label") or "01"),
        "embed_dim": get("hidden_size", 768),
        "num_layers": get("num_hidden_layers", 12),
        "num_heads": get("num_attention_heads", 12),
        "hidden_dim": get("intermediate_size", 3072),
        "activation": activation(settings, where),
        "use_bias": get("qkv_bias", True),
        "epsilon": get("layer_norm_eps", 1e-12),
        "dropout": get("hidden_dropout_prob", 0.0),
        "attention_dropout": get("attention_probs_dropout_prob", 0.0),
    }


def sources(config: Any) -> Iterator[Rule]:
    """Each of our weights, and what it is made from."""
    embeddings = "vit.embeddings"
    yield "class_token", ((f"{embeddings}.cls_token",), same)
    yield "positions", ((f"{embeddings}.position_embeddings",), same)
    projection = f"{embeddings}.patch_embeddings.projection"
    yield "patches/projection/kernel", ((f"{projection}.weight",), convolution)
    yield "patches/projection/bias", ((f"{projection}.bias",), same)
    for i in range(config.num_layers):
        ours, theirs = f"block_{i}", f"vit.layers.{i}"
        yield from layer_norm(f"{ours}/attention_norm", f"{theirs}.layernorm_before")
        attention = f"{theirs}.attention"
        parts = [f"{attention}.{part}_proj" for part in "qkv"]
        yield from joined(f"{ours}/attention/qkv", parts, config.use_bias)
        yield from dense(f"{ours}/attention/output_layer", f"{attention}.o_proj")
        yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.layernorm_after")
        yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.mlp.fc1")
        yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.mlp.fc2")
    yield from layer_norm("norm", "vit.layernorm")
    yield from dense("logits", "classifier")


def _side(size: Any, where: str) -> int:
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise ValueError(
            f"{where} has patches of {size!r} pixels; they must be square."
        )
    return int(sides.pop())
