"""The layout of Hugging Face transformers: which family reads it, and key by key.

A family is a module with `CLASS`, `config(settings)`, `IGNORED` and `RENAMED` patterns
and `sources(config)`. Files hold the names of transformers 4, memory those of 5; the
renaming brings the former to the latter, so that both are read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from seqzoo.convert import vit

Array = np.ndarray[Any, Any]

FAMILIES = {"vit": vit}

RESAMPLES = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers


class Source(NamedTuple):
    """What one of our weights is made from."""

    names: tuple[str, ...]
    make: Callable[..., Array]


def is_foreign(settings: Mapping[str, Any]) -> bool:
    """Whether a `config.json` is one of transformers, not ours."""
    return "model_type" in settings and "seqzoo_format" not in settings


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
    return {
        "class": family.CLASS,
        "task": family.TASK,
        "config": family.config(settings, where),
        "processor": preprocessor
        and {
            "class": "ImageProcessor",
            "config": _image_processor(settings, preprocessor, where),
        },
    }


def weights(
    settings: Mapping[str, Any],
    tensors: Mapping[str, Array],
    config: Any,
    where: str,
) -> Iterator[tuple[str, Array]]:
    """Our weights by key, one at a time.

    Args:
        settings: The checkpoint's `config.json`.
        tensors: Its tensors by name.
        config: The Config that `spec` gave.
        where: The checkpoint, as in an error.

    Raises:
        ValueError: If a tensor is missing, or one is left that no rule knows.
    """
    family = _family(settings, where)
    names: dict[str, str] = {}
    for name in tensors:
        if not any(re.search(pattern, name) for pattern in family.IGNORED):
            names[_renamed(name, family.RENAMED)] = name
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
    for key, source in sources.items():
        yield key, source.make(*(tensors[names[name]] for name in source.names))


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


def _image_processor(
    settings: Mapping[str, Any], found: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The arguments of our ImageProcessor."""
    resize = _height_and_width(found.get("size", 224), where)
    crop = resize
    if found.get("do_center_crop"):
        crop = _height_and_width(found.get("crop_size", 224), where)
    resample = found.get("resample", 2)
    if resample not in RESAMPLES:
        raise ValueError(
            f"preprocessor_config.json of {where} resamples by {resample!r}; seqzoo "
            f"knows {RESAMPLES}, as Pillow numbers them."
        )
    normalize = found.get("do_normalize", True)
    channels = settings.get("num_channels", 3)
    return {
        "labels": labels(settings),
        "size": crop,
        "resize": resize,
        "mean": found.get("image_mean") if normalize else [0.0] * channels,
        "std": found.get("image_std") if normalize else [1.0] * channels,
        "resample": RESAMPLES[resample],
    }


def _height_and_width(size: Any, where: str) -> list[int]:
    if isinstance(size, int):
        return [size, size]
    if isinstance(size, Mapping) and {"height", "width"} <= size.keys():
        return [size["height"], size["width"]]
    raise ValueError(
        f"preprocessor_config.json of {where} must give a height and a width. "
        f"Received: {size!r}"
    )


def labels(settings: Mapping[str, Any]) -> list[str]:
    """The name of each class, in the order of the logits."""
    names = settings.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    return [names[key] for key in sorted(names, key=int)]
