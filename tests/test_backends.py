import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parent.parent
PORTABLE = [
    f"tests/{part}" for part in ("ops", "layers") if (ROOT / "tests" / part).is_dir()
]


def run(*arguments, **environment):
    """A Python process in the clone, and what it said."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the other backends' run of itself"
)
@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="needs JAX: pip install jax"
)
def test_ops_and_layers_keep_their_promises_on_jax():
    # What compares with an oracle; the rest depends on the backend little. Of the cells
    # one for each oracle, and of the shapes the one with padding. Exports and carried
    # states differ on JAX. Keras runs its own tests on JAX itself.
    chosen = (
        "(of_pytorch or in_pytorch or of_keras or equal_the_formula)"
        " and not outputs_and_gradients and not keras_own_tests"
        " or equal_those_of_keras and lstm and reverse and masked"
        " or equal_those_of_pytorch and gru"
        " or own_loop and phased"
        " or exported or fit_carries"
    )
    options = ["-m", "pytest", "-q", "-m", "not slow", "-n", "0"]
    result = run(*options, "-k", chosen, *PORTABLE, KERAS_BACKEND="jax")
    assert result.returncode == 0, result.stdout[-5000:]


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the other backends' run of itself"
)
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="needs PyTorch: pip install torch"
)
def test_training_carries_states_on_pytorch():
    # Its variables change in place, while gradients still need their old values.
    files = ["tests/models/test_recurrent_lm.py", "tests/layers/recurrent"]
    options = ["-m", "pytest", "-q", "-m", "not slow", "-n", "0"]
    chosen = "carries or carried or go_on_where or of_gradients"
    result = run(*options, "-k", chosen, *files, KERAS_BACKEND="torch")
    assert result.returncode == 0, result.stdout[-5000:]


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="needs JAX: pip install jax"
)
def test_layers_need_no_tensorflow_on_jax():
    program = """
import sys
sys.modules["tensorflow"] = None  # an import of it fails from here on
import numpy
from seqzoo.layers import Bidirectional, LSTMCell
outputs = Bidirectional(LSTMCell(4))(numpy.ones((2, 3, 5), "float32"), training=True)
print(outputs.shape)
"""
    result = run("-c", program, KERAS_BACKEND="jax")
    assert result.stdout.strip() == "(2, 8)", result.stderr[-5000:]
