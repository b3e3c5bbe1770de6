"""What a training run promises: a seed, averages, a choice, errors in words."""

import csv
import dataclasses
import json
import math
import struct
import sys

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

from seqzoo.training import averaged_weights, main, run
from seqzoo.training.logs import EpochBar, duration
from tests.training import toy


def test_the_seed_decides_the_weights(tmp_path):
    files = [
        toy.train(tmp_path / folder, seed, epochs=1)[0] / "model.safetensors"
        for folder, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    one, same, other = (file.read_bytes() for file in files)
    assert one == same != other


def test_averaging_does_not_touch_the_weights_that_are_trained(tmp_path):
    """With and without `use_ema` the raw weights go the same way."""

    def raw(folder, use_ema):
        optimizer = keras.optimizers.Adam(0.02, use_ema=use_ema, ema_momentum=0.8)
        _, checkpoints = toy.train(tmp_path / folder, optimizer=optimizer)
        return load_file(checkpoints / "state.safetensors")

    with_average, without = raw("with", True), raw("without", False)
    for key in [key for key in without if key.startswith("model/")]:
        np.testing.assert_array_equal(with_average[key], without[key])


def test_what_bfloat16_trained_is_evaluated_in_float32(tmp_path):
    recipe, dtypes = toy.recipe(), []

    def noted(score):
        def note(model):
            dtypes.append(model.head.compute_dtype)
            return score(model)

        return note

    def fresh():
        return dataclasses.replace(
            toy.recipe(),
            validate=noted(recipe.validate),
            evaluate=noted(recipe.evaluate),
            epochs=2,
        )

    folders = {"folder": tmp_path / "weights", "checkpoint_dir": tmp_path}
    written = run(fresh, dtype="mixed_bfloat16", **folders)
    assert dtypes == ["bfloat16", "bfloat16", "float32"]
    record = json.loads((written / "metrics.json").read_text("utf-8"))
    assert record["training_dtype"] == "mixed_bfloat16"
    assert "--dtype mixed_bfloat16`" in (written / "README.md").read_text("utf-8")
    weights = load_file(written / "model.safetensors")
    kept = toy.best_weights(tmp_path / "toy_lm")
    for key, array in weights.items():
        assert kept[key].dtype == "float32"
        np.testing.assert_array_equal(array, kept[key].astype(array.dtype))
    with pytest.raises(ValueError, match="another dtype"):
        run(fresh, **folders)
    with pytest.raises(ValueError, match="mixed_bfloat16"):
        run(fresh, dtype="mixed_float16", **folders)


def test_the_averaged_weights_are_validated_and_kept(tmp_path):
    """The best weights are the optimizer's averages, by NumPy from the raw ones."""
    seen = []

    def train_and_see(epoch):
        for batch in toy.batches(epoch):
            yield batch
            seen.append(model.head.kernel.numpy())  # after the step on that batch

    model = toy.Toy(toy.ToyConfig())
    _, checkpoints = toy.train(tmp_path, model=model, train=train_and_see, epochs=1)
    average = seen[0]
    for kernel in seen[1:]:
        average = 0.8 * average + 0.2 * kernel
    kept = toy.best_weights(checkpoints)["head/kernel"]
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

    written, _ = toy.train(
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

    toy.train(tmp_path, model=Counted(toy.ToyConfig()), train=counted)
    assert epochs == [0, 1, 2, 3]
    assert set(traced) == {0}


@pytest.mark.parametrize("xla", [False, True])
def test_xla_compiles_steps_where_it_is_asked_and_is_there(tmp_path, xla):
    """On a CPU, TensorFlow's graphs are left as they are unless a recipe says so."""
    backend = keras.backend.backend()
    model = toy.Toy(toy.ToyConfig())
    toy.train(tmp_path, model=model, epochs=1, xla=xla)
    assert model.jit_compile == (backend == "jax" or (xla and backend == "tensorflow"))


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    optimizer = keras.optimizers.SGD(math.inf)
    with pytest.raises(ValueError, match="epoch 1/4, step 2"):
        toy.train(tmp_path, optimizer=optimizer)
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mode": "best"}, "mode='best'"),
        ({"epochs": 0}, "epochs=0"),
        ({"weights_dtype": "int4"}, "weights_dtype='int4'"),
        ({"monitor": "bleu"}, r"'bleu'.*\['accuracy', 'loss'\]"),
        ({"train": lambda epoch: []}, r"`train\(0\)` of toy_lm gave no batch"),
        ({"validate": lambda model: {"loss": math.nan}}, "not a number in any of 4"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_in_words(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        toy.train(tmp_path, **changes)


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


def test_events_for_tensorboard_hold_every_epoch(tmp_path):
    """Read as the protocol says: each record holds its length, then its bytes."""
    from tensorboardX.proto.event_pb2 import Event

    _, checkpoints = toy.train(tmp_path, epochs=2, run_eagerly=True)
    (file,) = (checkpoints / "tensorboard").iterdir()
    data, points = file.read_bytes(), []
    while data:
        (size,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + size])
        points += [(v.tag, event.step) for v in event.summary.value]
        data = data[12 + size + 4 :]
    steps = [step for tag, step in points if tag == "validation_loss"]
    assert steps == [toy.STEPS, 2 * toy.STEPS]


def test_training_does_without_tensorboard_x(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    written, checkpoints = toy.train(tmp_path, epochs=1, run_eagerly=True)
    assert (written / "model.safetensors").exists()
    assert not (checkpoints / "tensorboard").exists()
    assert "pip install tensorboardX" in capsys.readouterr().out


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


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12, "less than a minute"),
        (61, "about 1 minute"),
        (3_700, "about 62 minutes"),
        (11_000, "about 3 hours"),
    ],
)
def test_a_duration_is_said_roughly(seconds, text):
    assert duration(seconds) == text


def test_other_epochs_make_the_schedule_shorter(tmp_path):
    """Its last rate is that of the end of the whole schedule."""
    _, checkpoints = toy.train(tmp_path / "whole", run_eagerly=True)
    run(
        toy.recipe,
        epochs=2,
        folder=tmp_path / "weights",
        checkpoint_dir=tmp_path / "short",
        run_eagerly=True,
    )
    rates = [
        [
            float(row["learning_rate"])
            for row in csv.DictReader(path.read_text().splitlines())
        ]
        for path in (
            checkpoints / "train_log.csv",
            tmp_path / "short" / "toy_lm" / "train_log.csv",
        )
    ]
    assert rates[0][1::2] == pytest.approx(rates[1])
    card = (tmp_path / "weights" / "toy_lm" / "README.md").read_text("utf-8")
    assert "python -m recipes.toy_lm --epochs 2 --seed 0`" in card
