"""The tensors of safetensors files, read one at a time.

A file is the length of its header (8 bytes), the header (JSON: name -> dtype, shape,
data_offsets), and the data. The safetensors library would copy every tensor of bytes in
memory at once, beside the bytes themselves; here a load copies one at a time.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seqzoo.convert.json_object import parse_object
from seqzoo.hub.manifest import INDEX, WEIGHTS

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

DTYPES = {  # safetensors -> NumPy; the last digit is the size in bytes
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


class _Place(NamedTuple):
    """Where a tensor lies."""

    source: bytes | Path
    offset: int  # of its first byte
    dtype: str
    shape: tuple[int, ...]


class Tensors(Mapping[str, "Array"]):
    """The tensors of safetensors files by name; each access reads its tensor anew.

    Args:
        source: The bytes of one file, or the paths of one or more.
        origin: The model, as errors name it.
        is_ignored: Tells of each name whether the tensor is left out.

    Raises:
        ValueError: If a file is not in the safetensors format.
    """

    def __init__(
        self,
        source: bytes | Sequence[Path],
        origin: str,
        is_ignored: Callable[[str], bool] = lambda name: False,
    ):
        self._places: dict[str, _Place] = {}
        self._origin = origin
        for part in [source] if isinstance(source, bytes) else source:
            file = WEIGHTS if isinstance(part, bytes) else part.name
            try:
                places = list(_places(part))
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(
                    f"The header of {file} of {origin} is damaged ({error}): it is no "
                    "readable safetensors file. Fetch or save it again."
                ) from error
            self._places |= {k: place for k, place in places if not is_ignored(k)}

    @property
    def num_elements(self) -> int:
        """The number of elements of all tensors together."""
        return sum(math.prod(place.shape) for place in self._places.values())

    def __getitem__(self, name: str) -> "Array":
        import numpy as np

        source, offset, dtype, shape = self._places[name]
        if dtype not in DTYPES:
            raise ValueError(
                f"{name} of {self._origin} has the dtype {dtype}; seqzoo reads "
                f"{', '.join(DTYPES)}. Convert the checkpoint to F32."
            )
        count = math.prod(shape)
        if isinstance(source, bytes):
            # A copy: backends may keep the array's memory and write into it.
            array = np.frombuffer(source, DTYPES[dtype], count, offset).copy()
        else:
            array = np.fromfile(source, DTYPES[dtype], count, offset=offset)
        return array.reshape(shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def weight_files(folder: Path, origin: str) -> list[Path]:
    """The `model.safetensors` of a folder, or the files that its index names.

    Raises:
        FileNotFoundError: If there is neither, or a file of the index is missing.
        ValueError: If the index is unreadable.
    """
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(
            f"{origin} has no {WEIGHTS} and no {INDEX}. seqzoo reads weights as "
            "safetensors only, never a pickle, never code."
        )
    where = f"{INDEX} of {origin}"
    weight_map = parse_object((folder / INDEX).read_bytes(), where).get("weight_map")
    if not isinstance(weight_map, dict):
        raise ValueError(f"{where} lacks its `weight_map`. Fetch it again.")
    files = sorted(map(str, weight_map.values()))
    for file in files:
        if Path(file).name != file or not (folder / file).is_file():
            raise FileNotFoundError(
                f"{where} names the file {file!r}, which is not there. Fetch the "
                "checkpoint again."
            )
    return [folder / file for file in dict.fromkeys(files)]


def _places(source: bytes | Path) -> Iterator[tuple[str, _Place]]:
    """The place of each tensor; any error means that the header is damaged."""
    header, start, size = _header(source)
    for name, entry in parse_object(header, "it").items():
        if name == "__metadata__":
            continue
        dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        itemsize = int(DTYPES[dtype][-1]) if dtype in DTYPES else None
        if not (
            all(isinstance(n, int) and n >= 0 for n in (*shape, begin))
            and begin <= end <= size - start
            and (itemsize is None or end - begin == math.prod(shape) * itemsize)
        ):
            raise ValueError(f"{name}: {dtype} {shape} at {begin}:{end}")
        yield name, _Place(source, start + begin, dtype, shape)


def _header(source: bytes | Path) -> tuple[bytes, int, int]:
    """The header, the offset of the data behind it, and the size of the file."""
    if isinstance(source, bytes):
        start, size = 8 + int.from_bytes(source[:8], "little"), len(source)
        if start <= size:
            return source[8:start], start, size
    else:
        with source.open("rb") as file:
            start = 8 + int.from_bytes(file.read(8), "little")
            size = source.stat().st_size
            if start <= size:
                return file.read(start - 8), start, size
    raise ValueError(f"it claims {start - 8:,} bytes; the file has {size:,}")
