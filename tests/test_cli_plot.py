"""`seqzoo plot`: which figure is drawn of what, and what is refused."""

import keras
import numpy as np
import pytest

import seqzoo
from seqzoo import cli, hub
from seqzoo.models import RecurrentLM, RecurrentLMConfig
from seqzoo.plot import model_plots
from seqzoo.processors import CharacterProcessor

TEXT = "to be or not to be\n" * 8


def made():
    model = RecurrentLM(
        RecurrentLMConfig(vocab_size=len(set(TEXT)), embed_dim=3, units=4, layers=2)
    )
    model.processor = CharacterProcessor.train(TEXT)
    model(model.example_inputs())
    return model


@pytest.fixture
def zoo(monkeypatch, tmp_path_factory):
    """A zoo of one tiny text generator, with the log of its training."""
    keras.utils.set_random_seed(1)
    model = made()
    monkeypatch.setattr(seqzoo, "load", lambda name: model, raising=False)
    root = tmp_path_factory.mktemp("zoo")
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(root))
    folder = hub.save(model, root / "toy_lm")
    (folder / "train_log.csv").write_text("epoch,step,loss\n1,10,3.5\n2,20,2.5\n")
    hub.write_manifest(folder)
    return folder


@pytest.fixture
def few_lags(monkeypatch):
    monkeypatch.setattr(model_plots, "LAGS", (0, 1, 9))
    monkeypatch.setattr(model_plots, "ROW", 11)


@pytest.fixture
def no_load(monkeypatch):
    """What must be refused before the seconds that a model takes to load."""
    monkeypatch.setattr(seqzoo, "load", lambda name: pytest.fail(), raising=False)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("text", "to be"), ("gates", "to be"), ("gradients", TEXT), ("training", None)],
)
def test_every_kind_writes_its_figure_and_prints_the_name(
    zoo, few_lags, capsys, tmp_path, kind, text
):
    out = tmp_path / "a.png"
    inputs = [] if text is None else [text]
    assert cli.main(["plot", "toy_lm", *inputs, "--kind", kind, "--out", str(out)]) == 0
    assert capsys.readouterr() == (f"{out}\n", "")
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_text_generator_is_drawn_reading_by_default(zoo, capsys, tmp_path):
    out = tmp_path / "a.html"
    options = ["--layer", "0", "--unit", "3", "--top", "2"]
    assert cli.main(["plot", "toy_lm", "to be", "--out", str(out), *options]) == 0
    page = out.read_text("utf-8")
    assert "tanh(c) of unit 3, layer 0" in page
    assert page.count("<span") == 5 * (1 + 1 + 2)


def test_a_folder_is_drawn_as_a_name_is(zoo, capsys, tmp_path):
    options = ["--kind", "training", "--out"]
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    assert cli.main(["plot", str(zoo), *options, str(one)]) == 0
    assert cli.main(["plot", "toy_lm", *options, str(two)]) == 0
    assert one.read_bytes() == two.read_bytes()


def test_any_other_task_is_drawn_by_its_training(zoo, no_load, monkeypatch, tmp_path):
    record = hub.ModelInfo("toy_lm", "juggling", "Toy", 1)
    monkeypatch.setattr(seqzoo, "info", lambda name: record, raising=False)
    out = tmp_path / "a.svg"
    assert cli.main(["plot", "toy_lm", "--out", str(out)]) == 0
    assert "loss" in out.read_text("utf-8")


def test_gradients_are_those_of_fresh_and_of_trained_weights(
    zoo, few_lags, monkeypatch
):
    seen = {}
    draw = lambda curves, out: seen.update(curves) or out  # noqa: E731
    monkeypatch.setattr(model_plots.plot, "plot_gradients", draw)
    command = ["plot", "toy_lm", TEXT, "--kind", "gradients", "--out", "a.png"]
    assert cli.main(command) == 0
    first = {label: norms.copy() for label, (_, norms) in seen.items()}
    assert list(first) == ["at initialisation", "trained"]
    assert not np.allclose(*first.values())
    assert cli.main(command) == 0
    for label, (lags, norms) in seen.items():
        assert (lags[0], norms[0]) == (0, 1)
        np.testing.assert_array_equal(norms, first[label])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--kind", "cake"], "--kind must be one of alignment, text, gates"),
        (["a", "--kind", "gates", "--unit", "1"], "--unit is not for --kind gates"),
        (["a", "--kind", "text", "--pieces"], "--pieces is not for --kind text"),
        (["a", "--kind", "alignment", "--top", "2"], "--top is not for --kind align"),
        (["a", "--kind", "training"], "--kind training reads no INPUT"),
        (["--kind", "training", "--beam-size", "2"], "--beam-size is not for"),
        (["--kind", "gates"], "--kind gates needs an INPUT"),
        ([], "--kind text needs an INPUT"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    zoo, no_load, capsys, tmp_path, arguments, message
):
    out = ["--out", str(tmp_path / "a.png")]
    assert cli.main(["plot", "toy_lm", *arguments, *out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["to be", "--beam-size", "2"], "--beam-size is not for --kind text"),
        (["to be", "--kind", "alignment"], "translations have an alignment"),
        (["to be", "--kind", "gradients"], "at least 66 characters"),
        (["to be", "--layer", "2"], "`layer` must be in [-2, 2)"),
        (["to be", "--kind", "gates", "--layer", "-3"], "Received: layer=-3"),
        (["", "--kind", "gates"], "at least 1 tokens"),
        (["XY"], "and not 'X'"),
    ],
)
def test_what_the_model_cannot_do_is_refused_in_one_line(
    zoo, capsys, tmp_path, arguments, message
):
    out = ["--out", str(tmp_path / "a.png")]
    assert cli.main(["plot", "toy_lm", *arguments, *out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["alignment", "gates", "gradients", "training"])
def test_a_page_is_for_texts_alone(zoo, no_load, capsys, kind):
    assert cli.main(["plot", "toy_lm", "a", "--kind", kind, "--out", "a.html"]) == 2
    assert ".png, .svg, .pdf. Received" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("toy_ml", "Did you mean 'toy_lm'?"),
        ("hf:me/toy_lm", "not from a Hub repository"),
        ("toy_lm", "train_log.csv, which training writes"),
    ],
)
def test_a_training_without_a_log_says_so(zoo, capsys, tmp_path, name, message):
    (zoo / "train_log.csv").unlink()
    out = ["--out", str(tmp_path / "a.png")]
    assert cli.main(["plot", name, "--kind", "training", *out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
