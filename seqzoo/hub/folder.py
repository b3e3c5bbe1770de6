"""Writes a model's folder."""

import json
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub.manifest import CONFIG, FORMAT, WEIGHTS, locked, write_manifest

if TYPE_CHECKING:
    from seqzoo.ops.types import Array
    from seqzoo.tasks.base import Task

WEIGHTS_DTYPES = ("float32", "float16")


def save(
    model: "Task",
    folder: str | os.PathLike[str],
    *,
    weights_dtype: str = "float32",
) -> Path:
    """Writes a model to a folder, from which `load` reads it.

    All files are first written beside the folder, then moved into it, the manifest
    last. A reader at that moment gets the old model, or an error because files do not
    match their manifest; it never gets half a file. Other files in the folder stay.

    Args:
        model: A built model of the zoo, with its processor if it has one.
        folder: The folder; it is created if it does not exist.
        weights_dtype: "float32", or "float16" for half the size and 11 bits of
            precision. `load` gives each variable its own dtype again.

    Returns:
        The folder.

    Raises:
        ValueError: If the model is not built, not of the zoo, quantized or with LoRA,
            or has weights that float16 cannot hold.
    """
    from seqzoo.tasks.base import Task

    if not isinstance(model, Task):
        raise ValueError(
            "save wants a model of the zoo (a seqzoo.tasks Task). Received: "
            f"{type(model).__name__}. Other Keras models save with model.save(path)."
        )
    if weights_dtype not in WEIGHTS_DTYPES:
        raise ValueError(
            f"weights_dtype must be one of {', '.join(WEIGHTS_DTYPES)}. "
            f"Received: {weights_dtype!r}."
        )
    from safetensors.numpy import save as serialize

    weights = _arrays(model, weights_dtype)
    folder = Path(folder).expanduser().absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (staged / CONFIG).write_text(
            json.dumps(_spec(model), indent=2, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        # Not `save_file`: only the owner could read its files.
        (staged / WEIGHTS).write_bytes(serialize(weights))
        if model.processor is not None:
            model.processor.save(staged)
        with locked(folder):
            folder.mkdir(exist_ok=True)
            for path in sorted(staged.iterdir()):
                os.replace(path, folder / path.name)
            write_manifest(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return folder


def _spec(model: "Task") -> dict[str, Any]:
    """The contents of `config.json`."""
    from seqzoo.tasks.persistence import plain_config

    processor = model.processor
    return {
        "seqzoo_format": FORMAT,
        "class": type(model).__name__,
        "config": plain_config(model.config),
        "task": model.task,
        "processor": processor
        and {"class": type(processor).__name__, "config": processor.get_config()},
    }


def _arrays(model: "Task", dtype: str) -> dict[str, "Array"]:
    """The model's weights as arrays, floating ones in `dtype`.

    Raises:
        ValueError: If the model has none yet, or `dtype` cannot hold one.
    """
    import keras
    import numpy as np

    from seqzoo.tasks.base import variables_by_key
    from seqzoo.tasks.persistence import check_plain_weights

    check_plain_weights(model)
    arrays = {}
    not_finite = []
    for key, variable in variables_by_key(model).items():
        if keras.backend.is_float_dtype(variable.dtype):
            exact = keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))
            if not np.isfinite(exact).all():
                not_finite.append(key)
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
    if not_finite:
        warnings.warn(
            f"{', '.join(not_finite[:5])} of {type(model).__name__} hold NaN or "
            "infinite numbers: its training has diverged. seqzoo.load will refuse the "
            "folder.",
            stacklevel=3,
        )
    return arrays
