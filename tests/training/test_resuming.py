"""What a checkpoint promises: the same end after a kill, and no run but its own."""

import csv
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from seqzoo import hub
from seqzoo.training import main
from seqzoo.training.signals import StopSignals
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
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_equal_checkpoints(*folders):
    one, other = (
        load_file(folder / "checkpoints" / "toy_lm" / "state.safetensors")
        for folder in folders
    )
    assert one.keys() == other.keys()
    assert any(key.startswith("best/") for key in one)
    for key in one:
        np.testing.assert_array_equal(one[key], other[key], err_msg=key)


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

    assert_equal_checkpoints(tmp_path / "whole", tmp_path / "killed")
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
    short = {"epochs": 1, "run_eagerly": True}
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


@pytest.mark.parametrize(
    ("name", "status"),
    [("SIGTERM", 143), pytest.param("SIGHUP", 129, marks=pytest.mark.slow)],
)
def test_a_scheduler_s_signal_loses_no_step(
    tmp_path, trained_once, monkeypatch, capsys, name, status
):
    """The resumed run goes on within the epoch, to the weights of a whole run."""
    monkeypatch.setenv("TOY_SIGNAL", str(int(getattr(signal, name))))
    monkeypatch.setenv("TOY_STOP_AT", "1,3")
    with pytest.raises(SystemExit) as stop:
        toy.train(tmp_path)
    assert stop.value.code == status
    error = capsys.readouterr().err
    assert f"Stopped by {name} after step 4 of epoch 2/4" in error
    monkeypatch.delenv("TOY_STOP_AT")
    toy.train(tmp_path)
    assert "after epoch 1, step 4" in capsys.readouterr().out
    assert_equal_checkpoints(tmp_path, trained_once)
    rows = [
        [line.split(",")[:2] + line.split(",")[3:] for line in log.splitlines()]
        for log in (
            (folder / "weights" / "toy_lm" / "train_log.csv").read_text()
            for folder in (tmp_path, trained_once)
        )
    ]
    assert rows[0] == rows[1]  # but for the seconds


def test_signals_are_kept_within_and_kill_before_and_after():
    before = signal.getsignal(signal.SIGTERM)
    with StopSignals() as signals:
        for batch in signals.until_received(range(5)):
            if batch == 2:
                os.kill(os.getpid(), signal.SIGTERM)
        assert batch == 2
        assert signals.received is signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) is before  # the second one kills
        with pytest.raises(SystemExit) as stop:
            signals.stop("step 3")
    assert stop.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_workers_that_the_signal_ended_are_no_error():
    def batches():
        yield 0
        os.kill(os.getpid(), signal.SIGTERM)
        raise OSError("A worker process has ended.")

    with StopSignals() as signals:
        assert list(signals.until_received(batches())) == [0]
    with StopSignals() as signals, pytest.raises(OSError, match="worker"):
        list(signals.until_received(x for x in [1 / 1, fail()]))


def fail():
    raise OSError("A worker process has ended.")


def test_a_second_run_is_refused_at_once_and_told_who_has_the_folder(
    tmp_path, finished
):
    """Until the first is killed."""
    _, checkpoints = finished
    code = (
        "import sys, time; from filelock import FileLock; "
        "lock = FileLock(sys.argv[1]); lock.acquire(); "
        "print('ready', flush=True); time.sleep(60)"
    )
    lock = str(checkpoints / ".lock")
    command = [sys.executable, "-c", code, lock]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
        first.stdout.readline()
        (checkpoints / ".holder").write_text("process 12 on node 7")
        before = (checkpoints / "state.safetensors").read_bytes()
        with pytest.raises(OSError, match=r"in use by process 12 .*--checkpoint-dir"):
            toy.train(tmp_path, resume=False)
        assert (checkpoints / "state.safetensors").read_bytes() == before
        first.kill()
    toy.train(tmp_path)


def test_a_run_says_who_it_is_while_it_has_the_folder(tmp_path):
    names = []

    def validate(model):
        names.append((tmp_path / "checkpoints" / "toy_lm" / ".holder").read_text())
        return {"loss": 1.0}

    _, checkpoints = toy.train(tmp_path, epochs=1, run_eagerly=True, validate=validate)
    assert f"process {os.getpid()} on" in names[0]
    assert not (checkpoints / ".holder").exists()


def change_bytes(place):
    def change(path):
        data = bytearray(path.read_bytes())
        data[place if place >= 0 else len(data) + place] ^= 1
        path.write_bytes(data)

    return change


def change_content(edit):
    """Written again by the library itself, so that the file is well formed."""

    def change(path):
        with safe_open(path, framework="numpy") as tensors:
            arrays = {key: tensors.get_tensor(key) for key in tensors.keys()}
            metadata = json.loads(tensors.metadata()["seqzoo"])
        edit(arrays, metadata)
        save_file(arrays, path, metadata={"seqzoo": json.dumps(metadata)})

    return change


def without_history(arrays, metadata):
    metadata["progress"]["history"] = []


def of_another_epoch(arrays, metadata):
    metadata["progress"]["epoch"] = 1


def with_another_best(arrays, metadata):
    arrays["best/head/kernel"] = arrays["best/head/kernel"] * 2


def without_digest(arrays, metadata):
    del metadata["digest"]


def without_an_array(arrays, metadata):
    del arrays["optimizer/3"]


@pytest.mark.parametrize(
    "change",
    [
        change_bytes(-1),
        change_bytes(-3_000),
        change_bytes(12),
        change_bytes(0),
        *map(
            change_content,
            [
                without_history,
                of_another_epoch,
                with_another_best,
                without_digest,
                without_an_array,
            ],
        ),
        lambda path: path.write_bytes(path.read_bytes()[:-50]),
        lambda path: path.write_bytes(b""),
    ],
)
def test_a_damaged_or_edited_checkpoint_is_refused(tmp_path, finished, change):
    _, checkpoints = finished
    change(checkpoints / "state.safetensors")
    with pytest.raises(ValueError, match=r"state\.safetensors (was dam|is no read)"):
        toy.train(tmp_path)


def test_a_full_disk_is_one_line_and_the_checkpoint_before_stays(
    tmp_path, finished, capsys
):
    """A file of the limited size stands for the disk: EFBIG for ENOSPC."""
    _, checkpoints = finished
    path = checkpoints / "state.safetensors"
    before, soft = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    flags = [
        "--out",
        tmp_path / "weights",
        "--checkpoint-dir",
        tmp_path / "checkpoints",
    ]
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, soft[1]))
    try:
        with pytest.raises(SystemExit) as stop:
            main(
                toy.recipe,
                data=str,
                toy=str,
                arguments=[*map(str, flags), "--no-resume", "--epochs", "1"],
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, soft)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "state.safetensors could not be written" in line
    assert path.read_bytes() == before
    assert not list(checkpoints.glob("*.part"))


@pytest.mark.parametrize("failure", [OSError("disk"), KeyboardInterrupt()])
def test_the_old_model_stays_until_the_new_one_is_in_its_place(
    tmp_path, finished, monkeypatch, failure
):
    written, _ = finished
    before = {path.name: path.read_bytes() for path in written.iterdir()}
    replace = os.replace

    def fail_at_the_last(source, target):
        if target == written and ".partial" in str(source):
            raise failure
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_at_the_last)
    with pytest.raises(type(failure)):
        toy.train(tmp_path)
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before
    assert [path.name for path in written.parent.iterdir()] == ["toy_lm"]


def test_a_run_killed_between_two_names_brings_the_old_model_back(tmp_path, finished):
    written, _ = finished
    before = (written / "model.safetensors").read_bytes()
    os.replace(written, written.with_name(".toy_lm.before"))

    def fail(model):
        raise OSError("no test data")

    with pytest.raises(OSError, match="no test data"):
        toy.train(tmp_path, evaluate=fail)
    assert (written / "model.safetensors").read_bytes() == before
    assert [path.name for path in written.parent.iterdir()] == ["toy_lm"]


def test_each_seed_has_a_checkpoint_of_its_own(tmp_path, finished):
    written, checkpoints = finished
    before = (checkpoints / "state.safetensors").read_bytes()
    toy.train(tmp_path, seed=1, epochs=1, run_eagerly=True, force=True)
    assert (checkpoints / "state.safetensors").read_bytes() == before
    other = checkpoints.with_name("toy_lm_seed_1")
    assert (other / "state.safetensors").exists()
    assert json.loads((written / "metrics.json").read_text())["seed"] == 1


def test_a_model_of_another_seed_is_not_replaced(tmp_path, finished):
    written, _ = finished
    before = (written / "model.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match=r"seed 0, not 1. .*--out .*--force"):
        toy.train(tmp_path, seed=1, train=no_batches)
    assert (written / "model.safetensors").read_bytes() == before


def test_a_published_model_is_not_replaced(tmp_path, finished):
    written, _ = finished
    hub.write_manifest(written, repo_id="seqzoo/toy_lm")
    with pytest.raises(
        FileExistsError, match=r"published model seqzoo/toy_lm.*--force"
    ):
        toy.train(tmp_path, train=no_batches)
    toy.train(tmp_path, train=no_batches, force=True)
    assert hub.read_manifest(written).repo_id == "seqzoo/toy_lm"


def test_an_interrupted_run_is_finished_with_its_best_model(tmp_path):
    def batches(epoch):
        if epoch == 2:
            raise KeyboardInterrupt
        return toy.batches(epoch)

    with pytest.raises(ValueError, match="nothing to finish"):
        toy.train(tmp_path, finish=True)
    with pytest.raises(KeyboardInterrupt):
        toy.train(tmp_path, train=batches)
    written, checkpoints = toy.train(tmp_path, train=no_batches, finish=True)
    record = json.loads((written / "metrics.json").read_text())
    assert (record["epochs"], record["train_steps"]) == (2, 2 * toy.STEPS)
    kernel = load_file(written / "model.safetensors")["head/kernel"]
    best = toy.best_weights(checkpoints)["head/kernel"]
    np.testing.assert_array_equal(kernel, best.astype("float16"))


def test_a_run_does_not_go_on_with_other_batches(tmp_path, monkeypatch):
    """Even if the recipe names no file of its data."""

    def others(epoch):
        for x, y, weights in toy.batches(epoch):
            yield {"ids": (x["ids"] + 1) % toy.VOCABULARY}, y, weights

    monkeypatch.setenv("TOY_SIGNAL", str(int(signal.SIGTERM)))
    monkeypatch.setenv("TOY_STOP_AT", "1,3")
    with pytest.raises(SystemExit):
        toy.train(tmp_path, run_eagerly=True)
    monkeypatch.delenv("TOY_STOP_AT")
    with pytest.raises(ValueError, match=r"run on other data.*--no-resume"):
        toy.train(tmp_path, run_eagerly=True, train=others)
    toy.train(tmp_path, run_eagerly=True)


def no_batches(epoch):
    raise AssertionError("asked for a batch")
