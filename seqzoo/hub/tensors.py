"""The tensors of safetensors files, read one at a time."""

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from seqzoo.convert.settings import parse_object
from seqzoo.hub.manifest import INDEX, SHARDS, WEIGHTS

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

Readers = dict[str, Callable[[], "Array"]]


def read_tensors(
    files: bytes | Sequence[Path], origin: str
) -> tuple[dict[str, tuple[int, ...]], Readers]:
    """The shape of each tensor by name, and a function that reads it.

    Args:
        files: The bytes of one file, or the paths of one or more. Of bytes, a tensor
            can be read only once: then its memory is free.
        origin: The model, as errors name it.

    Raises:
        ValueError: If a file is not in the safetensors format, or has a dtype that
            NumPy lacks; a function may raise it, too.
    """
    import ml_dtypes  # noqa: F401  # tells NumPy what bfloat16 is
    from safetensors import deserialize, safe_open

    shapes: dict[str, tuple[int, ...]] = {}
    readers: Readers = {}

    def read(path: Path, name: str) -> "Array":
        # Opened anew each time: an open file keeps all pages in memory that were read.
        with _errors_of(path.name, origin), safe_open(path, "numpy") as file:
            return _known(file.get_tensor(name))

    if isinstance(files, bytes):
        with _errors_of(WEIGHTS, origin):
            arrays = {name: _array(view) for name, view in deserialize(files)}
        shapes = {name: array.shape for name, array in arrays.items()}
        readers = {name: partial(arrays.pop, name) for name in arrays}
    else:
        for path in files:
            with _errors_of(path.name, origin), safe_open(path, "numpy") as file:
                for name in file.keys():
                    shapes[name] = tuple(file.get_slice(name).get_shape())
                    readers[name] = partial(read, path, name)
    return shapes, readers


def _array(view: Mapping[str, Any]) -> "Array":
    """The array of a tensor as safetensors describes it."""
    import numpy as np

    kind = view["dtype"]
    name = {"BF16": "bfloat16", "BOOL": "bool"}.get(kind)
    name = name or {"F": "float", "I": "int", "U": "uint"}[kind[0]] + kind[1:]
    array = np.frombuffer(view["data"], np.dtype(name)).reshape(view["shape"])
    return _known(array)


def _known(array: "Array") -> "Array":
    """The array; bfloat16 becomes float32, which holds it exactly."""
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


@contextmanager
def _errors_of(file: str, origin: str) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file} of {origin} is no readable safetensors file ({error!r}). Fetch or "
            "save it again, in float32, float16 or bfloat16."
        ) from error


def weight_files(folder: Path, origin: str) -> list[Path]:
    """The `model.safetensors` of a folder, or the files that its index names.

    Raises:
        FileNotFoundError: If there is neither, or a file of the index is missing.
        ValueError: If the index is damaged.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(
            f"{origin} has no {WEIGHTS} and no {INDEX}. seqzoo reads weights as "
            "safetensors only, never a pickle, never code."
        )
    where = f"{INDEX} of {origin}"
    index = parse_object((folder / INDEX).read_bytes(), where).get("weight_map")
    if not isinstance(index, dict):
        raise ValueError(f"{where} lacks its `weight_map`. Fetch it again.")
    files = sorted({str(file) for file in index.values()})
    for file in files:
        if not fnmatch.fnmatchcase(file, SHARDS) or Path(file).name != file:
            raise ValueError(
                f"{where} names the file {shorten(file, 60)!r}, which is refused: the "
                f"files of weights are called {SHARDS}."
            )
        if not (folder / file).is_file():
            raise FileNotFoundError(
                f"{where} names the file {file!r}, which is not there. Fetch the "
                "checkpoint again."
            )
    return [folder / file for file in files]
