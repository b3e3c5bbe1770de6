"""Checks that a folder's files fit each other, before a model is built from them.

Folders come from other people, so that any value in their JSON files may have any type
and any size. Here a wrong one becomes a `ValueError` that names it.
"""

import dataclasses
import inspect
import math
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

# Config fields that count layers. Each layer has a tensor of its own.
LAYER_COUNTS = (
    *("layers", "num_layers", "encoder_layers", "decoder_layers", "attention_layers"),
    *("blocks", "depths"),
)
LARGEST = 2**31 - 1  # of any number in a Config
LARGEST_SIDE = 2**15  # pixels of an image that a processor makes
SIDES = ("size", "resize", "shortest_edge", "longest_edge")
# What an override may add to a saved model: elements, 1 GiB in float32.
ADDED_BY_OVERRIDES = 2**28

Shapes = Mapping[str, tuple[int, ...]]


@contextmanager
def faults_of(where: str, temporary: str = "") -> Iterator[None]:
    """Names the file in errors within; those of wrong types become a `ValueError`.

    Args:
        where: The file that the values come from.
        temporary: A path that stands for it in messages.
    """
    try:
        yield
    except ValueError as error:
        text = str(error).replace(temporary, where) if temporary else str(error)
        raise ValueError(text if where in text else f"{where}: {text}") from error
    except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
        raise ValueError(
            f"{where} holds a value of another type than is wanted, or lacks one "
            f"({error}). Fetch or save the folder again."
        ) from error


def check_config(cls: Any, config: Mapping[str, Any], where: str) -> None:
    """Checks the types of a saved Config's fields.

    Args:
        cls: The model's class.
        config: The fields as JSON has them.
        where: The file, as errors name it.

    Raises:
        ValueError: If a field has another type than the Config's, or is past 2**31.
    """
    hints = typing.get_type_hints(cls.Config)
    for field in dataclasses.fields(cls.Config):
        if field.name in config:
            value = config[field.name]
            _check_type(
                f"{cls.__name__}'s `{field.name}`", value, hints[field.name], where
            )


def check_arguments(cls: Any, config: Mapping[str, Any], where: str) -> None:
    """Checks the names and types of a saved processor's settings.

    Raises:
        ValueError: If the class has no such argument, or it has another type.
    """
    known = inspect.signature(cls.__init__).parameters
    hints = typing.get_type_hints(cls.__init__)
    for name, value in config.items():
        if name not in known:
            raise ValueError(
                f"{where} gives {cls.__name__} the setting {name!r}, which it lacks. "
                "A newer seqzoo may know it (`pip install -U seqzoo`)."
            )
        if name in hints:
            _check_type(f"{cls.__name__}'s `{name}`", value, hints[name], where)


def check_record(record: Mapping[str, Any], where: str) -> None:
    """Checks the parts of a `metrics.json` that `info` reads.

    Raises:
        ValueError: If one has another type.
    """
    scores = Mapping[str, Mapping[str, Any]]
    wanted = {"metrics": scores, "published": scores, "params": int}
    for name, hint in wanted.items():
        if record.get(name) is not None:
            _check_type(f"`{name}`", record[name], hint, where)
    for name in ("paper", "data", "licence", "recipe", "derived_from"):
        if record.get(name) is not None:
            _check_type(f"`{name}`", record[name], str, where)
    for name, metric in (record.get("metrics") or {}).items():
        for part, hint in (("examples", int), ("seeds", list)):
            if metric.get(part) is not None:
                _check_type(
                    f"`{part}` of the metric {name!r}", metric[part], hint, where
                )


def check_layers(config: Any, num_tensors: int, where: str) -> None:
    """Checks that a model has no more layers than its file has tensors.

    Raises:
        ValueError: If it has: building it might take days.
    """
    for field in LAYER_COUNTS:
        value = getattr(config, field, 0)
        layers = sum(value) if isinstance(value, tuple) else value
        stages = len(value) if isinstance(value, tuple) else 0
        if max(layers, stages) > num_tensors:
            raise ValueError(
                f"{where} has {field}={_short(value)}, but the weights have "
                f"{num_tensors:,} tensors. Fetch or save the folder again."
            )


def misfits(variables: Mapping[str, Any], shapes: Shapes | None) -> Iterator[str]:
    """What a model's variables and a file's tensors do not share, a line each.

    Args:
        variables: Of the model, by key; they may have no values yet.
        shapes: Of the file's tensors, by the same keys; None if they are only known
            once the tensors are converted.
    """
    for key in variables.keys() & (shapes or {}).keys():
        wanted, actual = tuple(variables[key].shape), (shapes or {})[key]
        if wanted != actual:
            yield f"{key}: the model's is {wanted}, the file's {actual}"


def check_size(
    variables: Mapping[str, Any], elements: int, is_changed: bool, where: str
) -> None:
    """Checks that a model needs no more numbers than its file has.

    Args:
        variables: Of the model; they may have no values yet.
        elements: Number of elements of the file's tensors.
        is_changed: Whether overrides of the Config may have added weights.
        where: The file, as errors name it.

    Raises:
        ValueError: If it needs more, and might exhaust the memory.
    """
    needed = sum(math.prod(variable.shape) for variable in variables.values())
    if needed > elements + is_changed * ADDED_BY_OVERRIDES:
        raise ValueError(
            f"{where} describes a model of {needed:,} weights, but its file holds "
            f"{elements:,}. "
            + (
                "Take smaller settings, or fresh weights with seqzoo.build."
                if is_changed
                else "Fetch or save the folder again."
            )
        )


def check_processor(processor: Any, config: Any, where: str) -> None:
    """Checks a processor against the Config of the model that it was saved with.

    Raises:
        ValueError: If its labels, its vocabulary, its statistics or the size of what
            it makes are not the model's.
    """
    for fact, ours, field, theirs in _facts(processor, config):
        if ours != theirs:
            raise ValueError(
                f"{where} contradicts itself: its processor has {fact} {_short(ours)}, "
                f"its model {field}={_short(theirs)}. Save the model again with the "
                "processor that it was trained with."
            )
    for name in SIDES:
        side = getattr(processor, name, None) or 0
        if max(side if isinstance(side, tuple) else (side,)) > LARGEST_SIDE:
            raise ValueError(
                f"{where} has a processor with {name}={side}, of more than "
                f"{LARGEST_SIDE:,} pixels. Fetch or save the folder again."
            )
    statistics = [*(getattr(processor, "mean", ())), *(getattr(processor, "std", ()))]
    if not all(map(math.isfinite, statistics)) or 0 in getattr(processor, "std", ()):
        raise ValueError(
            f"{where} has a processor with mean={processor.mean} and "
            f"std={processor.std}. Both must be finite, and std not 0."
        )


def _facts(processor: Any, config: Any) -> Iterator[tuple[str, Any, str, Any]]:
    """What a processor and a Config both say: two names and two values of each."""

    def pair(fact: str, ours: Any, field: str) -> Iterator[tuple[str, Any, str, Any]]:
        theirs = getattr(config, field, None)
        if ours is not None and theirs is not None:
            yield fact, ours, field, theirs

    labels = getattr(processor, "labels", None)
    yield from pair("labels:", None if labels is None else len(labels), "num_classes")
    yield from pair("tokens:", getattr(processor, "vocab_size", None), "vocab_size")
    mean, layout = getattr(processor, "mean", None), getattr(processor, "layout", None)
    channels = None if mean is None else len(mean)
    yield from pair("channels:", 1 if layout == "plane" else channels, "channels")
    size = getattr(processor, "size", None)
    if isinstance(size, tuple) and getattr(config, "use_positions", True):
        # A Swin without positions takes images of any size.
        yield from pair("images of", size, "sides")
    features = getattr(processor, "features", getattr(processor, "bands", None))
    if layout in ("rows", "pixels"):
        features = size if layout == "rows" else 1
    yield from pair("features:", features, "features")


def _check_type(what: str, value: Any, hint: Any, where: str) -> None:
    if not _fits(value, hint):
        name = getattr(hint, "__name__", hint) if isinstance(hint, type) else hint
        raise ValueError(
            f"{what} in {where} must be of the type {name}, and numbers below 2**31. "
            f"Received: {_short(value)}. Fetch or save the folder again."
        )


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value from JSON has the type of an annotation."""
    if hint is Any:
        return True
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, part) for part in parts)
    if origin is tuple and isinstance(value, list | tuple):
        if parts[-1] is Ellipsis:
            return all(_fits(item, parts[0]) for item in value)
        return len(value) == len(parts) and all(map(_fits, value, parts))
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(item, parts[1]) for item in value.values()
        )
    if origin is Sequence:
        return isinstance(value, list | tuple) and all(
            _fits(item, parts[0]) for item in value
        )
    if hint in (int, float):
        is_number = isinstance(value, (int, float) if hint is float else int)
        return is_number and not isinstance(value, bool) and abs(value) <= LARGEST
    return not inspect.isclass(hint) or isinstance(value, hint)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
