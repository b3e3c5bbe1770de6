"""Writes a model's folder."""

import json
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub.card import card_of_copy
from seqzoo.hub.manifest import (
    CARD,
    CONFIG,
    FORMAT,
    METRICS,
    QUANTIZED_FORMAT,
    WEIGHTS,
    locked,
    refuse_links,
    write_manifest,
)
from seqzoo.hub.origin import is_same, record_of_copy
from seqzoo.hub.storage import SCALE, WEIGHTS_DTYPES, stored, stored_exactly

if TYPE_CHECKING:
    from seqzoo.ops.types import Array
    from seqzoo.tasks.base import Task


def save(
    model: "Task",
    folder: str | os.PathLike[str],
    *,
    weights_dtype: str | None = None,
) -> Path:
    """Writes a model to a folder, from which `load` reads it.

    All files are first written beside the folder, then moved into it, the manifest
    last. A reader at that moment gets the old model, or an error because files do not
    match their manifest; it never gets half a file. Other files in the folder stay.

    A model that `load` returned keeps its licence, its data and its origin, by hash, in
    `metrics.json` and in the card; its scores, too, while its weights are the same.

    Args:
        model: A built model of the zoo, with its processor if it has one.
        folder: The folder; it is created if it does not exist.
        weights_dtype: "float32"; "float16" for half the size and 11 bits of precision;
            or "int8" for a quarter of it, with a scale for each row of a large matrix
            and float16 for the rest. `load` gives each variable its own dtype again.
            By default float32; that of the file for a model that was loaded from
            float16 or int8, as long as that holds every weight exactly.

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
    if weights_dtype is not None and weights_dtype not in WEIGHTS_DTYPES:
        raise ValueError(
            f"weights_dtype must be one of {', '.join(WEIGHTS_DTYPES)}. "
            f"Received: {weights_dtype!r}."
        )
    from safetensors.numpy import save as serialize

    origin = model.__dict__.get("origin")
    weights = _arrays(model)
    if weights_dtype is None and origin:
        arrays = stored_exactly(weights, origin.weights_dtype)
    else:
        arrays = stored(weights, weights_dtype or "float32")
    serialized = serialize(arrays)
    folder = Path(folder).expanduser().absolute()
    refuse_links(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        is_quantized = any(key.endswith(SCALE) for key in arrays)
        spec = _spec(model, QUANTIZED_FORMAT if is_quantized else FORMAT)
        _write_json(staged / CONFIG, spec)
        # Not `save_file`: only the owner could read its files.
        (staged / WEIGHTS).write_bytes(serialized)
        if origin is not None:
            params = sum(array.size for array in weights.values())
            record = record_of_copy(origin, serialized, params, model.task)
            card = card_of_copy(spec, origin, record, is_same(origin, serialized))
            _write_json(staged / METRICS, record)
            (staged / CARD).write_text(card, encoding="utf-8")
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


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _spec(model: "Task", version: int) -> dict[str, Any]:
    """The contents of `config.json` in this version of the format."""
    from seqzoo.tasks.persistence import plain_config

    processor = model.processor
    return {
        "seqzoo_format": version,
        "class": type(model).__name__,
        "config": plain_config(model.config),
        "task": model.task,
        "processor": processor
        and {"class": type(processor).__name__, "config": processor.get_config()},
    }


def _arrays(model: "Task") -> dict[str, "Array"]:
    """The model's weights as arrays, floating ones in float32.

    Raises:
        ValueError: If the model has none yet.
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
            array = keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32"))
            if not np.isfinite(array).all():
                not_finite.append(key)
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
