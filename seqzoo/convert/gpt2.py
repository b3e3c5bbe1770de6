"""GPT2LMHeadModel of transformers."""

from collections.abc import Iterator, Mapping
from typing import Any

from seqzoo.convert.family import Family
from seqzoo.convert.rules import Rule, dense, layer_norm, same
from seqzoo.convert.settings import (
    Settings,
    activation,
    head_of,
    require,
    require_plain,
    with_aliases,
)
from seqzoo.convert.texts import (
    BYTE_LEVEL,
    GENERATION,
    generation_of,
    has_tokenizer,
    token_id,
    warn_of_ignored,
)

# GPT2Model has no head of its own: the logits' table is the embedding.
HEADS = dict.fromkeys(("", "GPT2LMHeadModel", "GPT2Model"), "generator")


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of a GPTConfig."""
    require_plain(settings, where)
    head_of(settings, where, HEADS)
    settings = with_aliases(
        settings,
        where,
        hidden_size="n_embd",
        max_position_embeddings="n_positions",
        num_attention_heads="n_head",
        num_hidden_layers="n_layer",
    )
    get = settings.get
    require(
        settings,
        where,
        scale_attn_weights=True,
        scale_attn_by_inverse_layer_idx=False,
        add_cross_attention=False,
    )
    embed_dim = get("n_embd", 768)
    return {
        "vocab_size": get("vocab_size", 50257),
        "window": get("n_positions", 1024),
        "embed_dim": embed_dim,
        "num_layers": get("n_layer", 12),
        "num_heads": get("n_head", 12),
        "hidden_dim": get("n_inner") or 4 * embed_dim,
        "positions": "learned",
        "activation": activation(settings, where, "activation_function", "gelu_new"),
        "tied_embeddings": get("tie_word_embeddings", True),
        "dropout": get("resid_pdrop", 0.1),
        "attention_dropout": get("attn_pdrop", 0.1),
        "epsilon": get("layer_norm_epsilon", 1e-5),
    }


def processor(
    settings: Settings, files: Mapping[str, bytes], where: str
) -> dict[str, Any] | None:
    """Our ByteLevelProcessor."""
    if not has_tokenizer(files, ("vocab.json", "merges.txt"), where):
        return None
    generation = generation_of(settings)
    bad_words = ["bad_words_ids"] if generation.get("bad_words_ids") else []
    warn_of_ignored(generation, where, *bad_words)
    config = {
        "vocab_size": settings.get("vocab_size", 50257),
        "end_id": token_id(settings, generation, "eos_token_id"),
    }
    return {"class": "ByteLevelProcessor", "config": config}


def rules(config: Any) -> Iterator[Rule]:
    """The rule for each of our weights."""
    yield from same("embedding/embeddings", "transformer.wte.weight")
    yield from same("positions", "transformer.wpe.weight")
    for i in range(config.num_layers):
        ours, theirs = f"block_{i}", f"transformer.h.{i}"
        yield from layer_norm(f"{ours}/attention_norm", f"{theirs}.ln_1")
        yield from _product(f"{ours}/attention/qkv", f"{theirs}.attn.c_attn")
        yield from _product(f"{ours}/attention/output_layer", f"{theirs}.attn.c_proj")
        yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.ln_2")
        yield from _product(f"{ours}/feed_forward/hidden", f"{theirs}.mlp.c_fc")
        yield from _product(f"{ours}/feed_forward/output_layer", f"{theirs}.mlp.c_proj")
    yield from layer_norm("norm", "transformer.ln_f")
    if not config.tied_embeddings:
        yield from dense("logits", "lm_head", use_bias=False)


def _product(ours: str, theirs: str) -> Iterator[Rule]:
    """A dense layer whose kernel is `(in, out)` already."""
    yield from same(f"{ours}/kernel", f"{theirs}.weight")
    yield from same(f"{ours}/bias", f"{theirs}.bias")


def variant(settings: Settings, where: str) -> Family:
    """The family of a checkpoint; with one table, the logits' copy is left out."""
    unused = [r"\.attn\.(masked_)?bias$"]  # causal masks
    if settings.get("tie_word_embeddings", True):
        unused.append(r"^lm_head\.weight$")
    return FAMILY.without(*unused)


FAMILY = Family(
    class_name="GPT",
    task="text-generation",
    config=config,
    processor=processor,
    rules=rules,
    files=(*BYTE_LEVEL, GENERATION),
    prefix="transformer.",
    renamed={r"\.gamma$": ".weight", r"\.beta$": ".bias"},
    variant=variant,
)
