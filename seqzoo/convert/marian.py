"""MarianMTModel of transformers: the translators of OPUS-MT."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seqzoo.convert.family import GENERATION, Family
from seqzoo.convert.rules import Rule, dense, layer_norm
from seqzoo.convert.settings import (
    Settings,
    activation,
    head_of,
    require,
    require_plain,
    with_aliases,
)
from seqzoo.convert.texts import OPTIONS, generation_of, token_id, warn_of_ignored
from seqzoo.ops.vocabularies import ordered_ids

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

FILES = ("source.spm", "target.spm", "vocab.json")
SHARED = "model.shared.weight"
SOURCE = "model.encoder.embed_tokens.weight"
TARGET = "model.decoder.embed_tokens.weight"


def config(settings: Settings, where: str) -> dict[str, Any]:
    """The fields of a TransformerConfig."""
    require_plain(settings, where)
    head_of(settings, where, dict.fromkeys(("", "MarianMTModel"), "translator"))
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
        static_position_embeddings=True,
        normalize_before=False,
        normalize_embedding=False,
        add_final_layer_norm=False,
        add_bias_logits=False,
        extra_pos_embeddings=0,
    )
    sizes = _sizes(settings)
    return {
        "vocab_size": len(_order(settings, sizes[1])),
        "source_vocab_size": None
        if _is_shared(settings)
        else len(_order(settings, sizes[0])),
        "embed_dim": get("d_model", 1024),
        "encoder_layers": get("encoder_layers", 12),
        "decoder_layers": get("decoder_layers", 12),
        "encoder_heads": get("encoder_attention_heads", 16),
        "decoder_heads": get("decoder_attention_heads", 16),
        "encoder_hidden_dim": get("encoder_ffn_dim", 4096),
        "decoder_hidden_dim": get("decoder_ffn_dim", 4096),
        "pre_norm": False,
        "positions": "sinusoidal",
        "max_steps": get("max_position_embeddings", 1024),
        "scaled_embeddings": get("scale_embedding", False),
        "tied_output": get("tie_word_embeddings", True),
        "activation": activation(settings, where, "activation_function"),
        "dropout": get("dropout", 0.1),
        "attention_dropout": get("attention_dropout", 0.0),
        "epsilon": 1e-5,
        **_search(settings, _order(settings, sizes[1]), where),
    }


def _search(settings: Settings, order: list[int], where: str) -> dict[str, Any]:
    """The Config fields of the search, as `generation_config.json` has them."""
    generation = generation_of(settings)
    bad_words = generation.get("bad_words_ids") or []
    single = [word[0] for word in bad_words if len(word) == 1]
    is_whole = len(single) == len(bad_words)
    warn_of_ignored(generation, where, *([] if is_whole else ["bad_words_ids"]))
    longest = generation.get("max_length")
    # Theirs counts the start token, and the end that is forced at the last step.
    others = 1 + (generation.get("forced_eos_token_id") is not None)
    return {
        "beam_size": generation.get("num_beams") or 1,
        "max_target_tokens": None if longest is None else max(1, longest - others),
        "forbidden_ids": [order.index(i) for i in single if order.index(i) > 3],
    }


def processor(
    settings: Settings, files: Mapping[str, bytes], where: str
) -> dict[str, Any] | None:
    """Our MarianProcessor.

    Raises:
        ValueError: If some of its files are there and others are not.
    """
    missing = [file for file in FILES if file not in files]
    if len(missing) == len(FILES):
        return None
    if missing:
        raise ValueError(
            f"{where} lacks {' and '.join(missing)}, which its translator needs. Fetch "
            "the checkpoint again, with all of its files."
        )
    sizes = _sizes(settings)
    config = {
        "source_ids": sizes[0],
        "target_ids": sizes[1],
        **dict(zip(("pad_id", "start_id", "end_id"), _special(settings), strict=True)),
        "max_source_tokens": settings.get("max_position_embeddings", 1024),
    }
    return {"class": "MarianProcessor", "config": config}


def rules_of(settings: Settings) -> Callable[[Any], Iterator[Rule]]:
    """The rules of a checkpoint with these settings."""
    source, target = (_order(settings, size) for size in _sizes(settings))

    def rules(config: Any) -> Iterator[Rule]:
        if config.source_vocab_size is None:
            yield "embedding/embeddings", ((SHARED,), _rows(target))
        else:
            yield "embedding/embeddings", ((TARGET,), _rows(target))
            yield "source_embedding/embeddings", ((SOURCE,), _rows(source))
        if not config.tied_output:
            yield "output_embedding/embeddings", (("lm_head.weight",), _rows(target))
        bias = _rows(target)
        yield "output_bias", (("final_logits_bias",), lambda array: bias(array[0]))
        for i in range(config.encoder_layers):
            ours, theirs = f"encoder_{i}", f"model.encoder.layers.{i}"
            yield from _self_attention(f"{ours}/attention", f"{theirs}.self_attn")
            yield from _feed_forward(ours, theirs)
        for i in range(config.decoder_layers):
            ours, theirs = f"decoder_{i}", f"model.decoder.layers.{i}"
            yield from _self_attention(f"{ours}/self_attention", f"{theirs}.self_attn")
            cross, their_cross = f"{ours}/cross_attention", f"{theirs}.encoder_attn"
            for part in ("query", "key", "value"):
                yield from dense(f"{cross}/{part}", f"{their_cross}.{part[0]}_proj")
            yield from dense(f"{cross}/output_layer", f"{their_cross}.out_proj")
            yield from layer_norm(f"{cross}_norm", f"{their_cross}_layer_norm")
            yield from _feed_forward(ours, theirs)

    return rules


def _self_attention(ours: str, theirs: str) -> Iterator[Rule]:
    yield from dense(f"{ours}/qkv", *(f"{theirs}.{part}_proj" for part in "qkv"))
    yield from dense(f"{ours}/output_layer", f"{theirs}.out_proj")
    yield from layer_norm(f"{ours}_norm", f"{theirs}_layer_norm")


def _feed_forward(ours: str, theirs: str) -> Iterator[Rule]:
    yield from dense(f"{ours}/feed_forward/hidden", f"{theirs}.fc1")
    yield from dense(f"{ours}/feed_forward/output_layer", f"{theirs}.fc2")
    yield from layer_norm(f"{ours}/feed_forward_norm", f"{theirs}.final_layer_norm")


def _rows(order: list[int]) -> Callable[["Array"], "Array"]:
    """Their rows in the order of our ids."""

    def rows(array: "Array") -> "Array":
        if len(array) != max(order) + 1:
            raise ValueError(
                f"Their table has {len(array)} rows, but config.json gives it "
                f"{max(order) + 1}"
            )
        return array[order]

    return rows


def _is_shared(settings: Settings) -> bool:
    """Whether sources, targets and logits have one table."""
    names = ("share_encoder_decoder_embeddings", "tie_word_embeddings")
    return all(settings.get(name, True) for name in names)


def _sizes(settings: Settings) -> tuple[int, int]:
    """The sizes of their vocabularies of sources and of targets."""
    source = settings.get("vocab_size", 58101)
    target = None if _is_shared(settings) else settings.get("decoder_vocab_size")
    return source, target or source


def _special(settings: Settings) -> tuple[int, int, int]:
    """Their ids of the padding, the start and the end."""
    pad = settings.get("pad_token_id", 58100)
    start = settings.get("decoder_start_token_id", 58100)
    return pad, start, token_id(settings, {}, "eos_token_id") or 0


def _order(settings: Settings, size: int) -> list[int]:
    pad, start, end = _special(settings)
    if not all(0 <= one < size for one in (pad, start, end)):
        raise ValueError(
            "`pad_token_id`, `decoder_start_token_id` and `eos_token_id` must be less "
            f"than the vocabulary's size, {size}. Received: {pad}, {start}, {end}"
        )
    return ordered_ids(size, pad, start, end)


def variant(settings: Settings, where: str) -> Family:
    """The family of a checkpoint with its vocabulary."""
    unused = [r"\.embed_positions\.weight$"]  # computed
    renamed: dict[str, Any] = {}
    if _is_shared(settings):
        # Files hold the one table under any of its names.
        renamed = {r"^model\.(en|de)coder\.embed_tokens\.": "model.shared."}
    else:
        unused.append(r"^model\.shared\.")
    if settings.get("tie_word_embeddings", True):
        unused.append(r"^lm_head\.weight$")
    family = replace(FAMILY, rules=rules_of(settings), renamed=renamed, variant=None)
    return family.without(*unused)


FAMILY = Family(
    class_name="Transformer",
    task="translation",
    config=config,
    processor=processor,
    rules=lambda config: rules_of({})(config),  # of the default vocabulary
    files=(*FILES, "target_vocab.json", *OPTIONS, GENERATION),
    prefix="model.",
    variant=variant,
)
