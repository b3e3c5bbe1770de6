"""The tensors of safetensors files, read one at a time.

A file is the length of its header (8 bytes), the header (JSON: name -> dtype, shape,
data_offsets), and the data. The safetensors library would copy all tensors of a file in
memory at once, beside the file itself; here a load copies one at a time.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from seqzoo.convert.settings import parse_object
from seqzoo.hub.manifest import INDEX, WEIGHTS

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

DTYPES = {  # of safetensors -> of NumPy; the digit is the size in bytes
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
}

_Place = tuple[bytes | Path, int, str, tuple[int, ...]]  # file, offset, dtype, shape


class Tensors(Mapping[str, "Array"]):
    """The tensors of safetensors files by name; each access reads its tensor anew.

    Args:
        files: The bytes of one file, or the paths of one or more.
        origin: The model, as errors name it.
        is_ignored: Whether the tensor of a name is left out.

    Raises:
        ValueError: If a file is not in the safetensors format.
    """

    def __init__(
        self,
        files: bytes | Sequence[Path],
        origin: str,
        is_ignored: Callable[[str], bool] = lambda name: False,
    ):
        self._origin = origin
        self._places: dict[str, _Place] = {}
        for file in [files] if isinstance(files, bytes) else files:
            try:
                places = dict(_places(file))
            except (ValueError, TypeError, KeyError) as error:
                name = WEIGHTS if isinstance(file, bytes) else file.name
                raise ValueError(
                    f"The header of {name} of {origin} is damaged ({error}): it is no "
                    "readable safetensors file. Fetch or save it again."
                ) from error
            self._places |= {k: v for k, v in places.items() if not is_ignored(k)}

    @property
    def num_elements(self) -> int:
        """The number of elements of all tensors together."""
        return sum(math.prod(shape) for *_, shape in self._places.values())

    def __getitem__(self, name: str) -> "Array":
        import numpy as np

        file, offset, dtype, shape = self._places[name]
        if dtype not in DTYPES:
            raise ValueError(
                f"{name} of {self._origin} has the dtype {dtype}; seqzoo reads "
                f"{', '.join(DTYPES)}. Convert the checkpoint to F32."
            )
        array = np.empty(shape, DTYPES[dtype])
        with _opened(file) as stream:
            stream.seek(offset)
            stream.readinto(array.reshape(-1).view("u1"))  # type: ignore[attr-defined]
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


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
        if Path(file).name != file or not (folder / file).is_file():
            raise FileNotFoundError(
                f"{where} names the file {file!r}, which is not there. Fetch the "
                "checkpoint again."
            )
    return [folder / file for file in files]


def _opened(file: bytes | Path) -> BinaryIO:
    return BytesIO(file) if isinstance(file, bytes) else file.open("rb")


def _places(file: bytes | Path) -> Iterator[tuple[str, _Place]]:
    """The place of each tensor; any error means that the header is damaged."""
    with _opened(file) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        start = 8 + int.from_bytes(stream.read(8), "little")  # of the data
        if start > size:
            raise ValueError(f"it claims {start - 8:,} bytes; the file has {size:,}")
        header: dict[str, Any] = parse_object(stream.read(start - 8), "it")
    header.pop("__metadata__", None)
    for name, entry in header.items():
        dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        if not (
            all(isinstance(n, int) and n >= 0 for n in (*shape, begin))
            and begin <= end <= size - start
            and (dtype not in DTYPES or end - begin == _num_bytes(dtype, shape))
        ):
            raise ValueError(f"{name}: {dtype} {shape} at {begin}:{end}")
        yield name, (file, start + begin, dtype, shape)


def _num_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * int(DTYPES[dtype][-1])
