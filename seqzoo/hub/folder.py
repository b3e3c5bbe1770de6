"""A model and its folder: `save` writes one, `restore` builds the other."""

import dataclasses
import difflib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub.info import read_spec
from seqzoo.hub.manifest import (
    CONFIG,
    FORMAT,
    WEIGHTS,
    locked,
    write_manifest,
)
from seqzoo.hub.sources import Files

if TYPE_CHECKING:
    from seqzoo.tasks.base import Task

WEIGHTS_DTYPES = ("float32", "float16")


def save(
    model: "Task",
    folder: str | os.PathLike[str],
    *,
    weights_dtype: str = "float32",
) -> Path:
    """Writes a model so that `load(folder)` gives it back.

    Everything is first written beside the folder, then moved into it, the manifest
    last: whoever reads in between sees the old model, or files that their manifest
    refuses, never half a file. Files of other kinds in the folder are kept.

    Args:
        model: A built model of the zoo, with its processor if it has one.
        folder: Where to; made if it does not exist.
        weights_dtype: "float32", or "float16" for half the size and 11 bits of
            precision. `load` gives each variable its own dtype again.

    Returns:
        The folder.

    Raises:
        ValueError: If the model is not built, not of the zoo, or has weights that
            float16 cannot hold.
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

    from seqzoo.hub.weights import arrays_of

    weights = arrays_of(model, weights_dtype)
    folder = Path(folder).expanduser().absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (staged / CONFIG).write_text(
            json.dumps(_spec(model), indent=2, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        # Not `save_file`, which lets nobody but the owner read what it writes.
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


def restore(
    files: Files,
    overrides: Mapping[str, Any],
    dtype: Any = None,
    weights: bool = True,
) -> "Task":
    """A built model from verified bytes.

    Args:
        files: As `seqzoo.hub.sources` reads them.
        overrides: Fields of the Config to replace.
        dtype: Keras dtype policy of the model, such as "bfloat16" or
            "mixed_bfloat16"; None is Keras's current one.
        weights: False leaves the weights fresh.

    Raises:
        ValueError: If the class is unknown, an override names no field or changes the
            shape of a weight, or the weights are not exactly the model's.
    """
    from seqzoo.hub.weights import build_with
    from seqzoo.models import MODELS

    spec = read_spec(files)
    if spec["class"] not in MODELS:
        raise ValueError(
            f"{CONFIG} of {files.origin} asks for the class {spec['class']!r}, which "
            f"seqzoo lacks; it has {', '.join(sorted(MODELS))}. Foreign code is never "
            "run; a newer seqzoo may know the class (`pip install -U seqzoo`)."
        )
    cls = MODELS[spec["class"]]
    _check_overrides(overrides, cls)
    with dtype_policy(dtype):
        model: Task = cls.from_config({**spec["config"], **overrides})
        saved = cls.read_config(spec["config"])
        if weights:
            build_with(model, files, overrides, saved)
        else:
            model.build()
    model.processor = _processor(spec.get("processor"), files)
    if saved != model.config and model.processor is not None:
        model.adapt_processor(saved)
    return model


def _spec(model: "Task") -> dict[str, Any]:
    processor = model.processor
    return {
        "seqzoo_format": FORMAT,
        "class": type(model).__name__,
        "config": model.get_config(),
        "task": model.task,
        "processor": processor
        and {"class": type(processor).__name__, "config": processor.get_config()},
    }


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


def _processor(spec: Any, files: Files) -> Any:
    """The processor that config.json names, from the very bytes that were verified."""
    if spec is None:
        return None
    from seqzoo.processors import PROCESSORS

    name = spec.get("class") if isinstance(spec, dict) else spec
    if name not in PROCESSORS or not isinstance(spec.get("config"), dict):
        raise ValueError(
            f"{CONFIG} of {files.origin} asks for the processor {spec!r}, which seqzoo "
            f"lacks; it has {', '.join(sorted(PROCESSORS))}. A newer one may know it "
            "(`pip install -U seqzoo`)."
        )
    with tempfile.TemporaryDirectory(prefix="seqzoo-") as folder:
        for file, data in files.contents.items():
            if file != WEIGHTS:
                (Path(folder) / file).write_bytes(data)
        return PROCESSORS[name].load(spec["config"], Path(folder))


@contextmanager
def dtype_policy(dtype: Any) -> Iterator[None]:
    """Layers made within have this Keras dtype policy; with None, Keras's own.

    Raises:
        ValueError: If there is no such policy.
    """
    import keras

    if dtype is None:
        yield
        return
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
