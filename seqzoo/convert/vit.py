"""ViTForImageClassification of transformers."""

from collections.abc import Iterator
from typing import Any

from seqzoo.convert.family import Family
from seqzoo.convert.preprocessors import PREPROCESSOR, image_processor
from seqzoo.convert.rules import (
    RENAMED_IN_BLOCKS,
    Rule,
    convolution,
    dense,
    encoder_block,
    layer_norm,
    same,
)
from seqzoo.convert.settings import Settings, vision_fields


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of a ViTConfig."""
    get = settings.get
    return {
        **vision_fields(settings, where, 16, 1e-12),
        "embed_dim": get("hidden_size", 768),
        "num_layers": get("num_hidden_layers", 12),
        "num_heads": get("num_attention_heads", 12),
        "hidden_dim": get("intermediate_size", 3072),
    }


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each of our weights."""
    embeddings = "vit.embeddings"
    yield from same("class_token", f"{embeddings}.cls_token")
    yield from same("positions", f"{embeddings}.position_embeddings")
    projection = f"{embeddings}.patch_embeddings.projection"
    yield from convolution("patches/projection", projection)
    for i in range(config.num_layers):
        yield from encoder_block(f"block_{i}", f"vit.layers.{i}", config.use_bias)
    yield from layer_norm("norm", "vit.layernorm")
    yield from dense("logits", "classifier")


FAMILY = Family(
    class_name="ViT",
    task="image-classification",
    config=config,
    processor=image_processor,
    rules=rules,
    files=(PREPROCESSOR,),
    prefix="vit.",
    head="classifier.",
    our_head="logits/",
    renamed={r"^vit\.encoder\.layer\.": "vit.layers.", **RENAMED_IN_BLOCKS},
    ignored=(r"^vit\.pooler\.",),
)
