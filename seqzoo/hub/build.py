"""Builds a model from its parsed files."""

import dataclasses
import difflib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub.checks import (
    check_arguments,
    check_config,
    check_layers,
    check_processor,
    check_size,
    faults_of,
    misfits,
)
from seqzoo.hub.manifest import CONFIG
from seqzoo.hub.saved import SavedModel

if TYPE_CHECKING:
    from seqzoo.ops.types import Array
    from seqzoo.tasks.base import Task

# Bytes of arrays that are read before their freed memory is given back to the system.
GIVE_BACK_AFTER = 2**24


def build_model(
    saved: SavedModel, overrides: Mapping[str, Any], dtype: Any = None
) -> "Task":
    """Builds a model with its weights, or with fresh ones if `saved` has none.

    Args:
        saved: The parsed files.
        overrides: Fields of the Config to replace.
        dtype: Keras dtype policy of the model; None is Keras's current one.

    Raises:
        ValueError: If the class is unknown, an override names no field or changes the
            shape of a weight, or the weights are not exactly the model's.
    """
    from seqzoo.models import MODELS
    from seqzoo.tasks.persistence import dtype_policy

    class_name, config = saved.spec["class"], saved.spec["config"]
    origin = saved.files.origin
    if class_name not in MODELS:
        raise ValueError(
            f"{CONFIG} of {origin} asks for the class {class_name!r}, which seqzoo "
            f"lacks; it has {', '.join(sorted(MODELS))}. Foreign code is never run; a "
            "newer seqzoo may know the class (`pip install -U seqzoo`)."
        )
    cls = MODELS[class_name]
    _check_overrides(overrides, cls)
    where = f"{CONFIG} of {origin}"
    check_config(cls, config, where)
    with faults_of(where):
        saved_config = cls.read_config(config)
        if saved.weights is not None:
            check_layers(saved_config, saved.num_tensors, where)
        processor = _processor(saved)
        check_processor(processor, saved_config, where)
    with dtype_policy(dtype):
        # An error of an override is the caller's, and not the file's.
        with nullcontext() if overrides else faults_of(where):
            model: Task = cls.from_config({**config, **overrides})
            if saved.weights is None:
                model.build()
            elif problems := _build_with(model, saved, saved_config, overrides):
                raise _misfit(problems, origin, overrides)
    model.processor = processor
    if saved_config != model.config and model.processor is not None:
        model.adapt_processor(saved_config)
    return model


def _check_overrides(overrides: Mapping[str, Any], cls: Any) -> None:
    known = [field.name for field in dataclasses.fields(cls.Config)]
    for key in overrides:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"{cls.__name__} has no setting {key!r}.{hint} "
                f"Its settings: {', '.join(known)}."
            )


def _build_with(
    model: "Task", saved: SavedModel, saved_config: Any, overrides: Mapping[str, Any]
) -> list[str]:
    """Builds the model with the saved weights, without drawing random ones first.

    Every shape is checked before memory is taken. An array is read when its variable is
    created, so that a large checkpoint is never held twice.

    Args:
        model: Not built yet.
        saved: The parsed files, with weights.
        saved_config: The Config that the weights were saved with.
        overrides: Fields of the Config that were replaced. `num_classes` gives a
            checkpoint without a head a fresh one.

    Returns:
        What does not fit, one line a weight; empty if the weights are the model's.

    Raises:
        ValueError: If the model is larger than its file, or a weight is not finite.
    """
    import keras

    from seqzoo.ops.allocator import give_back_freed_memory
    from seqzoo.tasks.base import variables_by_key

    fresh_head = "num_classes" in overrides
    weights = saved.weights(saved_config, fresh_head) if saved.weights else {}
    is_changed = saved_config != model.config
    origin = saved.files.origin
    problems: list[str] = []
    not_finite: list[str] = []
    failures: list[BaseException] = []
    bytes_read = 0  # since memory was given back

    def read(key: str, shape: tuple[int, ...]) -> "Array | None":
        nonlocal bytes_read
        array = weights[key]()
        if bytes_read >= GIVE_BACK_AFTER:
            give_back_freed_memory()
            bytes_read = 0
        bytes_read += array.nbytes
        if not is_finite(array):
            not_finite.append(key)
        if array.shape == shape and not model.has_other_meaning(key, saved_config):
            return array
        if not is_changed:  # no override explains the other shape
            raise ValueError(f"{key}: the model's is {shape}, the file's {array.shape}")
        return model.adapted_weight(key, array, shape, saved_config)

    def initializer(key: str, fresh: Callable[..., Any]) -> Callable[..., Any]:
        def value(shape: Any, dtype: Any) -> Any:
            # An error that leaves an initializer would leave Keras with half of the
            # variables waiting, and every later model with them.
            try:
                if not failures and (array := read(key, tuple(shape))) is not None:
                    return keras.ops.cast(array, dtype)
            except ValueError as error:
                problems.append(str(error))
            except BaseException as error:  # Ctrl-C, too
                failures.append(error)
            return fresh(shape, dtype=dtype)

        return value

    with _waiting_variables():
        # In a stateless scope, variables get their shapes alone.
        with keras.StatelessScope(initialize_variables=False):
            model.build()
        variables = variables_by_key(model)
        has_more = is_changed or fresh_head
        # A conversion may repeat a few rows of a table.
        elements = saved.num_elements * (1 if saved.shapes is not None else 2)
        check_size(variables, elements, has_more, f"{CONFIG} of {origin}")
        for key in variables.keys() & weights.keys():
            variable = variables[key]
            variable._initializer = initializer(key, variable._initializer)
        problems += [f"unknown {key}" for key in weights.keys() - variables.keys()]
        missing = variables.keys() - weights.keys()
        if fresh_head and saved.shapes is None:  # a checkpoint of another library
            missing = {key for key in missing if not key.startswith("logits/")}
        problems += [f"missing {key}" for key in missing]
        if not is_changed:
            problems += misfits(variables, saved.shapes)
        if problems:
            return sorted(problems)
        with keras.StatelessScope():
            pass  # at its end they get their values
    if failures:
        raise failures[0]
    if not_finite and not problems:
        raise ValueError(
            f"The weights of {origin} hold NaN or infinite numbers, in "
            f"{', '.join(sorted(not_finite)[:5])}{' and more' * (len(not_finite) > 5)}."
            " Its training has diverged, or the file is damaged: load another one."
        )
    return sorted(problems)


@contextmanager
def _waiting_variables() -> Iterator[None]:
    """Drops the variables that still wait for their values at its end.

    Else Keras would give them random ones at the next occasion.
    """
    from keras.src.backend.common import global_state

    try:
        yield
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])


def is_finite(array: "Array") -> bool:
    """Whether an array of any dtype holds no NaN and no infinity."""
    import numpy as np

    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _misfit(
    problems: list[str], origin: str, overrides: Mapping[str, Any]
) -> ValueError:
    if overrides:
        settings = ", ".join(f"{key}={value!r}" for key, value in overrides.items())
        reason = (
            f"With {settings} the weights of {origin} do not fit. Leave the setting "
            "out, or take fresh weights with seqzoo.build"
        )
    else:
        reason = (
            f"The weights of {origin} do not fit its {CONFIG}. Fetch or save the "
            "folder again"
        )
    return ValueError(f"{reason}: {'; '.join(problems)}.")


def _processor(saved: SavedModel) -> Any:
    """The processor that config.json names, made from the verified bytes."""
    spec, files = saved.spec.get("processor"), saved.files
    if spec is None:
        return None
    from seqzoo.processors import PROCESSORS

    name = spec.get("class") if isinstance(spec, dict) else spec
    if not isinstance(name, str) or name not in PROCESSORS or name == spec:
        raise ValueError(
            f"{CONFIG} of {files.origin} asks for the processor {spec!r}, which seqzoo "
            f"lacks; it has {', '.join(sorted(PROCESSORS))}. A newer seqzoo may know "
            "it (`pip install -U seqzoo`)."
        )
    config = spec.get("config")
    where = f"{CONFIG} of {files.origin}"
    if not isinstance(config, dict):
        raise ValueError(f"{where} gives its processor no `config`. Save it again.")
    check_arguments(PROCESSORS[name], config, where)
    with tempfile.TemporaryDirectory(prefix="seqzoo-") as folder:
        for file, data in files.contents.items():
            (Path(folder) / file).write_bytes(data)
        with faults_of(files.origin, folder):
            return PROCESSORS[name].load(config, Path(folder))
