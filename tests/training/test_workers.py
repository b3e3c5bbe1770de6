"""Batches that other processes make are the recipe's own."""

import functools
import multiprocessing
import sys

import numpy as np
import pytest

from seqzoo.training import main
from seqzoo.training.command import recipe_of
from seqzoo.training.workers import BatchMakers
from tests.training import listed, toy


def trained(recipe, module, folder, monkeypatch, *flags):
    monkeypatch.setattr(sys, "argv", [module.__file__])
    folders = ["--out", str(folder), "--checkpoint-dir", str(folder / "checkpoints")]
    main(
        recipe,
        data=lambda: "real",
        toy=lambda: "toy",
        arguments=["--epochs", "2", *folders, *flags],
    )
    return (folder / "toy_lm" / "model.safetensors").read_bytes()


def test_the_weights_are_those_of_one_process(tmp_path, monkeypatch):
    alone, helped = (
        trained(listed.recipe, listed, tmp_path / name, monkeypatch, *flags)
        for name, flags in (("alone", ()), ("helped", ("--workers", "1")))
    )
    assert alone == helped
    assert multiprocessing.active_children() == []


def test_what_cannot_be_made_elsewhere_is_told(monkeypatch):
    """As by the system that runs out of memory; the toy kills itself."""
    monkeypatch.setenv("TOY_KILL_AT", "0,1")  # which the process inherits
    maker = functools.partial(recipe_of, listed.__file__, [])
    with BatchMakers(maker, 1) as makers:
        with pytest.raises(ValueError, match="Received: generator"):
            makers.instead_of(toy.batches)(0)
        train = makers.instead_of(lambda epoch: range(toy.STEPS))
        with pytest.raises(OSError, match="Try fewer workers"):
            list(train(0))
    with pytest.raises(ValueError, match="Received: 0"):
        BatchMakers(maker, 0)


def test_a_file_gives_its_recipe_and_trains_nothing(monkeypatch):
    before = list(sys.argv)
    found = recipe_of(listed.__file__, ["--seed", "1"])
    assert found.card.data == "Made up: real." and sys.argv == before
    for ours, theirs in zip(found.train(1), toy.batches(1), strict=True):
        np.testing.assert_array_equal(ours[1], theirs[1])
