"""The tensors of a checkpoint, read one at a time."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


class Checkpoint(Mapping[str, np.ndarray]):
    """The tensors of `model.safetensors`, or of the files that its index names.

    A tensor is read when it is asked for, and nothing is kept: whoever goes through a
    large checkpoint holds one tensor at a time.

    Args:
        folder: Where the files lie.

    Raises:
        FileNotFoundError: If there are no weights as safetensors, or one of the files
            that the index names is missing.
        ValueError: If a file is no safetensors file.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.files: dict[str, Path] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}  # known without reading a tensor
        for path in _paths(folder):
            with _opened(path) as file:
                for name in file.keys():
                    self.files[name] = path
                    self.shapes[name] = tuple(file.get_slice(name).get_shape())

    def __getitem__(self, name: str) -> np.ndarray[Any, Any]:
        # Opened anew each time: an open file keeps every page that was read in memory.
        with _opened(self.files[name]) as file:
            return file.get_tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


def _paths(folder: Path) -> list[Path]:
    """The weight files, one or, where the index says so, several."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        raise FileNotFoundError(
            f"{folder} has neither {WEIGHTS} nor {INDEX}. seqzoo reads weights as "
            "safetensors only, never a pickle."
        )
    index = json.loads((folder / INDEX).read_text("utf-8"))
    names = sorted(set(index["weight_map"].values()))
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise FileNotFoundError(
                f"{INDEX} of {folder} names the file {name!r}, which is not there. "
                "Fetch the checkpoint again."
            )
    return [folder / name for name in names]


def _opened(path: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(path, framework="numpy")
    except SafetensorError as error:
        raise ValueError(
            f"{path} is no readable safetensors file ({error}). Fetch it again."
        ) from error
