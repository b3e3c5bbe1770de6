"""The whole state of a training run in one file, written completely or not at all.

Keras's BackupAndRestore and orbax neither refuse the checkpoint of another recipe nor
promise the weights of an uninterrupted run.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from seqzoo.tasks.base import Task, variables_by_key
from seqzoo.tasks.persistence import plain_config
from seqzoo.training.recipe import Recipe

STATE = "state.safetensors"
BEST = "best.safetensors"

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass
class Progress:
    """The progress of a run, saved beside the arrays."""

    epoch: int = 0  # epochs completed
    step: int = 0  # optimizer steps
    seconds: float = 0.0  # spent in training and validation, all sessions together
    best_epoch: int | None = None  # counted from 1
    best_score: float | None = None
    history: list[dict[str, float]] = field(default_factory=list)  # a row an epoch
    environment: dict[str, Any] = field(default_factory=dict)  # of the last session


class Checkpoints:
    """The folder that a run saves to after each epoch and resumes from.

    `state.safetensors` holds every variable that training depends on: weights, states
    of random number generators, optimizer variables with their averages. A resumed run
    therefore ends like an uninterrupted one, bit for bit, on the same backend and
    device. `best.safetensors` holds the weights that validation chose.

    Args:
        folder: The folder; made if it does not exist.
        recipe: The recipe of the run. A checkpoint of another one is refused: of
            another Config, processor, optimizer, loss, number of epochs or data hash.
            (The batches themselves are not compared.)
        seed: The seed of the run.
        dtype: Its dtype policy, if it is not Keras's own.
    """

    def __init__(
        self, folder: Path, recipe: Recipe, seed: int, dtype: str | None = None
    ):
        self._folder = folder
        self._model = recipe.model
        self._identity = {**_identity(recipe, seed), "dtype": dtype}
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, progress: Progress) -> None:
        """Writes the state under a temporary name, syncs it to disk, renames it."""
        arrays = {
            key: _array(variable) for key, variable in _state(self._model).items()
        }
        self._write(STATE, arrays, {"progress": asdict(progress)})

    def save_best(self) -> None:
        """Saves the weights as the best ones; call it before `save`.

        A run killed between the two repeats the epoch and writes the same file.
        """
        arrays = {
            key: _array(variable)
            for key, variable in variables_by_key(self._model).items()
        }
        self._write(BEST, arrays, {})

    def resume(self) -> Progress | None:
        """Restores the model and its optimizer; None if nothing was saved.

        Raises:
            ValueError: If the file is of another recipe, seed or number of epochs, or
                unreadable.
        """
        if not (self._folder / STATE).is_file():
            return None
        arrays, metadata = self._read(STATE)
        _assign(_state(self._model), arrays, self._folder / STATE)
        return Progress(**metadata["progress"])

    def restore_best(self) -> None:
        """Restores the weights that `save_best` saved."""
        arrays, _ = self._read(BEST)
        _assign(variables_by_key(self._model), arrays, self._folder / BEST)

    def _write(self, file: str, arrays: Arrays, metadata: Mapping[str, Any]) -> None:
        from safetensors.numpy import save_file

        path = self._folder / file
        temporary = path.with_name(f".{file}.part")
        text = json.dumps({**metadata, "identity": self._identity})
        save_file(arrays, temporary, metadata={"seqzoo": text})
        _sync(temporary)
        os.replace(temporary, path)
        _sync(self._folder)  # so that the new name survives a power cut

    def _read(self, file: str) -> tuple[Arrays, dict[str, Any]]:
        from safetensors import SafetensorError, safe_open

        path = self._folder / file
        advice = "Remove the folder or train with --no-resume."
        try:
            with safe_open(path, framework="numpy") as tensors:
                metadata = json.loads((tensors.metadata() or {})["seqzoo"])
                arrays = {key: tensors.get_tensor(key) for key in tensors.keys()}
        except (SafetensorError, KeyError, OSError, ValueError) as error:
            raise ValueError(
                f"{path} is no readable checkpoint ({error!r}). {advice}"
            ) from error
        saved = metadata["identity"]
        changed = [
            key for key, value in self._identity.items() if saved.get(key) != value
        ]
        if changed:
            raise ValueError(
                f"{path} is of a run with another {', '.join(changed)}. {advice}"
            )
        return arrays, metadata


def load_weights(model: Task, path: Path) -> None:
    """Loads the rounded weights of a `model.safetensors` into a built model."""
    from safetensors.numpy import load_file

    _assign(variables_by_key(model), load_file(path), path)


def _identity(recipe: Recipe, seed: int) -> dict[str, Any]:
    """Values, or their hashes, that must be equal in a resumed run."""
    return {
        "name": recipe.name,
        "config": _digest(plain_config(recipe.model.config)),
        "processor": _processor_digest(recipe.model.processor),
        "data": _digest(dict(recipe.data_sha256)),
        "seed": seed,
        "epochs": recipe.epochs,
        "optimizer": _digest(keras.saving.serialize_keras_object(recipe.optimizer)),
        "loss": _digest(keras.saving.serialize_keras_object(recipe.loss)),
    }


def _processor_digest(processor: Any) -> str:
    """Of the processor's Config and of its files, which hold a vocabulary."""
    files: dict[str, str] = {}
    if processor is None:
        return _digest(files)
    with tempfile.TemporaryDirectory() as folder:
        processor.save(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return _digest([type(processor).__name__, processor.get_config(), files])


def _digest(value: Any) -> str:
    text = json.dumps(_without_names(value), sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _without_names(value: Any) -> Any:
    """Drops `name`, in which Keras counts the objects of the process."""
    if isinstance(value, Mapping):
        return {
            str(key): _without_names(entry)
            for key, entry in value.items()
            if key != "name"
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_names(entry) for entry in value]
    return value


def _state(model: Task) -> dict[str, keras.Variable]:
    """Every variable that training depends on."""
    state = {f"model/{i}": variable for i, variable in enumerate(model.variables)}
    for i, variable in enumerate(model.optimizer.variables):
        state[f"optimizer/{i}"] = variable
    return state


def _array(variable: keras.Variable) -> np.ndarray[Any, Any]:
    return np.array(keras.ops.convert_to_numpy(variable.value), order="C")


def _assign(
    variables: Mapping[str, keras.Variable], arrays: Arrays, path: Path
) -> None:
    wanted = {key: tuple(variable.shape) for key, variable in variables.items()}
    saved = {key: array.shape for key, array in arrays.items()}
    wrong = sorted(k for k in {*wanted, *saved} if wanted.get(k) != saved.get(k))
    if wrong:
        raise ValueError(
            f"{path} does not fit the model; {len(wrong)} arrays are missing, unknown "
            f"or of another shape, the first is {wrong[0]}. Train again with "
            "--no-resume."
        )
    for key, variable in variables.items():
        variable.assign(arrays[key].astype(variable.dtype))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
