"""The base classes of processors, and how they pad batches and keep files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from seqzoo.ops.arithmetic import round_up
from seqzoo.ops.types import Array


class Processor:
    """Turns raw inputs into the inputs of a model; it is saved with the model.

    `encode` takes a list of raw inputs and returns a tree of arrays `(batch, ...)`.
    `settings` names the constructor's arguments that go into `config.json`; they are
    attributes of the same name.
    """

    settings: ClassVar[tuple[str, ...]] = ()

    def as_list(self, inputs: Any) -> tuple[list[Any], bool]:
        """The inputs as a list, and whether they were a single input."""
        if isinstance(inputs, list | tuple):
            return list(inputs), False
        return [inputs], True

    @property
    def sample(self) -> str:
        """The name of a `seqzoo.sample` to try a model on; empty if there is none."""
        return ""

    def doubt(self, given: Any) -> str:
        """Why the model's answer to an input may be of no use, or nothing."""
        return ""

    def get_config(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        values = {name: getattr(self, name) for name in self.settings}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    def save(self, folder: Path) -> None:
        """Writes the files that the config refers to. Most processors have none."""

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> Self:
        """The processor of that config, with its files from the folder."""
        return cls(**config)


class TextProcessor(Processor):
    """Base class of processors of texts; one input is a `str`.

    Attributes:
        end_id: The id at which a generated text ends; None: at no id.
    """

    end_id: int | None = None

    def as_list(self, inputs: Any) -> tuple[list[Any], bool]:
        """The texts as a list, and whether they were a single text.

        Raises:
            ValueError: If they are neither.
        """
        if isinstance(inputs, str):
            return [inputs], True
        if isinstance(inputs, bytes) or not hasattr(inputs, "__iter__"):
            raise ValueError(
                "Give a string or a list of strings. "
                f"Received: {type(inputs).__name__}."
            )
        return list(inputs), False


def class_names(labels: Any) -> list[str]:
    """The names of the classes in the order of their indices.

    Args:
        labels: A sequence of names, or a dict of names by index or of indices by name.

    Raises:
        ValueError: If the indices of a dict are not 0, 1, 2 and so on.

    Example:
        >>> class_names({1: "dog", 0: "cat"}), class_names({"cat": 0, "dog": 1})
        (['cat', 'dog'], ['cat', 'dog'])
    """
    if not isinstance(labels, Mapping):
        return [str(label) for label in labels]
    wanted = [str(index) for index in range(len(labels))]
    for pairs in (labels.items(), ((v, k) for k, v in labels.items())):
        names = {str(index): str(name) for index, name in pairs}
        if sorted(names) == sorted(wanted):
            return [names[index] for index in wanted]
    raise ValueError(
        "Labels in a dict must have the indices 0, 1, 2 and so on, as keys or as "
        f"values. Received: {labels!r}. Give a list of names."
    )


def check_text(text: Any, kind: str = "text") -> str:
    """The text, if it is a `str`.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(text, str):
        raise ValueError(
            f"A {kind} must be a str. Received: {text!r} of type "
            f"{type(text).__name__}. Decode bytes, leave out what is missing."
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"A {kind} must be Unicode characters. Received: {text[error.start]!r}, "
            "half of a surrogate pair. Decode bytes as UTF-8, with errors='replace' if "
            "need be."
        ) from error
    return text


def padded(arrays: Sequence[Array], multiple: int = 1) -> tuple[Array, Array]:
    """Arrays of different sizes as one batch, padded with 0 at the end of each axis.

    Args:
        arrays: Arrays `(..., features)`, at least one.
        multiple: The padded sizes are multiples of it, so that few shapes occur.

    Returns:
        Float32 `(batch, ..., features)` and its mask `(batch, ...)`, True = real.
    """
    sizes = np.max([array.shape[:-1] for array in arrays], axis=0)
    shape = (len(arrays), *round_up(sizes, multiple))
    batch = np.zeros((*shape, arrays[0].shape[-1]), "float32")
    mask = np.zeros(shape, bool)
    for row, array in enumerate(arrays):
        real: Any = (row, *map(slice, array.shape[:-1]))
        batch[real] = array
        mask[real] = True
    return batch, mask


def write_file(folder: Path, file: str, content: str | bytes) -> None:
    """Writes a file into the folder, whole or not at all."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{file}.tmp"
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary.write_bytes(data)
    os.replace(temporary, folder / file)


def read_file(folder: Path, file: str, need: str) -> tuple[Path, str]:
    """The path and the text of a file of the folder.

    Args:
        folder: Of the model.
        file: Its name.
        need: What needs it, such as "A character model needs its alphabet".

    Raises:
        ValueError: If there is no such file.
    """
    path = Path(folder) / file
    if not path.is_file():
        raise ValueError(
            f"{need}, {path}, which does not exist. Save the model again with "
            "seqzoo.save."
        )
    return path, path.read_text(encoding="utf-8")
