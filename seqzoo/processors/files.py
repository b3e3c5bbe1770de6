"""Files and tensors as inputs of processors."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.ops.types import Array


def is_file(value: Any) -> bool:
    """Whether it is a path, the bytes of a file, or a file that is open for reading."""
    kinds = str | os.PathLike | bytes | bytearray | memoryview
    return isinstance(value, kinds) or hasattr(value, "read")


def file_name(file: Any) -> str:
    """The name of a path or an open file, for an error."""
    if isinstance(file, str | os.PathLike):
        return str(Path(file))
    return str(getattr(file, "name", "a file without a name"))


def file_content(file: Any) -> tuple[str, bytes]:
    """The name and the bytes of what `is_file` accepts.

    Raises:
        FileNotFoundError: If a path does not exist.
    """
    name = file_name(file)
    if isinstance(file, str | os.PathLike):
        return name, Path(file).read_bytes()
    return name, bytes(file.read() if hasattr(file, "read") else file)


def as_numpy(value: Any) -> Array:
    """An array, or a tensor of any backend, as a NumPy array."""
    if hasattr(value, "detach"):  # PyTorch's
        value = value.detach().cpu()
        if value.is_floating_point():
            value = value.float()  # NumPy has no bfloat16
    array = np.asarray(value)
    return array.astype("float32") if array.dtype.name == "bfloat16" else array
