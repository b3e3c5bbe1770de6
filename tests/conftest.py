"""What every test stands on: a quiet CPU, a fixed seed, a way to ask for real data."""

import os
from pathlib import Path

# Before Keras is first imported. Tests compare results to rounding, so they run on the
# CPU on every machine, and on one thread: pytest starts a process for every core.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
for _library in ("OMP", "TF_INTRAOP", "TF_INTEROP"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
# Most of the tests' time is XLA's compiling: what runs once need not be fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import keras
import pytest

from tests.graphs import without_xla


@pytest.fixture(autouse=True)
def _seed():
    """The same random numbers in every test, whatever ran before it."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets, or a skip that says how to name one."""
    folder = os.environ.get("SEQZOO_DATA_DIR")
    if not folder:
        pytest.skip("needs real data: set SEQZOO_DATA_DIR to the folder that holds it")
    if not Path(folder).is_dir():
        pytest.skip(f"needs real data: SEQZOO_DATA_DIR={folder} is not a folder")
    return Path(folder)


@pytest.fixture
def graphs():
    """Spares a test the seconds of XLA, where what it compiles is not the question."""
    with without_xla():
        yield
