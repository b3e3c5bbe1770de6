"""Training on a text of the user's own: any length, one run a text, a true record."""

import dataclasses
import hashlib
import json
import math

import pytest

import seqzoo
from recipes._char_lm import char_lm, char_lm_card
from seqzoo import data
from seqzoo.training import main, run

CARD = char_lm_card(title="Elman network character model", paper="Elman 1990.")
TEXT = data.toy_text(4_000)


def tiny(corpus):
    """The recipe of the Elman network with few units, steps and epochs."""
    recipe = char_lm(corpus, "elman_char_lm", CARD, cell="elman", units=4)
    train = dataclasses.replace  # of a frozen recipe
    batches = data.TokenCircle(recipe.train.token_ids, 32, steps=4, batches=2)
    return train(recipe, train=batches, epochs=2, sample=None)


def train(path, folder, **settings):
    return run(
        lambda: tiny(data.text_file(path)),
        folder=folder / "weights",
        checkpoint_dir=folder / "checkpoints",
        run_eagerly=True,
        **settings,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "my text.txt").write_text(TEXT)
    return train(folder / "my text.txt", folder, epochs=1)


@pytest.mark.parametrize(
    ("characters", "steps"), [(50, 300), (500, 300), (20_000, 420), (300_000, 900)]
)
def test_a_long_text_has_no_larger_budget(tmp_path, characters, steps):
    path = tmp_path / "my.txt"
    path.write_text(data.toy_text(characters))
    recipe = char_lm(data.text_file(path), "elman_char_lm", CARD, "elman", units=2)
    assert recipe.epochs * len(recipe.train(0)) == steps
    inputs, targets = recipe.train(recipe.epochs - 1)[59]
    assert inputs.shape == targets.shape == (32, 128)
    assert math.isfinite(recipe.validate(recipe.model)["nats_per_character"].value)


def test_a_large_alphabet_is_cut_to_its_commonest_letters(tmp_path):
    path = tmp_path / "chinese.txt"
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + 3_000)))
    path.write_text(letters + letters[:100] * 3, "utf-8")
    recipe = char_lm(data.text_file(path), "elman_char_lm", CARD, "elman", units=2)
    assert recipe.model.processor.vocab_size == 2_048
    assert set(letters[:100]) < set(recipe.model.processor.characters)


def test_the_same_text_resumes(trained, capsys):
    folder = trained.parents[1]
    train(folder / "my text.txt", folder, epochs=1)
    assert "Resuming elman_char_lm_my_text after epoch 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda text: text.replace("to be", "be to", 1), "data"),
        (lambda text: text.replace("q", "x"), "processor, data"),  # another alphabet
    ],
)
def test_another_text_of_the_same_name_is_refused(trained, tmp_path, change, changed):
    path = tmp_path / "my text.txt"
    path.write_text(change(TEXT))
    before = (trained / "model.safetensors").read_bytes()
    with pytest.raises(ValueError, match=rf"another {changed}\. .*--no-resume"):
        train(path, trained.parents[1], epochs=1)
    assert (trained / "model.safetensors").read_bytes() == before


def test_what_to_expect_is_said_before_the_first_step(tmp_path, capsys):
    path = tmp_path / "my.txt"
    path.write_text(TEXT)

    class Stop:
        def __len__(self):
            return 60

        def __call__(self, epoch):
            raise OSError("enough")

    recipe = char_lm(data.text_file(path), "elman_char_lm", CARD, "elman", units=2)
    with pytest.raises(OSError, match="enough"):
        run(
            lambda: dataclasses.replace(recipe, train=Stop()),
            epochs=3,
            folder=tmp_path / "weights",
            checkpoint_dir=tmp_path,
        )
    printed = " ".join(capsys.readouterr().out.split())
    assert f"my.txt: 4,000 characters, {len(set(TEXT))} different ones" in printed
    assert "180 steps in 3 epochs, about 2 minutes on two CPU cores" in printed
    assert str(tmp_path / "weights" / "elman_char_lm_my") in printed


def test_the_record_is_true_in_each_line(trained):
    record = json.loads((trained / "metrics.json").read_text("utf-8"))
    assert trained.name == record["name"] == "elman_char_lm_my_text"
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    assert record["data_sha256"] == {"my text.txt": digest}
    assert record["recipe"] == "recipes/elman_char_lm.py"
    assert record["arguments"] == ["--text", "my text.txt", "--epochs", "1"]
    assert (record["epochs"], record["train_steps"]) == (1, 2)
    ((name, metric),) = record["metrics"].items()
    assert name == "nats_per_character_test"
    assert metric["examples"] == 200 - 1  # the first has no context
    assert metric["split"] == "my text.txt, test"
    assert record["licence"] == "unknown"
    assert "the next 200 choose the epoch, the last 200 test it" in record["data"]
    assert json.loads((trained / "manifest.json").read_text())["repo_id"] is None


def test_the_card_names_commands_that_work(trained, monkeypatch):
    card = (trained / "README.md").read_text("utf-8")
    command = "seqzoo train elman_char_lm --text 'my text.txt' --epochs 1 --seed 0"
    assert f"`{command}`" in card
    assert "Shakespeare" not in card
    assert "seqzoo/" not in card
    code = card.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(trained.parent)
    exec(code, {})
    assert seqzoo.verify("./elman_char_lm_my_text")


def test_another_text_is_not_scored_against_the_record(trained, tmp_path, capsys):
    path = tmp_path / "my text.txt"
    path.write_text(TEXT + "!")
    with pytest.raises(SystemExit):
        main(
            tiny,
            data=data.tiny_shakespeare,
            toy=str,
            read=data.text_file,
            arguments=["--text", str(path), "--evaluate", "--out", str(trained.parent)],
        )
    assert "was scored on other data: my text.txt of sha256" in capsys.readouterr().err
