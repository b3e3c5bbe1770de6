import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import long_range
from benchmarks.long_range import train
from benchmarks.long_range_tasks import Settings, adding, copy_memory, default_units

TINY = Settings(
    task="adding",
    length=10,
    model="tcn",
    units=8,
    learning_rate=1e-2,
    train_steps=7,
    blocks=2,
    kernel_size=3,
)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("length", [2, 10, 11])
def test_adding_targets_are_the_sums_of_what_is_marked(length):
    inputs, targets = adding(200, length, rng())
    assert inputs.shape == (200, length, 2) and targets.shape == (200, 1)
    assert inputs.dtype == targets.dtype == np.float32
    for (values, markers), target in zip(inputs.swapaxes(1, 2), targets, strict=True):
        assert 0 <= values.min() and values.max() < 1
        assert set(markers) <= {0, 1}
        assert markers[: length // 2].sum() == markers[length // 2 :].sum() == 1
        assert target[0] == pytest.approx(sum(values[markers == 1]))


def test_every_step_of_the_adding_problem_is_marked_at_times():
    inputs, _ = adding(500, 10, rng())
    assert inputs[..., 1].any(axis=0).all()


@pytest.mark.parametrize("length", [1, 7])
def test_copy_memory_is_laid_out_as_in_the_paper(length):
    inputs, targets = copy_memory(200, length, rng())
    assert inputs.shape == (200, length + 20, 1)
    for sequence, answer in zip(inputs[..., 0], targets, strict=True):
        symbols = list(sequence[:10])
        assert list(sequence[10:]) == [0] * (length - 1) + [9] * 11
        assert list(answer) == [0] * (length + 10) + symbols
    assert set(np.unique(targets[:, -10:])) == set(range(1, 9))


def test_guess_levels_are_those_of_who_has_forgotten_everything():
    """The mean for adding; for copying, an even guess in the last ten places."""
    _, sums = adding(100_000, 4, rng())
    assert TINY.guess == pytest.approx(np.var(sums), rel=0.02)
    copying = replace(TINY, task="copy", length=3, blocks=8)
    _, targets = copy_memory(5, 3, rng())
    probabilities = np.where(targets == 0, 1.0, 1 / 8)
    assert copying.guess == pytest.approx(-np.log(probabilities).mean())
    paper = replace(TINY, task="copy", length=1000, blocks=8, kernel_size=8)
    assert paper.guess == pytest.approx(0.02039, abs=1e-5)


def test_a_batch_depends_on_seed_and_step_alone():
    first, _ = long_range.batch(TINY, 3)
    long_range.batch(TINY, 4)
    np.testing.assert_array_equal(first, long_range.batch(TINY, 3)[0])
    others = [(TINY, 4), (replace(TINY, seed=1), 3), (TINY, 0)]
    assert not any((long_range.batch(*each)[0] == first).all() for each in others)


@pytest.mark.parametrize("model", ["lstm", "gru", "peephole_lstm", "layer_norm_lstm"])
@pytest.mark.parametrize(("task", "paper"), [("adding", 70_000), ("copy", 16_000)])
def test_cells_have_about_the_papers_number_of_parameters(task, paper, model):
    wanted = long_range.TASKS[task]
    units = default_units(task, model)
    cell = long_range.CELLS[model](units)
    cell.build((None, wanted.features))
    parameters = cell.count_params() + (units + 1) * wanted.outputs
    assert parameters == pytest.approx(paper, rel=0.02)


def test_the_papers_lstm_has_130_units():
    assert default_units("adding", "lstm") == pytest.approx(130, abs=1)


def test_a_tcn_that_sees_too_little_is_refused():
    replace(TINY, length=13)
    with pytest.raises(ValueError, match="sees 13 steps of a sequence of 14"):
        replace(TINY, length=14)
    with pytest.raises(ValueError, match="sees 13 steps of a sequence of 30"):
        replace(TINY, task="copy")


def test_a_length_without_room_for_the_task_is_refused():
    with pytest.raises(ValueError, match="at least 2 for adding"):
        replace(TINY, length=1)


def test_a_run_that_was_cut_ends_with_the_same_weights(tmp_path, monkeypatch):
    whole, _ = train(TINY)

    def cut(settings, step):
        if step == 5:
            raise KeyboardInterrupt
        return long_range.TASKS["adding"].draw(
            settings.batch_size, settings.length, rng([settings.seed, 0, step])
        )

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(long_range, "batch", cut)
        train(TINY, state=tmp_path, save_every=3)
    assert [path.name for path in tmp_path.iterdir()] == ["adding_10_tcn.safetensors"]
    resumed, progress = train(TINY, state=tmp_path, save_every=3)
    assert progress.step == 7 and len(progress.losses) == 7
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="another learning_rate, seed"):
        train(replace(TINY, seed=1, learning_rate=1e-3), state=tmp_path)


def test_a_tiny_model_learns_until_the_target(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(long_range, "REPORT", 20)
    settings = replace(TINY, train_steps=1000)
    model, progress = train(settings, target=0.05, state=tmp_path)
    assert progress.step < 1000 and progress.running_loss <= 0.05
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == progress.step // 20 and "guess 0.167" in lines[0]
    row = long_range.result(TINY, model, progress)
    assert row["test_loss"] < 0.07 and math.isclose(row["guess"], 1 / 6)
    # What has reached its target is not trained any further.
    assert train(settings, target=0.05, state=tmp_path)[1] == progress


@pytest.mark.parametrize(
    ("task", "outputs"), [("adding", (32, 1)), ("copy", (32, 24, 10))]
)
def test_a_recurrent_model_trains(task, outputs):
    settings = replace(TINY, task=task, model="gru", units=4, length=4)
    settings = replace(settings, train_steps=2, chrono_steps=10)
    model, progress = train(settings)
    assert progress.step == 2
    assert tuple(model(long_range.batch(settings, 0)[0]).shape) == outputs


def test_results_are_merged_by_task_length_and_model(tmp_path):
    row = {
        "task": "adding",
        "length": 10,
        "model": "tcn",
        "parameters": 1234,
        "train_steps": 7000,
        "seconds": 59.6,
        "test_loss": 5.8e-5,
        "guess": 1 / 6,
    }
    file = tmp_path / "results.json"
    long_range.merge(file, "b", {**row, "test_loss": 1.0})
    long_range.merge(file, "a", {**row, "model": "gru"})
    long_range.merge(file, "b", row)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    assert long_range.table(long_range.read(file)).splitlines()[2:] == [
        "| adding | 10 | gru | 1,234 | 7,000 | 60 | 5.8e-05 | 0.167 |",
        "| adding | 10 | tcn | 1,234 | 7,000 | 60 | 5.8e-05 | 0.167 |",
    ]
