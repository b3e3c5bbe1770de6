"""What every task has: its cache of compiled functions and its processor."""

import os

import keras
import numpy as np
import pytest
from keras import ops

from seqzoo.models import RecurrentLM, RecurrentLMConfig


@pytest.fixture
def model():
    return RecurrentLM(RecurrentLMConfig(vocab_size=3, embed_dim=2, units=2, layers=1))


def scaled_sum(model, factor, x):
    return factor * ops.sum(x @ model.logits.kernel)


def test_a_function_is_compiled_once_for_its_settings(model):
    """Another setting is another function, whose result differs."""
    ones = np.ones((1, 2), "float32")
    double = model.compiled_function(scaled_sum, model, 2.0)
    assert model.compiled_function(scaled_sum, model, 2.0) is double
    triple = model.compiled_function(scaled_sum, model, 3.0)
    assert float(triple(ones)) == pytest.approx(1.5 * float(double(ones)), rel=1e-5)


def test_a_compiled_function_reads_the_weights_at_each_call(model):
    run = model.compiled_function(scaled_sum, model, 1.0)
    ones = np.ones((1, 2), "float32")
    before = float(run(ones))
    model.logits.kernel.assign(model.logits.kernel + 1)
    assert float(run(ones)) == pytest.approx(before + 6, rel=1e-5)


def test_a_compiled_function_may_be_called_on_other_shapes(model):
    run = model.compiled_function(scaled_sum, model, 1.0)
    one, two = (float(run(np.ones((rows, 2), "float32"))) for rows in (1, 2))
    assert two == pytest.approx(2 * one, rel=1e-5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # JAX's, of the fork itself
def test_a_forked_process_is_told_to_load_the_model_itself(model):
    """It has none of the backend's threads; waiting for them, it would hang."""
    child = os.fork()
    if child == 0:
        try:
            model.compiled_function(scaled_sum, model, 1.0)
        except RuntimeError as error:
            os._exit(7 if "spawn" in str(error) else 1)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7


def add_lora(model):
    model.logits.enable_lora(1)
    model.logits.lora_kernel_b.assign(np.ones((1, 3)))


def move_to_another_dtype(model):
    model.logits.dtype_policy = "mixed_bfloat16"


CHANGES = {
    "nothing": lambda model: None,
    "lora": add_lora,
    "quantize": lambda model: model.logits.quantize("int8"),
    "activation": lambda model: setattr(model.logits, "activation", ops.tanh),
    "dtype": move_to_another_dtype,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_compiled_function_sees_a_change_of_layers(model, change, graphs):
    def outputs(inputs):
        return model(inputs, training=False)

    inputs = model.example_inputs()
    model.compiled_function(outputs)(inputs)
    before = model.compiled_function(outputs)
    CHANGES[change](model)
    after = model.compiled_function(outputs)
    assert (after is before) == (change == "nothing")
    np.testing.assert_allclose(after(inputs), outputs(inputs), rtol=1e-5)


def test_compiled_functions_are_no_part_of_the_saved_model(model, tmp_path):
    """Keras tracks attributes; it would fail to save functions."""
    model.compiled_function(scaled_sum, model, 1.0)
    model(model.example_inputs())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.compiled_functions == {}


def test_a_class_says_which_method_it_lacks():
    from seqzoo.tasks import Task

    class Bare(Task):
        Config = RecurrentLMConfig

    with pytest.raises(NotImplementedError, match=r"Bare does not define build\(\)"):
        Bare(RecurrentLMConfig()).ensure_built()
