"""Batches from worker processes are the recipe's own."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqzoo.training import main
from seqzoo.training.workers import BatchWorkers
from tests.training import listed, toy

ROOT = Path(__file__).parents[2]


def trained(folder, *flags):
    folders = ["--out", str(folder), "--checkpoint-dir", str(folder / "checkpoints")]
    main(
        listed.recipe,
        data=lambda: "real",
        toy=lambda: "toy",
        arguments=["--epochs", "2", *folders, *flags],
    )
    return (folder / "toy_lm" / "model.safetensors").read_bytes()


def test_the_weights_are_those_of_one_process(tmp_path):
    alone, helped = (
        trained(tmp_path / name, *flags)
        for name, flags in (("alone", ()), ("helped", ("--workers", "1")))
    )
    assert alone == helped
    assert multiprocessing.active_children() == []


def test_a_killed_worker_is_an_error_that_says_what_to_do(monkeypatch):
    """As by the system that runs out of memory; the toy kills itself."""
    monkeypatch.setenv("TOY_KILL_AT", "0,1")  # which the process inherits
    with BatchWorkers(listed.batches, 1) as workers:
        with pytest.raises(OSError, match="Try fewer workers"):
            list(workers.prefetch(0, toy.STEPS))


def unpicklable(epoch):
    return [lambda: epoch]


def test_a_train_that_workers_cannot_prepare_is_refused():
    with BatchWorkers(toy.batches, 1) as workers:
        with pytest.raises(ValueError, match="Received: generator"):
            workers.batches(0)
    with pytest.raises(ValueError, match=r"seqzoo\.data.*without workers"):
        BatchWorkers(lambda epoch: [], 1)
    with pytest.raises(ValueError, match="Received: 0"):
        BatchWorkers(listed.batches, 0)


PARENT = """
import sys, time
from seqzoo.data import SineBatches
from seqzoo.training import BatchWorkers
with BatchWorkers(SineBatches(["standard"] * 8, 4), 1) as workers:
    for batch in workers.batches(0):
        pass
    print(*workers._pool._processes, flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(number):
    """Killed, or stopped by Ctrl-C."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)  # it lives
        os.kill(parent.pid, number)
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"worker {worker} outlived its parent")
