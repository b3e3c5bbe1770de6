"""What a manifest may say, and what happens to files that break it."""

import json
from pathlib import Path

import pytest

import seqzoo
from seqzoo import hub
from seqzoo.convert import FAMILIES, settings
from seqzoo.hub.manifest import is_safe
from tests.convert.checkpoints import GOLDEN


def edit_manifest(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def pins(folder):
    return json.loads((folder / "manifest.json").read_text())["files"]


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "file", ["config.json", "model.safetensors", "tokenizer.json", "labels.txt"]
)
def test_files_that_cannot_run_code_are_read(file):
    assert is_safe(file)


@pytest.mark.parametrize(
    "file",
    [
        "../labels.txt",
        "/etc/labels.txt",
        "a/labels.txt",
        "a\\labels.txt",
        "..\\labels.txt",
        "C:labels.txt",
        ".txt",
        "labels.txt\n",
        "model.pkl",
        "pytorch_model.bin",
        "model.keras",
        "model.py",
        "config.json.exe",
        "",
    ],
)
def test_climbing_paths_pickles_and_code_are_not_read(file):
    assert not is_safe(file)


@pytest.mark.parametrize("file", ["../labels.txt", "model.pkl", "manifest.json"])
def test_a_manifest_that_names_such_a_file_is_refused_whole(bundled, file):
    edit_manifest(
        bundled, files=pins(bundled) | {file: {"sha256": "0" * 64, "size": 1}}
    )
    with pytest.raises(ValueError, match="which is refused"):
        seqzoo.load("toy_data")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files": {}}, "does not pin config.json and model.safetensors"),
        ({"files": None}, "lacks its `files`"),
        ({"files": {"config.json": "abc"}}, "sha256"),
        ({"files": {"config.json": {"sha256": "abc", "size": 1}}}, "sha256"),
        ({"files": {"config.json": {"sha256": "0" * 64, "size": "1"}}}, "size"),
        ({"repo_id": "zoo/toy", "revision": "main"}, "full commit, not a branch"),
        ({"repo_id": None, "revision": "0" * 40}, "repo_id"),
        ({"seqzoo_format": 99}, "pip install -U seqzoo"),
    ],
)
def test_a_manifest_of_another_form_is_refused(bundled, changes, message):
    edit_manifest(bundled, **changes)
    with pytest.raises(ValueError, match=message):
        seqzoo.load("toy_data")


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_a_manifest_that_is_no_json_object_is_refused(bundled, data):
    (bundled / "manifest.json").write_bytes(data)
    with pytest.raises(ValueError, match="JSON"):
        seqzoo.load("toy_data")


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "labels.txt"])
def test_a_flipped_bit_in_the_bundle_is_never_loaded(bundled, file):
    flip_a_bit(bundled / file)
    with pytest.raises(ValueError) as caught:
        seqzoo.load("toy_data")
    message = str(caught.value)
    assert str(bundled / file) in message
    assert pins(bundled)[file]["sha256"] in message
    assert "git checkout" in message and "pip install --force-reinstall" in message
    assert dict(seqzoo.verify("toy_data"))[file] is False


def test_a_truncated_file_is_never_loaded(bundled):
    path = bundled / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is damaged"):
        seqzoo.load("toy_data")


def test_a_missing_file_is_named_with_what_to_do(bundled):
    (bundled / "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"model.safetensors.*git checkout"):
        seqzoo.load("toy_data")
    assert ("model.safetensors", False) in seqzoo.verify("toy_data")


def test_a_bundled_model_without_manifest_is_not_loaded(bundled):
    (bundled / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"manifest\.json is missing"):
        seqzoo.load("toy_data")
    with pytest.raises(FileNotFoundError, match="nothing to check against"):
        seqzoo.verify("toy_data")


def test_a_damaged_folder_is_refused_and_a_renewed_manifest_accepts_it(bundled):
    (bundled / "labels.txt").write_text("bird")
    with pytest.raises(ValueError, match="write_manifest"):
        seqzoo.load(bundled)
    hub.write_manifest(bundled)
    assert seqzoo.load(bundled).processor.labels == ["bird"]


def test_a_folder_without_manifest_is_read_as_it_is(bundled):
    (bundled / "manifest.json").unlink()
    assert seqzoo.load(bundled).processor.labels == ["cat", "dog"]


def test_the_training_record_is_checked_by_verify_but_not_needed_to_load(bundled):
    flip_a_bit(bundled / "train_log.csv")
    assert dict(seqzoo.verify("toy_data"))["train_log.csv"] is False
    seqzoo.load("toy_data")


def test_verify_checks_every_file_but_the_manifest(bundled):
    files = {path.name for path in bundled.iterdir()} - {"manifest.json"}
    assert seqzoo.verify("toy_data") == [(file, True) for file in sorted(files)]


def test_write_manifest_leaves_out_what_load_would_refuse(bundled):
    (bundled / "notes.md").write_text("mine")
    (bundled / ".hidden.txt").write_text("mine")
    files = hub.write_manifest(bundled).files
    assert "notes.md" not in files and ".hidden.txt" not in files


def test_write_manifest_wants_config_and_weights(tmp_path):
    with pytest.raises(ValueError, match=r"does not pin config\.json"):
        hub.write_manifest(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_families_of_checkpoints_read_only_files_without_code(family):
    for file in family.files:
        assert is_safe(file)
        assert Path(file).suffix in {".json", ".txt", ".model", ".spm"}


@pytest.mark.parametrize("folder", ["ours", "theirs"])
def test_a_load_parses_each_json_file_once(bundled, monkeypatch, folder):
    parsed = []
    real = json.loads

    def loads(data):
        parsed.append(bytes(data))
        return real(data)

    folders = {"ours": bundled, "theirs": GOLDEN / "vit"}
    monkeypatch.setattr(settings.json, "loads", loads)
    seqzoo.load(folders[folder])
    files = {path.read_bytes() for path in folders[folder].glob("*.json")}
    assert sorted(data for data in parsed if data in files) == sorted(files)


def test_reading_hashes_each_byte_once(bundled, monkeypatch):
    """Loading from the bundle reads a file once, and hashes what it read."""
    reads = []
    real = Path.read_bytes

    def read_bytes(path):
        reads.append(path)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    seqzoo.load("toy_data")
    of_bundle = [path for path in reads if path.parent == bundled]
    assert len(of_bundle) == len(set(of_bundle))
