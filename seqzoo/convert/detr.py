"""DetrForObjectDetection of transformers, with a ResNet of timm or of transformers."""

from collections.abc import Iterator
from typing import Any

from seqzoo.convert.family import Family, Renamed
from seqzoo.convert.preprocessors import PREPROCESSOR, detection_processor
from seqzoo.convert.rules import Rule, convolution, dense, layer_norm, same
from seqzoo.convert.settings import (
    Settings,
    activation,
    class_labels,
    require,
    require_plain,
    with_aliases,
)

_TIMM = r"^model\.backbone\.model\."
_RESNET = "model.backbone.model"
# Names of transformers 4 -> of transformers 5; then names of timm -> of transformers.
RENAMED: Renamed = {
    r"^model\.backbone\.conv_encoder\.": "model.backbone.",
    r"\.out_proj\.": ".o_proj.",
    r"(\.layers\.\d+)\.fc(\d)\.": r"\1.mlp.fc\2.",
    rf"{_TIMM}conv1\.": f"{_RESNET}.embedder.embedder.convolution.",
    rf"{_TIMM}bn1\.": f"{_RESNET}.embedder.embedder.normalization.",
    rf"{_TIMM}layer(\d)\.": lambda match: (
        f"{_RESNET}.encoder.stages.{int(match[1]) - 1}.layers."
    ),
    r"(\.layers\.\d+)\.(conv|bn)(\d)\.": lambda match: (
        f"{match[1]}.layer.{int(match[3]) - 1}."
        + {"conv": "convolution.", "bn": "normalization."}[match[2]]
    ),
    r"\.downsample\.0\.": ".shortcut.convolution.",
    r"\.downsample\.1\.": ".shortcut.normalization.",
}

# timm's name -> blocks of each stage, kind of block.
RESNETS = {
    "resnet18": ((2, 2, 2, 2), "basic"),
    "resnet34": ((3, 4, 6, 3), "basic"),
    "resnet50": ((3, 4, 6, 3), "bottleneck"),
    "resnet101": ((3, 4, 23, 3), "bottleneck"),
    "resnet152": ((3, 8, 36, 3), "bottleneck"),
}
STAGE_DIMS = {"basic": (64, 128, 256, 512), "bottleneck": (256, 512, 1024, 2048)}


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of a DETRConfig."""
    require_plain(settings, where)
    settings = with_aliases(
        settings,
        where,
        hidden_size="d_model",
        num_attention_heads="encoder_attention_heads",
        num_hidden_layers="encoder_layers",
    )
    get = settings.get
    require(
        settings,
        where,
        position_embedding_type="sine",
        dilation=False,
        auxiliary_loss=False,
    )
    return {
        "num_classes": len(class_labels(settings)),
        "num_queries": get("num_queries", 100),
        "channels": get("num_channels", 3),
        "embed_dim": get("d_model", 256),
        "encoder_layers": get("encoder_layers", 6),
        "decoder_layers": get("decoder_layers", 6),
        "num_heads": _shared_size(settings, "attention_heads", 8, where),
        "hidden_dim": _shared_size(settings, "ffn_dim", 2048, where),
        "activation": activation(settings, where, "activation_function", "relu"),
        "dropout": get("dropout", 0.1),
        "attention_dropout": get("attention_dropout", 0.0),
        **_backbone(settings, where),
    }


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each of our weights."""
    yield from _conv_norm("backbone/stem", f"{_RESNET}.embedder.embedder")
    features = config.stem_dim
    convolutions = 3 if config.block == "bottleneck" else 2
    for stage, depth in enumerate(config.depths):
        for i in range(depth):
            ours = f"backbone/stage_{stage}_block_{i}"
            theirs = f"{_RESNET}.encoder.stages.{stage}.layers.{i}"
            for k in range(convolutions):
                yield from _conv_norm(f"{ours}/convolution_{k}", f"{theirs}.layer.{k}")
            if features != config.stage_dims[stage] or (stage and not i):
                yield from _conv_norm(f"{ours}/shortcut", f"{theirs}.shortcut")
            features = config.stage_dims[stage]
    yield from convolution("projection", "model.input_projection")
    yield from same("queries", "model.query_position_embeddings.weight")
    for i in range(config.encoder_layers):
        ours, theirs = f"encoder_{i}", f"model.encoder.layers.{i}"
        yield from _attention(f"{ours}/attention", f"{theirs}.self_attn")
        yield from _feed_forward(ours, theirs)
    for i in range(config.decoder_layers):
        ours, theirs = f"decoder_{i}", f"model.decoder.layers.{i}"
        yield from _attention(f"{ours}/self_attention", f"{theirs}.self_attn")
        yield from _attention(f"{ours}/cross_attention", f"{theirs}.encoder_attn")
        yield from _feed_forward(ours, theirs)
    yield from layer_norm("norm", "model.decoder.layernorm")
    yield from dense("logits", "class_labels_classifier")
    for i in range(3):
        yield from dense(f"boxes_{i}", f"bbox_predictor.layers.{i}")


def _conv_norm(ours: str, theirs: str) -> Iterator[Rule]:
    norm, their_norm = f"{ours}/norm", f"{theirs}.normalization"
    yield from convolution(f"{ours}/convolution", f"{theirs}.convolution", False)
    yield from layer_norm(norm, their_norm)
    yield from same(f"{norm}/moving_mean", f"{their_norm}.running_mean")
    yield from same(f"{norm}/moving_variance", f"{their_norm}.running_var")


def _attention(ours: str, theirs: str) -> Iterator[Rule]:
    for part in ("query", "key", "value"):
        yield from dense(f"{ours}/{part}", f"{theirs}.{part[0]}_proj")
    yield from dense(f"{ours}/output_layer", f"{theirs}.o_proj")
    yield from layer_norm(f"{ours}_norm", f"{theirs}_layer_norm")


def _feed_forward(ours: str, theirs: str) -> Iterator[Rule]:
    yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.mlp.fc1")
    yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.mlp.fc2")
    yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.final_layer_norm")


def _shared_size(settings: Settings, name: str, default: int, where: str) -> Any:
    """A size, which must be the same in the encoder and the decoder."""
    sizes = [settings.get(f"{half}_{name}", default) for half in ("encoder", "decoder")]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"{where} has encoder_{name}={sizes[0]} and decoder_{name}={sizes[1]}. "
            "In seqzoo's DETR they must be equal."
        )
    return sizes[0]


def _backbone(settings: Settings, where: str) -> dict[str, Any]:
    """The Config fields that describe the ResNet."""
    resnet = settings.get("backbone_config")
    if resnet is None and not settings.get("use_timm_backbone", True):
        resnet = {"model_type": "resnet"}
    if resnet is None:
        resnet = {"model_type": "timm_backbone", "backbone": settings.get("backbone")}
        resnet |= settings.get("backbone_kwargs") or {}
    kind = resnet.get("model_type")
    require(
        resnet,
        f"The backbone of {where}",
        num_channels=settings.get("num_channels", 3),
    )
    if kind == "timm_backbone":
        return _timm_backbone(resnet, where)
    if kind != "resnet":
        raise ValueError(
            f"{where} has a backbone of the kind {kind!r}; seqzoo reads resnet and "
            "timm_backbone."
        )
    depths = tuple(resnet.get("depths", (3, 4, 6, 3)))
    last = (resnet.get("out_features") or [None])[-1]
    if resnet.get("out_indices") and resnet["out_indices"][-1] not in (len(depths), -1):
        last = f"stage{resnet['out_indices'][-1]}"
    require(
        {**resnet, "last of out_features": last},
        f"The backbone of {where}",
        hidden_act="relu",
        downsample_in_first_stage=False,
        downsample_in_bottleneck=False,
        **{"last of out_features": f"stage{len(depths)}"},
    )
    return {
        "block": resnet.get("layer_type", "bottleneck"),
        "depths": depths,
        "stage_dims": tuple(resnet.get("hidden_sizes", STAGE_DIMS["bottleneck"])),
        "stem_dim": resnet.get("embedding_size", 64),
    }


def _timm_backbone(resnet: Settings, where: str) -> dict[str, Any]:
    # In "resnet50.a1_in1k" the part after the dot names the training, not the network.
    name = (resnet.get("backbone") or "resnet50").split(".")[0]
    if name not in RESNETS:
        raise ValueError(
            f"{where} has the backbone {name!r}; seqzoo reads {', '.join(RESNETS)}."
        )
    stride, last = resnet.get("output_stride") or 32, resnet.get("out_indices") or [4]
    if stride != 32 or last[-1] not in (4, -1):
        raise ValueError(
            f"The backbone of {where} has output_stride={stride} and out_indices="
            f"{last}; seqzoo reads a stride of 32 from the last stage, 4."
        )
    depths, block = RESNETS[name]
    return {"block": block, "depths": depths, "stage_dims": STAGE_DIMS[block]}


FAMILY = Family(
    class_name="DETR",
    task="object-detection",
    config=config,
    processor=detection_processor,
    rules=rules,
    files=(PREPROCESSOR,),
    renamed=RENAMED,
    ignored=(r"\.num_batches_tracked$",),  # the batch norms are frozen
)
