"""Names: what they mean, and what is said when they mean nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import seqzoo


def write_model(folder, task="toy", params=10):
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps(
            {"seqzoo_format": 1, "class": "Toy", "config": {"units": 3}, "task": task}
        )
    )
    (folder / "model.safetensors").write_bytes(b"\2\0\0\0\0\0\0\0{}")
    (folder / "metrics.json").write_text(
        json.dumps(
            {
                "params": params,
                "metrics": {
                    "bleu": {
                        "value": 38.2,
                        "unit": "BLEU",
                        "split": "test",
                        "examples": 1000,
                        "seeds": [0, 1, 2],
                        "spread": 0.2,
                    }
                },
                "published": {"bleu": {"value": 38.1, "source": "Someone 2020"}},
                "licence": "Apache-2.0",
            }
        )
    )
    from seqzoo import hub

    hub.write_manifest(folder, f"zoo/{folder.name}", "a" * 40)


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(tmp_path))
    write_model(tmp_path / "lstm_translate", "translation", 2_000_000)
    write_model(tmp_path / "gru_translate", "translation", 1_000_000)
    write_model(tmp_path / "vit_images", "images", 500_000)
    (tmp_path / "README.md").write_text("no model")
    (tmp_path / "unfinished").mkdir()
    return tmp_path


def test_models_are_listed_sorted(bundle):
    assert seqzoo.list_models() == ["gru_translate", "lstm_translate", "vit_images"]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"pattern": "*_translate"}, ["gru_translate", "lstm_translate"]),
        ({"pattern": "v?t_*"}, ["vit_images"]),
        ({"pattern": "VIT_*"}, []),
        ({"task": "images"}, ["vit_images"]),
        ({"max_params": 1_000_000}, ["gru_translate", "vit_images"]),
        (
            {"pattern": "*e", "task": "translation", "max_params": 1_500_000},
            ["gru_translate"],
        ),
    ],
)
def test_models_are_filtered(bundle, arguments, names):
    assert seqzoo.list_models(**arguments) == names


def test_a_bundle_that_is_not_there_holds_no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQZOO_WEIGHTS", str(tmp_path / "nowhere"))
    assert seqzoo.list_models() == []
    with pytest.raises(KeyError, match="all 0 names"):
        seqzoo.info("anything")


def test_info_says_what_the_record_says(bundle):
    info = seqzoo.info("lstm_translate")
    assert (info.task, info.class_name, info.params) == (
        "translation",
        "Toy",
        2_000_000,
    )
    assert info.config == {"units": 3}
    assert info.metrics["bleu"]["value"] == 38.2
    assert (info.repo_id, info.revision) == ("zoo/lstm_translate", "a" * 40)
    assert info.paper is None


def test_info_reads_well(bundle):
    assert repr(seqzoo.info("lstm_translate")) == (
        "lstm_translate\n"
        "  task     translation\n"
        "  class    Toy, 2,000,000 parameters\n"
        "  bleu     38.2 +- 0.2 BLEU (test, 1,000 examples, 3 seeds); "
        "published 38.1 (Someone 2020)\n"
        "  licence  Apache-2.0\n"
        f"  hub      hf:zoo/lstm_translate@{'a' * 40}"
    )


def test_info_needs_no_weights(bundle):
    (bundle / "lstm_translate" / "model.safetensors").unlink()
    assert seqzoo.info("lstm_translate").params == 2_000_000


def test_info_cannot_be_changed(bundle):
    with pytest.raises(AttributeError):
        seqzoo.info("lstm_translate").params = 1


@pytest.mark.parametrize("verb", ["info", "load", "build", "verify"])
def test_an_unknown_name_gives_the_nearest_ones(bundle, verb):
    with pytest.raises(KeyError) as caught:
        getattr(seqzoo, verb)("lstm_translat")
    message = str(caught.value)
    assert message.startswith("No model is named 'lstm_translat'. Did you mean 'lstm_")
    assert "list_models()" in message


@pytest.mark.parametrize("name", ["", "..x/y", "a b", "zzz", "unfinished"])
def test_a_malformed_name_is_unknown(bundle, name):
    with pytest.raises((KeyError, FileNotFoundError)):
        seqzoo.load(name)


def test_a_name_is_never_guessed_to_be_a_folder(bundle, monkeypatch):
    monkeypatch.chdir(bundle)
    (bundle / "mine").mkdir()
    with pytest.raises(KeyError, match=r"The folder is written \./mine"):
        seqzoo.load("mine")


def test_a_name_is_never_guessed_to_be_a_repository(bundle):
    with pytest.raises(KeyError, match="is written hf:owner/name"):
        seqzoo.load("owner/name")


def test_folders_are_given_by_a_path_or_by_their_first_character(bundle, monkeypatch):
    monkeypatch.chdir(bundle)
    monkeypatch.setenv("HOME", str(bundle))
    for name in (
        Path("vit_images"),
        "./vit_images",
        "~/vit_images",
        str(bundle / "vit_images"),
    ):
        assert seqzoo.info(name).task == "images"
        assert all(ok for _, ok in seqzoo.verify(name))


@pytest.mark.parametrize("name", ["./nowhere", Path("nowhere")])
def test_a_folder_that_is_not_there_is_named(bundle, name):
    with pytest.raises(FileNotFoundError, match="There is no folder nowhere"):
        seqzoo.load(name)


@pytest.mark.parametrize(
    "name", ["hf:", "hf:name", "hf:a/b/c", "hf:a/b@", "hf:a/b@c@d"]
)
def test_a_malformed_repository_is_refused(name):
    with pytest.raises(KeyError, match="Write hf:owner/name"):
        seqzoo.load(name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "vit_images", "source": "web"}, "source must be one of auto, bundle"),
        ({"name": "hf:a/b@c", "revision": "d"}, "Two revisions"),
        ({"name": "hf:a/b", "source": "bundle"}, "Use source='auto'"),
        ({"name": "./x", "revision": "d"}, "is a folder"),
        ({"name": "./x", "source": "hub"}, "is a folder"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(bundle, arguments, message):
    with pytest.raises(ValueError, match=message):
        seqzoo.load(**arguments)


def test_verify_refuses_a_repository():
    with pytest.raises(ValueError, match="Loading a Hub repository checks"):
        seqzoo.verify("hf:a/b")


def loaded_by(statement):
    """The modules that a fresh Python has imported after `statement`."""
    program = f"import sys; {statement}; print(' '.join(sys.modules))"
    return set(
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(seqzoo.__file__).parents[1],
        ).stdout.split()
    )


HEAVY = {"keras", "tensorflow", "jax", "torch", "numpy", "huggingface_hub", "typer"}


@pytest.mark.parametrize(
    "statement",
    [
        "import seqzoo",
        "import seqzoo; seqzoo.list_models(task='translation')",
        "import seqzoo; dir(seqzoo); [seqzoo.info(n) for n in seqzoo.list_models()]",
        "import seqzoo.hub; import seqzoo.zoo",
    ],
)
def test_names_need_no_heavy_library(bundle, statement):
    assert not loaded_by(statement) & HEAVY


def test_info_of_a_checkpoint_of_transformers_needs_no_keras():
    folder = Path(__file__).parent / "convert" / "golden" / "detr"
    statement = f"import seqzoo; seqzoo.info({str(folder)!r})"
    assert not loaded_by(statement) & (HEAVY - {"numpy"})


def test_every_public_name_is_there():
    for name in seqzoo.__all__:
        assert getattr(seqzoo, name).__doc__
        assert name in dir(seqzoo)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        seqzoo.laod  # noqa: B018
