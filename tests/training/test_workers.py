"""Batches from worker processes are the recipe's own."""

import multiprocessing
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
