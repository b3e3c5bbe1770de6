"""Tokenizers and settings of generation as the arguments of our processors."""

import warnings
from collections.abc import Mapping, Sequence

from seqzoo.convert.family import GENERATION
from seqzoo.convert.settings import Settings

TOKENIZER = "tokenizer.json"
OPTIONS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
BYTE_LEVEL = (TOKENIZER, "vocab.json", "merges.txt", *OPTIONS)
WORD_PIECE = (TOKENIZER, "vocab.txt", *OPTIONS)

# Settings of generation that would change a text, with the value that changes nothing.
NEUTRAL = {
    "repetition_penalty": 1.0,
    "encoder_repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "min_length": 0,
    "min_new_tokens": None,
    "diversity_penalty": 0.0,
    "num_beam_groups": 1,
    "exponential_decay_length_penalty": None,
    "suppress_tokens": None,
    "begin_suppress_tokens": None,
    "forced_decoder_ids": None,
    "sequence_bias": None,
    "forced_bos_token_id": None,
    "guidance_scale": None,
    "penalty_alpha": None,
}


def has_tokenizer(
    files: Mapping[str, bytes], wanted: Sequence[str], where: str
) -> bool:
    """Whether a checkpoint has `tokenizer.json`, or all of the older files.

    Args:
        files: The checkpoint's files by name.
        wanted: The older files.
        where: The checkpoint, as errors name it.

    Raises:
        ValueError: If some of the older files are there and others are not.
    """
    found = [file for file in wanted if file in files]
    if TOKENIZER in files or found == list(wanted):
        return True
    if not found:
        return False
    missing = [file for file in wanted if file not in files]
    raise ValueError(
        f"{where} has {' and '.join(found)}, but no {' and '.join(missing)}. Fetch the "
        "checkpoint again, with all of its files."
    )


def generation_of(settings: Settings) -> Settings:
    """The settings of generation: `generation_config.json`, or older: `config.json`."""
    generation: Settings = settings.get(GENERATION, settings)
    return generation


def warn_of_ignored(generation: Settings, where: str, *more: str) -> None:
    """Warns of settings of generation that would change a text and are not applied.

    Args:
        generation: From `generation_of`.
        where: The checkpoint, as errors name it.
        *more: Settings that are not applied either, because of their values.
    """
    ignored = [
        f"{name}={generation[name]!r}"
        for name, neutral in NEUTRAL.items()
        if generation.get(name) not in (None, neutral, False, [])
    ] + [f"{name}={generation[name]!r}" for name in more]
    if ignored:
        warnings.warn(
            f"{where} asks for {', '.join(ignored)} in generation, which seqzoo does "
            "not apply. Its texts differ from those of transformers.",
            stacklevel=2,
        )


def token_id(settings: Settings, generation: Settings, name: str) -> int | None:
    """A special token's id, of the settings of generation or else of the model.

    Raises:
        ValueError: If there are several.
    """
    value = generation.get(name)
    value = settings.get(name) if value is None else value
    if isinstance(value, list):
        if len(value) != 1:
            raise ValueError(
                f"`{name}` must be one id. Received: {value!r}. seqzoo ends a text at "
                "one token."
            )
        value = value[0]
    return value
