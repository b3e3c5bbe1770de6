"""BertModel of transformers, BertForMaskedLM and BertForSequenceClassification."""

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
from seqzoo.convert.settings import Settings, activation
from seqzoo.convert.texts import WORD_PIECE

HEAD = "cls.predictions"


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each weight of our encoder."""
    yield from embeddings("bert.embeddings", config.token_types)
    for i in range(config.num_layers):
        yield from block(f"encoder/block_{i}", f"bert.encoder.layer.{i}")


def _masked_lm(config: Any) -> Iterator[Rule]:
    yield from masked_lm(
        f"{HEAD}.transform.dense",
        f"{HEAD}.transform.LayerNorm",
        f"{HEAD}.decoder",
        f"{HEAD}.bias",
        config,
    )


def _classifier(config: Any) -> Iterator[Rule]:
    yield from dense("pooler", "bert.pooler.dense")
    yield from dense("logits", "classifier")


def _head_fields(settings: Settings, head: str) -> dict[str, Any]:
    if head == CLASSIFIER:
        return {"head_dropout": classifier_dropout(settings)}
    return {
        "head_activation": activation(settings, "The head"),
        "tied": settings.get("tie_word_embeddings", True),
    }


def variant(settings: Settings, where: str) -> Family:
    """The family of a checkpoint with its head."""
    head_rules = {MASKED_LM: _masked_lm, CLASSIFIER: _classifier}
    family = with_head(FAMILY, "Bert", head_rules, _head_fields, settings, where)
    unused = [r"\.position_ids$", r"^cls\.seq_relationship\."]
    if family.class_name == "BERT":
        unused.append(r"^bert\.pooler\.")
    if settings.get("tie_word_embeddings", True):
        unused.append(rf"^{HEAD}\.decoder\.weight$")
    return family.without(*unused)


FAMILY = Family(
    class_name="BERT",
    task="fill-mask",
    config=encoder_fields,
    processor=no_processor,
    rules=rules,
    files=WORD_PIECE,
    prefix="bert.",
    renamed={**OLD_NORMS, rf"^{HEAD}\.decoder\.bias$": f"{HEAD}.bias"},
    variant=variant,
)
