"""The whole state of a training run in one file, written completely or not at all.

Keras's BackupAndRestore and orbax neither refuse the checkpoint of another recipe nor
promise the weights of an uninterrupted run.
"""

import datetime
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from seqzoo.hub.storage import dequantized
from seqzoo.hub.tensors import read_tensors
from seqzoo.tasks.base import Task, variables_by_key
from seqzoo.tasks.persistence import plain_config
from seqzoo.training.recipe import Recipe

STATE = "state.safetensors"
LOCK, HOLDER = ".lock", ".holder"  # of the run that uses the folder
BEST = "best/"  # before the keys of the best weights
ADVICE = "Remove the folder or train with --no-resume."

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
    first_batch: str = ""  # digest of the run's first batch
    # Of the epoch that a signal stopped:
    epoch_steps: int = 0
    epoch_loss: float = 0.0  # the sum over these steps
    epoch_seconds: float = 0.0


class Checkpoints:
    """The folder that a run saves to after each epoch and resumes from.

    Its one file holds every variable that training depends on: weights, states of
    random number generators, optimizer variables with their averages. A resumed run
    therefore ends like an uninterrupted one, bit for bit, on the same backend and
    device. It also holds the weights that validation chose, so that the two are always
    of one run, and a digest of all that.

    Args:
        folder: The folder; made if it does not exist.
        recipe: The recipe of the run. A checkpoint of another one is refused: of
            another Config, processor, optimizer, loss, number of epochs or data hash,
            or, if it trains on, of another first batch.
        seed: The seed of the run.
        dtype: Its dtype policy, if it is not Keras's own.
    """

    def __init__(
        self, folder: Path, recipe: Recipe, seed: int, dtype: str | None = None
    ):
        self._folder = folder
        self._model = recipe.model
        self._identity = {**_identity(recipe, seed), "dtype": dtype}
        self._best: Arrays = {}
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other runs out of the folder until this one ends or is killed.

        Raises:
            BlockingIOError: If another run has the folder.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / LOCK, blocking=False)
        holder = self._folder / HOLDER
        try:
            lock.acquire()
        except Timeout:
            name = holder.read_text("utf-8") if holder.is_file() else "another process"
            raise BlockingIOError(
                f"{self._folder} is in use by {name}. Wait for its end, or give this "
                "run a folder of its own by --checkpoint-dir and --out."
            ) from None
        except NotImplementedError:  # a file system without locks
            yield
            return
        try:
            started = datetime.datetime.now().isoformat(" ", "seconds")
            name = f"process {os.getpid()} on {platform.node()} since {started}"
            holder.write_text(name, "utf-8")
            yield
        finally:
            with suppress(OSError):
                holder.unlink(missing_ok=True)
            lock.release()

    def save(self, progress: Progress) -> None:
        """Writes the state under a temporary name, syncs it to disk, renames it.

        Raises:
            OSError: If it cannot be written; the checkpoint before stays.
        """
        from safetensors.numpy import save as serialize

        arrays = {
            key: _array(variable) for key, variable in _state(self._model).items()
        } | self._best
        content = {"progress": asdict(progress), "identity": self._identity}
        # As JSON reads it: a tuple would come back as a list.
        metadata = json.loads(json.dumps(content))
        metadata["digest"] = _digest_of(arrays, metadata)
        path = self._folder / STATE
        temporary = path.with_name(f".{STATE}.part")
        try:
            # Not `save_file`, whose errors have no number.
            data = serialize(arrays, metadata={"seqzoo": json.dumps(metadata)})
            temporary.write_bytes(data)
            _sync(temporary)
            os.replace(temporary, path)
            _sync(self._folder)  # so that the new name survives a power cut
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise OSError(
                error.errno,
                f"{path} could not be written: {error.strerror}. Make room; the same "
                "command resumes from the checkpoint before",
            ) from error

    def keep_best(self) -> None:
        """Keeps the present weights as the best ones, for `save` to write."""
        self._best = {
            f"{BEST}{key}": _array(variable)
            for key, variable in variables_by_key(self._model).items()
        }

    def resume(self) -> Progress | None:
        """Restores the model and its optimizer; None if nothing was saved.

        Raises:
            ValueError: If the file is of another recipe, seed or number of epochs, or
                was damaged or changed.
        """
        path = self._folder / STATE
        if not path.is_file():
            return None
        arrays, metadata = self._read(path)
        best = {key for key in arrays if key.startswith(BEST)}
        self._best = {key: arrays.pop(key) for key in best}
        _assign(_state(self._model), arrays, path)
        return Progress(**metadata["progress"])

    def restore_best(self) -> None:
        """Restores the weights that `keep_best` kept."""
        arrays = {key.removeprefix(BEST): a for key, a in self._best.items()}
        _assign(variables_by_key(self._model), arrays, self._folder / STATE)

    def _read(self, path: Path) -> tuple[Arrays, dict[str, Any]]:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as tensors:
                metadata = json.loads((tensors.metadata() or {})["seqzoo"])
                arrays = {key: tensors.get_tensor(key) for key in tensors.keys()}
            digest, saved = metadata.pop("digest"), metadata["identity"]
        except (SafetensorError, KeyError, OSError, ValueError) as error:
            raise ValueError(
                f"{path} is no readable checkpoint ({error!r}). {ADVICE}"
            ) from error
        if digest != _digest_of(arrays, metadata):
            raise ValueError(
                f"{path} was damaged or changed after it was written: its digest is "
                f"another one. {ADVICE}"
            )
        changed = [
            key for key, value in self._identity.items() if saved.get(key) != value
        ]
        if changed:
            raise ValueError(
                f"{path} is of a run with another {', '.join(changed)}. {ADVICE}"
            )
        return arrays, metadata


def _digest_of(arrays: Arrays, metadata: Mapping[str, Any]) -> str:
    """The sha256 of all values, their names, dtypes and shapes, and of the metadata."""
    sha = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for key in sorted(arrays):
        array = arrays[key]
        sha.update(f"\0{key}\0{array.dtype.str}\0{array.shape}\0".encode())
        sha.update(array.reshape(-1).view("uint8").data)
    return sha.hexdigest()


def batch_digest(batch: Any) -> str:
    """The sha256 of a batch's arrays."""
    arrays = {
        f"{i:05}": np.ascontiguousarray(keras.ops.convert_to_numpy(leaf))
        for i, leaf in enumerate(keras.tree.flatten(batch))
        if leaf is not None
    }
    return _digest_of(arrays, {})


def load_weights(model: Task, path: Path) -> None:
    """Loads the rounded weights of a `model.safetensors` into a built model."""
    _, readers = dequantized(*read_tensors([path], str(path)), str(path))
    arrays = {key: read() for key, read in readers.items()}
    _assign(variables_by_key(model), arrays, path)


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
