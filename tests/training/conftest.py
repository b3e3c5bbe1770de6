"""A finished run of the toy recipe, trained once."""

import shutil

import pytest

from tests.training import toy


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    toy.train(folder)
    return folder


@pytest.fixture
def finished(trained_once, tmp_path):
    """The two folders of a run, in `tmp_path`, for a test to spoil."""
    shutil.copytree(trained_once, tmp_path, dirs_exist_ok=True)
    return tmp_path / "weights" / "toy_lm", tmp_path / "checkpoints" / "toy_lm"
