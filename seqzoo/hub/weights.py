"""A model's weights: as arrays for a file, and out of one into a model."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from seqzoo.hub.manifest import CONFIG, WEIGHTS, parse_json
from seqzoo.hub.sources import Files
from seqzoo.ops.allocator import give_back_freed_memory

if TYPE_CHECKING:
    from seqzoo.tasks.base import Task

Array = np.ndarray[Any, Any]
# Bytes of arrays read, after which what they left behind is given back.
GIVE_BACK_AFTER = 2**24


def arrays_of(model: "Task", dtype: str) -> dict[str, Array]:
    """The model's weights as arrays, floating ones in `dtype`.

    Raises:
        ValueError: If there are none yet, or `dtype` cannot hold one.
    """
    import keras

    from seqzoo.tasks.base import variables_by_key

    arrays = {}
    for key, variable in variables_by_key(model).items():
        if keras.backend.is_float_dtype(variable.dtype):
            exact = keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))
            with np.errstate(over="ignore"):  # reported below
                array = exact.astype(dtype)
            if not np.array_equal(np.isfinite(array), np.isfinite(exact)):
                raise ValueError(
                    f"{key} holds values up to {np.abs(exact).max():.3g}; {dtype} ends "
                    "at 65504. Save with weights_dtype='float32'."
                )
        else:
            array = keras.ops.convert_to_numpy(variable)
        arrays[key] = np.asarray(array, order="C")
    if not arrays:
        raise ValueError(
            f"{type(model).__name__} has no weights yet. Build it before saving: "
            "model.build()."
        )
    return arrays


def build_with(
    model: "Task", files: Files, overrides: Mapping[str, Any], saved: Any
) -> None:
    """Builds the model with the files' weights; none is drawn at random before.

    An array is read when its variable takes it, so that a large checkpoint is never
    held twice.

    Args:
        model: Not yet built.
        files: Its verified files.
        overrides: Fields of the Config that were replaced, for an error.
        saved: The Config of the files.

    Raises:
        ValueError: If the weights are not exactly the model's; it lists what differs.
    """
    import keras

    from seqzoo.tasks.base import variables_by_key

    arrays = _arrays(files, saved)
    problems: list[str] = []
    failures: list[BaseException] = []
    read = 0  # bytes since memory was given back

    def first_value(key: str, fresh: Callable[..., Any]) -> Callable[..., Any]:
        def value(shape: tuple[int, ...], dtype: Any) -> Any:
            nonlocal read
            # An error here would leave Keras with half of the variables waiting, and
            # every later model with them.
            try:
                if failures:
                    return fresh(shape, dtype=dtype)
                array: Array | None = arrays[key]()
                if array is not None and array.shape != tuple(shape):
                    array = _adapted(model, key, array, tuple(shape), saved)
                if array is not None:
                    if read >= GIVE_BACK_AFTER:
                        give_back_freed_memory()
                        read = 0
                    read += array.nbytes
                    return keras.ops.cast(array, dtype)
            except _Misfit as misfit:
                problems.append(str(misfit))
            except BaseException as error:  # Ctrl-C, too
                failures.append(error)
            return fresh(shape, dtype=dtype)

        return value

    # In a stateless scope variables wait for their first values until its end.
    with keras.StatelessScope():
        model.build()
        variables = variables_by_key(model)
        for key in variables.keys() & arrays.keys():
            variable = variables[key]
            variable._initializer = first_value(key, variable._initializer)
    if failures:
        raise failures[0]
    problems += [f"unknown {key}" for key in arrays.keys() - variables.keys()]
    problems += [f"missing {key}" for key in variables.keys() - arrays.keys()]
    if problems:
        problems.sort()
        settings = ", ".join(f"{key}={value!r}" for key, value in overrides.items())
        reason = (
            f"With {settings} the weights of {files.origin} do not fit. Leave the "
            "setting out, or take fresh weights with seqzoo.build"
            if overrides
            else f"The weights of {files.origin} are not those of its {CONFIG}. Fetch "
            "or save the folder again"
        )
        raise ValueError(f"{reason}: {'; '.join(problems)}.")


def read_tensors(data: bytes, where: str) -> dict[str, Array]:
    """The arrays of a safetensors file.

    Raises:
        ValueError: If it is none, or holds a dtype that NumPy lacks.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, KeyError) as error:
        raise ValueError(
            f"{where} is no readable safetensors file ({error!r}). Fetch or save it "
            "again; seqzoo.save writes float32 or float16."
        ) from error


class _Misfit(Exception):
    """An array that cannot be made the model's."""


def _adapted(
    model: "Task", key: str, array: Array, shape: tuple[int, ...], saved: Any
) -> Array | None:
    """The array made to fit another Config than the saved one; None for fresh."""
    if saved == model.config:
        # Nothing was asked for that could explain it: the file is another's.
        raise _Misfit(f"{key}: the model's is {shape}, the file's {array.shape}")
    try:
        return model.adapted_weight(key, array, shape, saved)
    except ValueError as error:
        raise _Misfit(str(error)) from error


def _arrays(files: Files, saved: Any) -> Mapping[str, Callable[[], Array]]:
    """How to read each weight, by key: of our own file, or of another library's."""
    if files.foreign is None:
        where = f"{WEIGHTS} of {files.origin}"
        read = read_tensors(files.contents[WEIGHTS], where)
        return {key: partial(read.pop, key) for key in read}
    from seqzoo.convert import transformers

    settings = parse_json(files.contents[CONFIG], f"{CONFIG} of {files.origin}")
    return transformers.weights(settings, files.foreign, saved, files.origin)
