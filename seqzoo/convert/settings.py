"""Settings in the JSON files of checkpoints: parsed, checked, and turned into ours."""

import json
import math
from collections.abc import Mapping
from textwrap import shorten
from typing import Any

Settings = Mapping[str, Any]

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
}


def parse_object(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object in a file with the contents `data`; errors name it `where`.

    Raises:
        ValueError: If `data` is not JSON, or not an object.
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{where} is not JSON: {error}. Fetch or save it again."
        ) from None
    if not isinstance(values, dict):
        raise ValueError(
            f"{where} must hold a JSON object. Received: a {type(values).__name__}."
        )
    return values


def require(settings: Settings, where: str, **wanted: Any) -> None:
    """Refuses other values of these settings; null and missing ones are accepted.

    Raises:
        ValueError: If a value differs, so that our outputs would not be theirs.
    """
    for name, value in wanted.items():
        actual = value if settings.get(name) is None else settings[name]
        is_close = isinstance(value, float) and math.isclose(actual, value)
        if actual != value and not is_close:
            raise ValueError(
                f"{where} has {name}={actual!r}. seqzoo reads only {value!r}; with "
                "another value its outputs would not be exact."
            )


def class_labels(settings: Settings) -> list[str]:
    """The names of the classes, in the order of the logits.

    Raises:
        ValueError: If `id2label` is no object of names by number, from 0 on.
    """
    count = settings.get("num_labels")
    names = settings.get("id2label")
    if not names:
        if count is not None and not (isinstance(count, int) and 0 < count < 2**20):
            raise ValueError(f"`num_labels` must be a number. Received: {count!r}")
        names = {str(i): f"LABEL_{i}" for i in range(2 if count is None else count)}
    if count is not None and count != len(names):
        raise ValueError(
            f"`num_labels` is {count!r}, but `id2label` names {len(names)} classes."
        )
    numbers = {str(i) for i in range(len(names))}
    if not isinstance(names, dict) or names.keys() != numbers:
        raise ValueError(
            "`id2label` must give the name of each class by its number, from 0 on. "
            f"Received: {shorten(str(names), 60)}"
        )
    return [str(names[str(i)]) for i in range(len(names))]


def is_multi_label(settings: Settings, where: str) -> bool:
    """Whether each class has a probability of its own, as transformers decides it.

    Raises:
        ValueError: If the checkpoint is one of a regression.
    """
    kind = settings.get("problem_type")
    kinds = (None, "single_label_classification", "multi_label_classification")
    if kind not in kinds:
        raise ValueError(
            f"{where} has problem_type={kind!r}. seqzoo reads classifiers: "
            f"{', '.join(map(str, kinds[1:]))}."
        )
    return kind == kinds[2] or len(class_labels(settings)) == 1


def with_aliases(settings: Settings, where: str, **aliases: str) -> dict[str, Any]:
    """The settings, with those under another name of transformers under their own.

    Args:
        settings: The checkpoint's `config.json`.
        where: The checkpoint, as errors name it.
        **aliases: The other name = the setting's own name.

    Raises:
        ValueError: If both names are there with different values.
    """
    values = dict(settings)
    for alias, name in aliases.items():
        if alias in settings and settings.get(name, settings[alias]) != settings[alias]:
            raise ValueError(
                f"{where} has {alias}={settings[alias]!r} and {name}="
                f"{settings[name]!r}, which are two names of one setting."
            )
        if alias in settings:
            values[name] = settings[alias]
    return values


def require_plain(settings: Settings, where: str) -> None:
    """Refuses quantized and pruned checkpoints, whose tensors mean something else.

    Raises:
        ValueError: If the checkpoint is one.
    """
    for name in ("quantization_config", "pruned_heads"):
        if settings.get(name):
            raise ValueError(
                f"{where} has {name}={shorten(str(settings[name]), 60)}. seqzoo reads "
                "only checkpoints without it."
            )


def activation(
    settings: Settings, where: str, name: str = "hidden_act", default: str = "gelu"
) -> str:
    """Our name of the activation in the setting `name`, as `FeedForward` takes it.

    Raises:
        ValueError: If we lack the function.
    """
    function = settings.get(name, default)
    if function not in ACTIVATIONS:
        raise ValueError(
            f"{where} has the activation {function!r}; seqzoo reads "
            f"{', '.join(ACTIVATIONS)}."
        )
    return ACTIVATIONS[function]


def head_of(settings: Settings, where: str, known: Mapping[str, str]) -> str:
    """What the checkpoint's head is for, by the class that wrote it.

    Args:
        settings: The checkpoint's `config.json`.
        where: The checkpoint, as errors name it.
        known: Class of transformers -> head. The class `""` stands for no class.

    Raises:
        ValueError: If the class is another.
    """
    classes = settings.get("architectures") or [""]
    name = classes[0] if isinstance(classes, list) else classes
    if name not in known:
        raise ValueError(
            f"{where} is a {name}, whose head seqzoo lacks. It reads "
            f"{', '.join(filter(None, known))}."
        )
    return known[name]


def vision_fields(
    settings: Settings, where: str, patch_size: int, epsilon: float
) -> dict[str, Any]:
    """The Config fields that the vision transformers share.

    Args:
        settings: The checkpoint's `config.json`.
        where: The checkpoint, as errors name it.
        patch_size: Default in pixels.
        epsilon: Default of the layer norms.

    Raises:
        ValueError: If the patches are not square, Keras lacks the activation, or the
            checkpoint is no classifier's.
    """
    get = settings.get
    require_plain(settings, where)
    size = get("patch_size", patch_size)
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise ValueError(
            f"{where} has patches of {size!r} pixels; they must be square."
        )
    return {
        "image_size": get("image_size", 224),
        "patch_size": int(sides.pop()),
        "channels": get("num_channels", 3),
        "num_classes": len(class_labels(settings)),
        "multi_label": is_multi_label(settings, where),
        "activation": activation(settings, where),
        "use_bias": get("qkv_bias", True),
        "epsilon": get("layer_norm_eps", epsilon),
        "dropout": get("hidden_dropout_prob", 0.0),
        "attention_dropout": get("attention_probs_dropout_prob", 0.0),
    }
