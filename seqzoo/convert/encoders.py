"""What the checkpoints of BERT, DistilBERT and RoBERTa share."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seqzoo.convert.family import Family
from seqzoo.convert.rules import Rule, dense, layer_norm, same
from seqzoo.convert.settings import (
    Settings,
    activation,
    class_labels,
    head_of,
    is_multi_label,
    parse_object,
    require,
    require_plain,
)
from seqzoo.convert.texts import has_tokenizer

CLASSIFIER, MASKED_LM, NONE = "classifier", "masked_lm", "none"
HEADS = {
    "Model": NONE,
    "ForMaskedLM": MASKED_LM,
    "ForPreTraining": MASKED_LM,
    "ForSequenceClassification": CLASSIFIER,
}
MASK_TOKENS = {"bert": "[MASK]", "distilbert": "[MASK]", "roberta": "<mask>"}

# Older names of the parameters of layer norms, as TensorFlow's.
OLD_NORMS = {r"\.gamma$": ".weight", r"\.beta$": ".bias"}


def with_head(
    family: Family,
    prefix: str,
    head_rules: Mapping[str, Callable[[Any], Iterator[Rule]]],
    head_fields: Callable[[Settings, str], dict[str, Any]],
    settings: Settings,
    where: str,
) -> Family:
    """The family of a checkpoint with its head.

    Args:
        family: The encoder's: its `config` gives the encoder's fields, and its `rules`
            make the encoder's weights.
        prefix: Of the classes of transformers, such as "Bert".
        head_rules: The rules of each head.
        head_fields: The fields of a head, of `config.json` and the head.
        settings: The checkpoint's `config.json`.
        where: The checkpoint, as errors name it.

    Raises:
        ValueError: If we lack the head.
    """
    known = {f"{prefix}{name}": head for name, head in HEADS.items()}
    head = head_of(settings, where, {"": NONE, **known})
    is_classifier = head == CLASSIFIER

    def config(settings: Settings, where: str) -> dict[str, Any]:
        fields = family.config(settings, where) | head_fields(settings, head)
        if not is_classifier:
            return fields | {"head": head}
        return fields | {
            "num_classes": len(class_labels(settings)),
            "multi_label": is_multi_label(settings, where),
        }

    def rules(config: Any) -> Iterator[Rule]:
        yield from family.rules(config)
        if head in head_rules:
            yield from head_rules[head](config)

    def processor(
        settings: Settings, files: Mapping[str, bytes], where: str
    ) -> dict[str, Any] | None:
        labels = class_labels(settings) if is_classifier else []
        return _processor(family, labels, settings, files, where)

    return dataclasses.replace(
        family,
        class_name="BERTClassifier" if is_classifier else "BERT",
        task="text-classification" if is_classifier else "fill-mask",
        config=config,
        rules=rules,
        processor=processor,
        head="classifier." if is_classifier else "",
        our_head="logits/" if is_classifier else "",
        variant=None,
    )


def no_processor(settings: Settings, files: Mapping[str, bytes], where: str) -> None:
    """Stands for the processor until the head is known."""


def _processor(
    family: Family,
    labels: list[str],
    settings: Settings,
    files: Mapping[str, bytes],
    where: str,
) -> dict[str, Any] | None:
    """Our EncoderProcessor."""
    vocabulary = {"vocab.txt", "vocab.json", "merges.txt"}
    if not has_tokenizer(files, [f for f in family.files if f in vocabulary], where):
        return None
    mask = MASK_TOKENS[settings["model_type"]]
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        if file in files:
            given = parse_object(files[file], f"{file} of {where}").get("mask_token")
            mask = given or mask
    fields = family.config(settings, where)
    config = {
        "labels": labels,
        "max_tokens": fields["max_positions"],
        "vocab_size": fields["vocab_size"],
        "mask_token": mask["content"] if isinstance(mask, Mapping) else mask,
    }
    return {"class": "EncoderProcessor", "config": config}


def block(ours: str, theirs: str) -> Iterator[Rule]:
    """An encoder block of BERT or RoBERTa."""
    attention = f"{theirs}.attention"
    parts = [f"{attention}.self.{part}" for part in ("query", "key", "value")]
    yield from dense(f"{ours}/attention/qkv", *parts)
    yield from dense(f"{ours}/attention/output_layer", f"{attention}.output.dense")
    yield from layer_norm(f"{ours}/attention_norm", f"{attention}.output.LayerNorm")
    yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.intermediate.dense")
    yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.output.dense")
    yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.output.LayerNorm")


def embeddings(theirs: str, token_types: int) -> Iterator[Rule]:
    """The embeddings before the blocks and their norm."""
    yield from same(
        "encoder/token_embedding/embeddings", f"{theirs}.word_embeddings.weight"
    )
    yield from same("encoder/positions", f"{theirs}.position_embeddings.weight")
    if token_types:
        yield from same("encoder/segments", f"{theirs}.token_type_embeddings.weight")
    yield from layer_norm("encoder/embedding_norm", f"{theirs}.LayerNorm")


def masked_lm(
    transform: str, norm: str, decoder: str, bias: str, config: Any
) -> Iterator[Rule]:
    """The head for masked tokens, from the names of its parts."""
    yield from dense("transform", transform)
    yield from layer_norm("transform_norm", norm)
    yield from same("decoder_bias", bias)
    if not config.tied:
        yield from dense("decoder", decoder, use_bias=False)


def encoder_fields(settings: Settings, where: str) -> dict[str, Any]:
    """The Config fields of the encoders of BERT and RoBERTa.

    Raises:
        ValueError: If the checkpoint is a decoder, or has other positions.
    """
    get = settings.get
    require_plain(settings, where)
    require(
        settings,
        where,
        position_embedding_type="absolute",
        is_decoder=False,
        add_cross_attention=False,
    )
    return {
        "vocab_size": get("vocab_size", 30522),
        "embed_dim": get("hidden_size", 768),
        "num_layers": get("num_hidden_layers", 12),
        "num_heads": get("num_attention_heads", 12),
        "hidden_dim": get("intermediate_size", 3072),
        "max_positions": get("max_position_embeddings", 512),
        "token_types": get("type_vocab_size", 2),
        "activation": activation(settings, where),
        "epsilon": get("layer_norm_eps", 1e-12),
        "dropout": get("hidden_dropout_prob", 0.1),
        "attention_dropout": get("attention_probs_dropout_prob", 0.1),
    }


def classifier_dropout(settings: Settings) -> float:
    """The rate of dropout before the logits of BERT and RoBERTa."""
    rate = settings.get("classifier_dropout")
    return settings.get("hidden_dropout_prob", 0.1) if rate is None else rate
