"""The layout of Hugging Face transformers: which family reads it, and key by key.

A family is a module with `CLASS`, `config(settings)`, `IGNORED` and `RENAMED` patterns
and `sources(config)`; also `processor`, if its is not our ImageProcessor. Files hold
the names of transformers 4, memory those of 5; the renaming brings the former to the
latter, so that both are read.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from seqzoo.convert import detr, swin, vit
from seqzoo.convert.checkpoint import Checkpoint
from seqzoo.convert.preprocessors import image_processor

Array = np.ndarray[Any, Any]

FAMILIES = {"detr": detr, "swin": swin, "vit": vit}


class Source(NamedTuple):
    """What one of our weights is made from."""

    names: tuple[str, ...]
    make: Callable[..., Array]


def spec(
    settings: Mapping[str, Any], preprocessor: Mapping[str, Any] | None, where: str
) -> dict[str, Any]:
    """What our `config.json` would say.

    Args:
        settings: The checkpoint's `config.json`.
        preprocessor: Its `preprocessor_config.json`, if it has one.
        where: The checkpoint, as in an error.

    Raises:
        ValueError: If the family is none of ours, or a setting is.
    """
    family = _family(settings, where)
    make = getattr(family, "processor", image_processor)
    return {
        "class": family.CLASS,
        "task": family.TASK,
        "config": family.config(settings, where),
        "processor": preprocessor and make(settings, preprocessor, where),
    }


def weights(
    settings: Mapping[str, Any],
    tensors: Mapping[str, Array],
    config: Any,
    where: str,
) -> dict[str, Callable[[], Array]]:
    """How to make each of our weights, by key; what it takes is read only then.

    Args:
        settings: The checkpoint's `config.json`.
        tensors: Its tensors by name.
        config: The Config that `spec` gave.
        where: The checkpoint, as in an error.

    Raises:
        ValueError: If a tensor is missing, or one is left that no rule knows.
    """
    family = _family(settings, where)
    names = {_renamed(name, family.RENAMED): name for name in _used(family, tensors)}
    sources = {key: Source(*each) for key, each in family.sources(config)}
    wanted = {name for source in sources.values() for name in source.names}
    problems = [f"missing {name}" for name in sorted(wanted - names.keys())]
    problems += [f"unknown {names[name]}" for name in sorted(names.keys() - wanted)]
    if problems:
        raise ValueError(
            f"The tensors of {where} are not those of its config.json: "
            f"{'; '.join(problems[:8])}{' and more' if len(problems) > 8 else ''}. "
            f"seqzoo reads {family.CLASS} checkpoints with their heads; another head "
            "or another kind of checkpoint does not fit."
        )

    def made(source: Source) -> Array:
        return source.make(*(tensors[names[name]] for name in source.names))

    return {key: partial(made, source) for key, source in sources.items()}


def parameters(settings: Mapping[str, Any], checkpoint: Checkpoint, where: str) -> int:
    """The number of weights of the model that a checkpoint makes."""
    names = _used(_family(settings, where), checkpoint)
    return sum(math.prod(checkpoint.shapes[name]) for name in names)


def _used(family: Any, names: Iterable[str]) -> list[str]:
    """The tensors that are not on the family's list of what to leave out."""
    return [
        name
        for name in names
        if not any(re.search(pattern, name) for pattern in family.IGNORED)
    ]


def _family(settings: Mapping[str, Any], where: str) -> Any:
    kind = settings.get("model_type")
    if kind not in FAMILIES:
        raise ValueError(
            f"{where} is a checkpoint of the kind {kind!r}. seqzoo reads "
            f"{', '.join(sorted(FAMILIES))}."
        )
    return FAMILIES[kind]


def _renamed(name: str, patterns: Mapping[str, str]) -> str:
    for pattern, replacement in patterns.items():
        name = re.sub(pattern, replacement, name)
    return name
