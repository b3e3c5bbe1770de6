"""What a training run promises: the same end after a kill, a choice, a whole record."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from huggingface_hub import ModelCard
from safetensors.numpy import load_file

from seqzoo.training import Metric, averaged_weights, main, run
from seqzoo.training.checkpoints import load_weights
from seqzoo.training.logs import EpochBar
from tests.training import toy

ROOT = Path(__file__).parents[2]


def train(tmp_path, seed=0, resume=True, **changes):
    """Runs the toy recipe with some fields changed; returns its two folders."""
    written = run(
        lambda: toy.recipe(**changes),
        seed=seed,
        folder=tmp_path / "weights",
        checkpoint_dir=tmp_path / "checkpoints",
        resume=resume,
    )
    return written, tmp_path / "checkpoints" / "toy_lm"


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


def test_the_seed_decides_the_weights(tmp_path):
    files = [
        train(tmp_path / folder, seed=seed)[0] / "model.safetensors"
        for folder, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other


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
def test_a_checkpoint_of_another_run_is_refused_by_name(tmp_path, part, changes):
    train(tmp_path)
    changes = dict(changes)
    if part == "config":
        changes["model"] = toy.Toy(toy.ToyConfig(units=changes.pop("units")))
    elif part in ("optimizer", "loss"):
        changes[part] = changes[part]()
    with pytest.raises(ValueError, match=f"another {part}.*--no-resume"):
        train(tmp_path, **changes)


def test_no_resume_begins_anew(tmp_path):
    train(tmp_path)
    _, checkpoints = train(tmp_path, seed=1, resume=False)
    _, expected = train(tmp_path / "fresh", seed=1)
    one, other = (load_file(f / "state.safetensors") for f in (checkpoints, expected))
    for key in one:
        np.testing.assert_array_equal(one[key], other[key])


def test_a_broken_checkpoint_is_an_error_that_names_the_file(tmp_path):
    _, checkpoints = train(tmp_path)
    (checkpoints / "state.safetensors").write_bytes(b"half a fi")
    with pytest.raises(ValueError, match=r"state\.safetensors is no readable"):
        train(tmp_path)


def test_averaging_does_not_touch_the_weights_that_are_trained(tmp_path):
    """With and without `use_ema` the raw weights go the same way."""

    def raw(folder, use_ema):
        optimizer = keras.optimizers.Adam(0.02, use_ema=use_ema, ema_momentum=0.8)
        _, checkpoints = train(tmp_path / folder, optimizer=optimizer)
        return load_file(checkpoints / "state.safetensors")

    with_average, without = raw("with", True), raw("without", False)
    for key in [key for key in without if key.startswith("model/")]:
        np.testing.assert_array_equal(with_average[key], without[key])


def test_the_averaged_weights_are_validated_and_kept(tmp_path):
    """The best weights are the optimizer's averages, by NumPy from the raw ones."""
    seen = []

    def train_and_see(epoch):
        for batch in toy.batches(epoch):
            yield batch
            seen.append(model.head.kernel.numpy())  # after the step on that batch

    model = toy.Toy(toy.ToyConfig())
    _, checkpoints = train(tmp_path, model=model, train=train_and_see, epochs=1)
    average = seen[0]
    for kernel in seen[1:]:
        average = 0.8 * average + 0.2 * kernel
    kept = load_file(checkpoints / "best.safetensors")["head/kernel"]
    np.testing.assert_allclose(kept, average, atol=1e-6)
    assert np.abs(kept - seen[-1]).max() > 1e-4


def test_raw_weights_come_back_even_when_validation_fails():
    recipe = toy.recipe()
    model = recipe.model
    model(model.example_inputs())
    model.compile(optimizer=recipe.optimizer, loss=recipe.loss)
    model.optimizer.build(model.trainable_variables)
    for batch in toy.batches(0):
        model.train_on_batch(*batch)
    raw = [variable.numpy() for variable in model.trainable_variables]
    with pytest.raises(KeyError), averaged_weights(model):
        assert any(
            not np.array_equal(variable, value)
            for variable, value in zip(model.trainable_variables, raw, strict=True)
        )
        raise KeyError
    for variable, value in zip(model.trainable_variables, raw, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize(
    ("mode", "scores", "best"),
    [
        ("max", [1.0, 3.0, 2.0, math.nan], 2),
        ("min", [math.nan, 3.0, 2.0, 2.0], 3),
    ],
)
def test_the_best_epoch_by_validation_is_kept(tmp_path, mode, scores, best):
    kernels = []

    def validate(model):
        kernels.append(model.head.kernel.numpy())
        return {"score": scores[len(kernels) - 1]}

    written, _ = train(
        tmp_path,
        validate=validate,
        monitor="score",
        mode=mode,
        weights_dtype="float32",
    )
    kept = load_file(written / "model.safetensors")["head/kernel"]
    np.testing.assert_array_equal(kept, kernels[best - 1])
    record = json.loads((written / "metrics.json").read_text())
    assert record["validation"]["epoch"] == best


def test_test_data_are_used_once_and_with_the_weights_of_the_file(tmp_path):
    evaluated = []

    def evaluate(model):
        evaluated.append(model.head.kernel.numpy())
        return {}

    written, checkpoints = train(tmp_path, evaluate=evaluate)
    (scored,) = evaluated
    saved = load_file(written / "model.safetensors")["head/kernel"]
    exact = load_file(checkpoints / "best.safetensors")["head/kernel"]
    assert saved.dtype == np.float16
    np.testing.assert_array_equal(scored, saved.astype("float32"))
    assert not np.array_equal(scored, exact)


def test_the_golden_output_is_that_of_the_saved_weights(tmp_path):
    ids = np.array([[1, 2, 3]], "int32")
    written, _ = train(tmp_path, golden={"ids": ids})
    golden = load_file(written / "golden.safetensors")
    fresh = toy.Toy(toy.ToyConfig())
    fresh(fresh.example_inputs())
    load_weights(fresh, written / "model.safetensors")
    np.testing.assert_array_equal(golden["inputs/ids"], ids)
    np.testing.assert_allclose(fresh({"ids": ids}), golden["output"], atol=1e-6)


def test_the_record_holds_every_number_with_its_circumstances(tmp_path):
    written, _ = train(tmp_path, seed=7, data_sha256={"train.en": "ab12"})
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


def test_the_hub_reads_the_card(tmp_path):
    written, _ = train(tmp_path)
    card = ModelCard.load(written / "README.md")
    assert card.data.library_name == "seqzoo"
    assert card.data.license == "apache-2.0"
    (result,) = card.data.eval_results
    record = json.loads((written / "metrics.json").read_text())
    assert result.metric_value == record["metrics"]["accuracy"]["value"]
    assert 'seqzoo.load("toy_lm")' in card.text


def test_a_failed_evaluation_leaves_the_old_model_and_nothing_half_written(tmp_path):
    written, _ = train(tmp_path)
    before = {path.name: path.read_bytes() for path in written.iterdir()}

    def fail(model):
        raise OSError("no test data")

    with pytest.raises(OSError, match="no test data"):
        train(tmp_path, seed=1, resume=False, evaluate=fail)
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["toy_lm"]


def test_a_finished_run_is_written_again_without_training(tmp_path):
    written, _ = train(tmp_path)
    before = (written / "model.safetensors").read_bytes()

    def no_batches(epoch):
        raise OSError("asked for a batch")

    written, _ = train(tmp_path, train=no_batches)
    assert (written / "model.safetensors").read_bytes() == before


def test_every_batch_shape_is_traced_in_the_first_epoch_alone(tmp_path):
    traced = []

    class Counted(toy.Toy):
        def call(self, inputs, training=False):
            if training:
                traced.append(epochs[-1])
            return super().call(inputs, training=training)

    epochs = []

    def counted(epoch):
        epochs.append(epoch)
        return toy.batches(epoch)

    train(tmp_path, model=Counted(toy.ToyConfig()), train=counted)
    assert epochs == [0, 1, 2, 3]
    assert set(traced) == {0}


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    optimizer = keras.optimizers.SGD(math.inf)
    with pytest.raises(ValueError, match="epoch 1/4, step 2"):
        train(tmp_path, optimizer=optimizer)
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "best"}, "mode='best'"),
        ({"epochs": 0}, "epochs=0"),
        ({"weights_dtype": "int8"}, "weights_dtype='int8'"),
        ({"monitor": "bleu"}, r"'bleu'.*\['accuracy', 'loss'\]"),
        ({"train": lambda epoch: []}, r"`train\(0\)` of toy_lm gave no batch"),
        ({"validate": lambda model: {"loss": math.nan}}, "not a number in any of 4"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_in_words(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        train(tmp_path, **changes)


def test_the_smoke_run_keeps_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(toy.recipe, data=fail_to_read, toy=lambda: "toy", arguments=["--smoke"])
    assert "2 steps on toy data" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_one_line_and_exit_status_2(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(toy.recipe, data=fail_to_read, toy=str, arguments=[])
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("train.en is missing")
    with pytest.raises(OSError, match="missing"):
        main(toy.recipe, data=fail_to_read, toy=str, arguments=["--debug"])


def fail_to_read():
    raise OSError("train.en\nis missing")


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(monkeypatch, capsys):
    bar = EpochBar("epoch 1/2", iter([]))
    bar.step(1, 2.5)
    bar.close()
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    bar = EpochBar("epoch 1/2", [0, 0])
    bar.step(1, 2.5)
    bar.step(2, 1.5)
    bar.close()
    printed = capsys.readouterr().out
    assert printed.startswith("epoch 1/2\n")
    assert "2/2" in printed
    assert "1.5000" in printed


def test_a_metric_over_several_seeds_keeps_its_own_seeds(tmp_path):
    metric = Metric(1.0, "%", "all", 3, seeds=(0, 1), spread=0.5)
    written, _ = train(tmp_path, evaluate=lambda model: {"accuracy": metric})
    record = json.loads((written / "metrics.json").read_text())
    assert record["metrics"]["accuracy"]["seeds"] == [0, 1]
    assert "± 0.5" in (written / "README.md").read_text()
