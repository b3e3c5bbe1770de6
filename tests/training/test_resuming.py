"""What a checkpoint promises: the same end after a kill, and no run but its own."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.training import toy

ROOT = Path(__file__).parents[2]


def start(folder, backend, **variables):
    """The toy recipe as a process of its own."""
    command = [sys.executable, "-m", "tests.training.toy"]
    command += ["--out", folder / "weights"]
    command += ["--checkpoint-dir", folder / "checkpoints"]
    environment = {**os.environ, "KERAS_BACKEND": backend, **variables}
    if backend != "tensorflow":
        environment["TOY_WITHOUT"] = "tensorflow"
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    "backend", ["jax", pytest.param("tensorflow", marks=pytest.mark.slow)]
)
def test_a_killed_run_goes_on_to_the_same_weights_bit_for_bit(tmp_path, backend):
    """SIGKILL in the middle of epoch 3 of 4; dropout, averages and a schedule.

    The runs on JAX do without TensorFlow.
    """
    whole = start(tmp_path / "whole", backend)
    killed = start(tmp_path / "killed", backend, TOY_KILL_AT="2,3")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "weights").exists()
    resumed = start(tmp_path / "killed", backend)
    printed, _ = resumed.communicate()
    whole.communicate()
    assert (whole.returncode, resumed.returncode) == (0, 0)
    assert "after epoch 2" in printed

    for file in ("state.safetensors", "best.safetensors"):
        one, other = (
            load_file(tmp_path / name / "checkpoints" / "toy_lm" / file)
            for name in ("whole", "killed")
        )
        assert one.keys() == other.keys()
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key)
    for file in ("model.safetensors", "golden.safetensors"):
        one, other = (
            (tmp_path / name / "weights" / "toy_lm" / file).read_bytes()
            for name in ("whole", "killed")
        )
        assert one == other
    log = tmp_path / "killed" / "weights" / "toy_lm" / "train_log.csv"
    with log.open() as rows:
        assert [row["epoch"] for row in csv.DictReader(rows)] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("seed", {"seed": 1}),
        ("epochs", {"epochs": 5}),
        ("config", {"model": toy.Toy, "units": 9}),
        ("optimizer", {"optimizer": keras.optimizers.SGD}),
        ("loss", {"loss": keras.losses.SparseCategoricalCrossentropy}),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_by_name(
    tmp_path, finished, part, changes
):
    changes = dict(changes)
    if part == "config":
        changes["model"] = toy.Toy(toy.ToyConfig(units=changes.pop("units")))
    elif part in ("optimizer", "loss"):
        changes[part] = changes[part]()
    with pytest.raises(ValueError, match=f"another {part}.*--no-resume"):
        toy.train(tmp_path, **changes)


def test_no_resume_begins_anew(tmp_path, finished):
    short = {"seed": 1, "epochs": 1, "run_eagerly": True}
    _, checkpoints = toy.train(tmp_path, resume=False, **short)
    _, expected = toy.train(tmp_path / "fresh", **short)
    one, other = (load_file(f / "state.safetensors") for f in (checkpoints, expected))
    for key in one:
        np.testing.assert_array_equal(one[key], other[key])


def test_a_broken_checkpoint_is_an_error_that_names_the_file(tmp_path, finished):
    _, checkpoints = finished
    (checkpoints / "state.safetensors").write_bytes(b"half a fi")
    with pytest.raises(ValueError, match=r"state\.safetensors is no readable"):
        toy.train(tmp_path)


def test_a_finished_run_is_written_again_without_training(tmp_path, finished):
    written, _ = finished
    before = (written / "model.safetensors").read_bytes()

    def no_batches(epoch):
        raise OSError("asked for a batch")

    written, _ = toy.train(tmp_path, train=no_batches)
    assert (written / "model.safetensors").read_bytes() == before
