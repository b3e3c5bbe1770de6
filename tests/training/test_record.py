"""What a run writes: the weights that were scored, a whole record, a card."""

import json

import keras
import numpy as np
import pytest
from huggingface_hub import ModelCard
from safetensors.numpy import load_file

from seqzoo.training import Metric
from seqzoo.training.checkpoints import load_weights
from seqzoo.training.record import exact_products
from tests.training import toy


def test_test_data_are_used_once_and_with_the_weights_of_the_file(tmp_path):
    evaluated = []

    def evaluate(model):
        evaluated.append(model.head.kernel.numpy())
        return {}

    written, checkpoints = toy.train(tmp_path, evaluate=evaluate)
    (scored,) = evaluated
    saved = load_file(written / "model.safetensors")["head/kernel"]
    exact = toy.best_weights(checkpoints)["head/kernel"]
    assert saved.dtype == np.float16
    np.testing.assert_array_equal(scored, saved.astype("float32"))
    assert not np.array_equal(scored, exact)


def test_the_golden_output_is_that_of_the_saved_weights(tmp_path, finished):
    ids = np.array([[1, 2, 3]], "int32")
    written, _ = toy.train(tmp_path, golden={"ids": ids})
    golden = load_file(written / "golden.safetensors")
    fresh = toy.Toy(toy.ToyConfig())
    fresh(fresh.example_inputs())
    load_weights(fresh, written / "model.safetensors")
    np.testing.assert_array_equal(golden["inputs/ids"], ids)
    np.testing.assert_allclose(fresh({"ids": ids}), golden["output"], atol=1e-6)


def test_the_record_holds_every_number_with_its_circumstances(tmp_path):
    written, _ = toy.train(tmp_path, seed=7, data_sha256={"train.en": "ab12"})
    record = json.loads((written / "metrics.json").read_text())
    assert record["metrics"]["accuracy"] == {
        "value": record["metrics"]["accuracy"]["value"],
        "unit": "%",
        "split": "all tokens",
        "examples": toy.VOCABULARY,
        "seeds": [7],
        "spread": None,
        "signature": "t",
    }
    assert record["published"] == {"accuracy": {"value": 99.0, "source": "nobody"}}
    saved = load_file(written / "model.safetensors")
    assert record["params"] == sum(array.size for array in saved.values())
    assert record["train_steps"] == 4 * toy.STEPS
    assert record["seconds"] > 0
    assert record["backend"] == keras.backend.backend()
    assert record["versions"]["keras"] == keras.__version__
    assert record["data_sha256"] == {"train.en": "ab12"}
    assert record["device"][0].isdigit()
    manifest = json.loads((written / "manifest.json").read_text())
    others = {path.name for path in written.iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == others
    assert {"README.md", "golden.safetensors", "train_log.csv"} < others


def test_the_hub_reads_the_card(finished):
    written, _ = finished
    card = ModelCard.load(written / "README.md")
    assert card.data.library_name == "seqzoo"
    assert card.data.license == "apache-2.0"
    (result,) = card.data.eval_results
    record = json.loads((written / "metrics.json").read_text())
    assert result.metric_value == record["metrics"]["accuracy"]["value"]
    assert 'seqzoo.load("./toy_lm")' in card.text


def test_a_failed_evaluation_leaves_the_old_model_and_nothing_half_written(
    tmp_path, finished
):
    written, _ = finished
    before = {path.name: path.read_bytes() for path in written.iterdir()}

    def fail(model):
        raise OSError("no test data")

    with pytest.raises(OSError, match="no test data"):
        toy.train(tmp_path, resume=False, epochs=1, run_eagerly=True, evaluate=fail)
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["toy_lm"]


def test_a_metric_over_several_seeds_keeps_its_own_seeds(tmp_path, finished):
    metric = Metric(1.0, "%", "all", 3, seeds=(0, 1), spread=0.5)
    written, _ = toy.train(tmp_path, evaluate=lambda model: {"accuracy": metric})
    record = json.loads((written / "metrics.json").read_text())
    assert record["metrics"]["accuracy"]["seeds"] == [0, 1]
    assert "± 0.5" in (written / "README.md").read_text()


def test_products_are_exact_within_and_as_before_after():
    seen = []
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        rounds = tf.config.experimental.tensor_float_32_execution_enabled
    elif backend == "jax":
        import jax

        def rounds():
            return jax.config.jax_default_matmul_precision != "highest"

    else:
        import torch

        def rounds():
            return torch.backends.cudnn.allow_tf32

    with pytest.raises(ZeroDivisionError):
        seen.append(rounds())
        with exact_products():
            seen.append(rounds())
            raise ZeroDivisionError
    assert [*seen, rounds()] == [True, False, True]
