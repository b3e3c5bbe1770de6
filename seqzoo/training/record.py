"""The record of a trained model: its scores, how they came about, a golden output."""

import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import numpy as np

import seqzoo
from seqzoo.tasks.base import variables_by_key
from seqzoo.training.card import card_texts
from seqzoo.training.checkpoints import Progress
from seqzoo.training.recipe import Metric, Recipe

FORMAT = 1


def environment() -> dict[str, Any]:
    """Device, backend, versions and commit of this process."""
    backend = keras.backend.backend()
    versions = {"python": platform.python_version()}
    for package in dict.fromkeys(("seqzoo", "keras", backend, "numpy")):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue  # run from a source tree that was never installed
    return {"device": _device(backend), "backend": backend, "versions": versions} | (
        _commit()
    )


@contextmanager
def exact_products() -> Iterator[None]:
    """Disables TF32 inside, so that a record is the same on every machine.

    By default a GPU rounds factors to TF32, of 11 bits: all of them with TensorFlow and
    JAX, those of convolutions with PyTorch.
    """
    backend = keras.backend.backend()
    with ExitStack() as undo:
        if backend == "jax":
            import jax

            undo.enter_context(jax.default_matmul_precision("highest"))
        elif backend == "tensorflow":
            from tensorflow.config import experimental as switches

            before = switches.tensor_float_32_execution_enabled()
            undo.callback(switches.enable_tensor_float_32_execution, before)
            switches.enable_tensor_float_32_execution(False)
        elif backend == "torch":
            from torch.backends import cudnn

            undo.callback(setattr, cudnn, "allow_tf32", cudnn.allow_tf32)
            cudnn.allow_tf32 = False
        yield


def metrics_json(
    recipe: Recipe, progress: Progress, metrics: Mapping[str, Metric], seed: int
) -> dict[str, Any]:
    """The content of `metrics.json`."""
    entries = {}
    for name, metric in metrics.items():
        entry = asdict(metric)
        extra = entry.pop("extra")
        entry["seeds"] = list(metric.seeds or (seed,))
        entries[name] = entry | extra
    trained = dict(progress.environment)
    trained.setdefault("commit", None)
    return {
        "seqzoo_format": FORMAT,
        "name": recipe.name,
        "task": recipe.model.task,
        "metrics": entries,
        **card_texts(recipe.card),
        "recipe": f"recipes/{recipe.source or recipe.name}.py",
        **({"arguments": list(recipe.arguments)} if recipe.arguments else {}),
        # Unlike `count_params()`, without states carried from batch to batch.
        "params": sum(
            math.prod(variable.shape)
            for variable in variables_by_key(recipe.model).values()
        ),
        "weights_dtype": recipe.weights_dtype,
        "seed": seed,
        "epochs": progress.epoch,
        "train_steps": progress.step,
        "seconds": round(progress.seconds, 1),
        "validation": {
            "epoch": progress.best_epoch,
            "monitor": recipe.monitor,
            "value": progress.best_score,
        },
        "data_sha256": dict(recipe.data_sha256),
        **trained,
    }


def json_text(value: Any) -> str:
    """JSON that people read: indented, with its own characters."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Writes `json_text`."""
    path.write_text(json_text(value), encoding="utf-8")


def write_golden(recipe: Recipe, path: Path) -> None:
    """Writes a small input and the model's output for it.

    Arrays `inputs/<name>` (or `inputs`) and `output` (or `output/<name>`).
    """
    from safetensors.numpy import save as serialize

    model = recipe.model
    inputs = model.example_inputs() if recipe.golden is None else recipe.golden
    output = model(inputs, training=False)
    arrays = _named("inputs", inputs) | _named("output", output)
    path.write_bytes(serialize(arrays))


def _named(prefix: str, value: Any) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a nest of mappings and lists, by their paths."""
    if isinstance(value, Mapping):
        entries = list(value.items())
    elif isinstance(value, list | tuple):
        entries = list(enumerate(value))
    else:
        return {prefix: np.array(keras.ops.convert_to_numpy(value), order="C")}
    named: dict[str, np.ndarray[Any, Any]] = {}
    for key, entry in entries:
        named |= _named(f"{prefix}/{key}", entry)
    return named


def _device(backend: str) -> str:
    """The accelerator's name, or the CPU's, and how many this process may use."""
    names: list[str] = []
    if backend == "tensorflow":
        from tensorflow import config

        for device in config.list_physical_devices("GPU"):
            details = config.experimental.get_device_details(device)
            names.append(details.get("device_name", "GPU"))
    elif backend == "jax":
        import jax

        names += [each.device_kind for each in jax.devices() if each.platform != "cpu"]
    elif backend == "torch":
        from torch import cuda

        names += [cuda.get_device_name(i) for i in range(cuda.device_count())]
    if names:
        return f"{len(names)} x {names[0]}"
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return f"{cores} x {_cpu_model()}"


def _cpu_model() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _commit() -> dict[str, Any]:
    """The commit of the clone that holds this package; empty outside a clone."""
    root = Path(seqzoo.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return {}
    try:
        head = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain", "--", "seqzoo", "recipes")
    except (OSError, subprocess.CalledProcessError):
        return {}
    return {"commit": head} | ({"dirty": True} if changes else {})


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()
