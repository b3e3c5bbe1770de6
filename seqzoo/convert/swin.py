"""SwinForImageClassification of transformers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqzoo.convert.family import Family
from seqzoo.convert.preprocessors import PREPROCESSOR, image_processor
from seqzoo.convert.rules import (
    RENAMED_IN_BLOCKS,
    Rule,
    convolution,
    dense,
    encoder_block,
    layer_norm,
)
from seqzoo.convert.settings import Settings, vision_fields, with_aliases

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

TABLE = "relative_position_bias_table"


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of a SwinConfig."""
    settings = with_aliases(settings, where, num_attention_heads="num_heads")
    get = settings.get
    return {
        **vision_fields(settings, where, 4, 1e-5),
        "embed_dim": get("embed_dim", 96),
        "depths": get("depths", [2, 2, 6, 2]),
        "num_heads": get("num_heads", [3, 6, 12, 24]),
        "window_size": get("window_size", 7),
        "mlp_ratio": get("mlp_ratio", 4.0),
        "use_positions": get("use_absolute_embeddings", False),
        "drop_path": get("drop_path_rate", 0.1),
    }


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each of our weights."""
    embeddings = "swin.embeddings"
    projection = f"{embeddings}.patch_embeddings.projection"
    yield from convolution("patches/projection", projection)
    yield from layer_norm("patch_norm", f"{embeddings}.norm")
    if config.use_positions:
        rows, columns = config.grid

        def positions(array: "Array") -> "Array":
            # (1, 1 + rows * columns, D): transformers 4 has a class token, unused.
            return array[:, -rows * columns :].reshape(1, rows, columns, -1)

        yield "positions", ((f"{embeddings}.position_embeddings",), positions)
    side = 2 * config.window_size - 1

    def table(array: "Array") -> "Array":
        return array.reshape(side, side, -1)  # (offsets, heads) to (side, side, heads)

    i = 0
    for stage, depth in enumerate(config.depths):
        for k in range(depth):
            ours, theirs = f"block_{i}", f"swin.encoder.layers.{stage}.blocks.{k}"
            yield from encoder_block(
                ours, theirs, config.use_bias, attention="attention/attention"
            )
            name = f"{theirs}.attention.relative_position_bias.{TABLE}"
            yield f"{ours}/attention/bias_table", ((name,), table)
            i += 1
        if stage < len(config.depths) - 1:
            ours = f"merging_{stage}"
            theirs = f"swin.encoder.layers.{stage}.downsample"
            yield from layer_norm(f"{ours}/norm", f"{theirs}.norm")
            yield from dense(f"{ours}/reduction", f"{theirs}.reduction", use_bias=False)
    yield from layer_norm("norm", "swin.layernorm")
    yield from dense("logits", "classifier")


FAMILY = Family(
    class_name="Swin",
    task="image-classification",
    config=config,
    processor=image_processor,
    rules=rules,
    files=(PREPROCESSOR,),
    prefix="swin.",
    head="classifier.",
    our_head="logits/",
    renamed={
        rf"\.attention\.self\.{TABLE}$": f".attention.relative_position_bias.{TABLE}",
        **RENAMED_IN_BLOCKS,
    },
    ignored=(
        r"\.relative_position_index$",  # computed from the window size
        r"^swin\.embeddings\.mask_token$",  # of pre-training
    ),
)
