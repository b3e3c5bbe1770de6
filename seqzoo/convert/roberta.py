"""RobertaModel of transformers, for masked tokens and for classes of texts."""

from collections.abc import Iterator
from typing import Any

from seqzoo.convert.encoders import (
    CLASSIFIER,
    MASKED_LM,
    OLD_NORMS,
    block,
    classifier_dropout,
    embeddings,
    encoder_fields,
    masked_lm,
    no_processor,
    with_head,
)
from seqzoo.convert.family import Family
from seqzoo.convert.rules import Rule, dense
from seqzoo.convert.settings import Settings
from seqzoo.convert.texts import BYTE_LEVEL


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of the encoder. The first rows of its positions are never used."""
    offset = settings.get("pad_token_id", 1) + 1
    fields = encoder_fields({"vocab_size": 50265, **settings}, where)
    return fields | {
        "max_positions": fields["max_positions"] - offset,
        "position_offset": offset,
    }


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each weight of our encoder."""
    yield from embeddings("roberta.embeddings", config.token_types)
    for i in range(config.num_layers):
        yield from block(f"encoder/block_{i}", f"roberta.encoder.layer.{i}")


def _masked_lm(config: Any) -> Iterator[Rule]:
    yield from masked_lm(
        "lm_head.dense", "lm_head.layer_norm", "lm_head.decoder", "lm_head.bias", config
    )


def _classifier(config: Any) -> Iterator[Rule]:
    yield from dense("pooler", "classifier.dense")
    yield from dense("logits", "classifier.out_proj")


def _head_fields(settings: Settings, head: str) -> dict[str, Any]:
    if head == CLASSIFIER:
        return {"head_dropout": classifier_dropout(settings)}
    return {
        "head_activation": "gelu",  # whatever the encoder's is
        "tied": settings.get("tie_word_embeddings", True),
    }


def variant(settings: Settings, where: str) -> Family:
    """The family of a checkpoint with its head."""
    head_rules = {MASKED_LM: _masked_lm, CLASSIFIER: _classifier}
    family = with_head(FAMILY, "Roberta", head_rules, _head_fields, settings, where)
    unused = [r"\.position_ids$", r"^roberta\.pooler\."]
    if settings.get("tie_word_embeddings", True):
        unused.append(r"^lm_head\.decoder\.weight$")
    return family.without(*unused)


FAMILY = Family(
    class_name="BERT",
    task="fill-mask",
    config=config,
    processor=no_processor,
    rules=rules,
    files=BYTE_LEVEL,
    prefix="roberta.",
    renamed={**OLD_NORMS, r"^lm_head\.decoder\.bias$": "lm_head.bias"},
    variant=variant,
)
