"""DistilBertModel of transformers, for masked tokens and for classes of texts."""

from collections.abc import Iterator
from typing import Any

from seqzoo.convert.encoders import (
    CLASSIFIER,
    MASKED_LM,
    OLD_NORMS,
    embeddings,
    masked_lm,
    no_processor,
    with_head,
)
from seqzoo.convert.family import Family
from seqzoo.convert.rules import Rule, dense, layer_norm
from seqzoo.convert.settings import (
    Settings,
    activation,
    require_plain,
    with_aliases,
)
from seqzoo.convert.texts import WORD_PIECE


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of the encoder."""
    require_plain(settings, where)
    settings = with_aliases(
        settings,
        where,
        hidden_size="dim",
        num_attention_heads="n_heads",
        num_hidden_layers="n_layers",
    )
    get = settings.get
    return {
        "vocab_size": get("vocab_size", 30522),
        "embed_dim": get("dim", 768),
        "num_layers": get("n_layers", 6),
        "num_heads": get("n_heads", 12),
        "hidden_dim": get("hidden_dim", 3072),
        "max_positions": get("max_position_embeddings", 512),
        "token_types": 0,
        "activation": activation(settings, where, "activation"),
        "epsilon": 1e-12,
        "dropout": get("dropout", 0.1),
        "attention_dropout": get("attention_dropout", 0.1),
    }


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each weight of our encoder."""
    yield from embeddings("distilbert.embeddings", config.token_types)
    for i in range(config.num_layers):
        ours, theirs = f"encoder/block_{i}", f"distilbert.transformer.layer.{i}"
        parts = [f"{theirs}.attention.{part}_lin" for part in "qkv"]
        yield from dense(f"{ours}/attention/qkv", *parts)
        yield from dense(
            f"{ours}/attention/output_layer", f"{theirs}.attention.out_lin"
        )
        yield from layer_norm(f"{ours}/attention_norm", f"{theirs}.sa_layer_norm")
        yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.ffn.lin1")
        yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.ffn.lin2")
        yield from layer_norm(
            f"{ours}/feed_forward_norm", f"{theirs}.output_layer_norm"
        )


def _masked_lm(config: Any) -> Iterator[Rule]:
    yield from masked_lm(
        "vocab_transform",
        "vocab_layer_norm",
        "vocab_projector",
        "vocab_projector.bias",
        config,
    )


def _classifier(config: Any) -> Iterator[Rule]:
    yield from dense("pooler", "pre_classifier")
    yield from dense("logits", "classifier")


def _head_fields(settings: Settings, head: str) -> dict[str, Any]:
    if head == CLASSIFIER:
        return {
            "pooler_activation": "relu",
            "head_dropout": settings.get("seq_classif_dropout", 0.2),
        }
    return {
        "head_activation": activation(settings, "The head", "activation"),
        "tied": settings.get("tie_word_embeddings", True),
    }


def variant(settings: Settings, where: str) -> Family:
    """The family of a checkpoint with its head."""
    head_rules = {MASKED_LM: _masked_lm, CLASSIFIER: _classifier}
    family = with_head(FAMILY, "DistilBert", head_rules, _head_fields, settings, where)
    unused = [r"\.position_ids$"]
    if settings.get("tie_word_embeddings", True):
        unused.append(r"^vocab_projector\.weight$")
    return family.without(*unused)


FAMILY = Family(
    class_name="BERT",
    task="fill-mask",
    config=config,
    processor=no_processor,
    rules=rules,
    files=WORD_PIECE,
    prefix="distilbert.",
    renamed=OLD_NORMS,
    variant=variant,
)
