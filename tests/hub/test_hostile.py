"""Repositories of others that mean harm, or are not what they seem."""

import json
import struct

import numpy as np
import pytest

import seqzoo
from seqzoo import hub
from tests.hub.toy import WEIGHTS, answer


def test_a_repository_is_checked_against_its_own_manifest(theirs, server):
    files = server.repos["someone/toy"][server.branches["someone/toy"]["main"]]
    files["labels.txt"] = b"bird"
    with pytest.raises(ValueError, match=r"labels\.txt is damaged"):
        seqzoo.load("hf:someone/toy")


@pytest.fixture
def bare(theirs, server):
    """A repository without manifest, with more in it than a model."""
    files = {path.name: path.read_bytes() for path in theirs.iterdir()}
    del files["manifest.json"]
    files |= {
        "model.pkl": b"\x80\x04.",
        "modeling.py": b"raise SystemExit",
        "sub/notes.txt": b"",
    }
    return files, server.publish("someone/bare", files)


def test_without_manifest_only_safe_files_are_fetched(bare, server, toy):
    loaded = seqzoo.load("hf:someone/bare")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    assert not {"model.pkl", "modeling.py"} & server.requests.keys()
    again = seqzoo.load("hf:someone/bare", local_files_only=True)
    np.testing.assert_array_equal(answer(again), answer(toy))


def test_a_pickle_is_never_loaded(bare, server):
    files, _ = bare
    weights = files.pop(WEIGHTS)
    server.publish("someone/pickled", files | {"pytorch_model.bin": weights})
    with pytest.raises(FileNotFoundError, match=r"no model\.safetensors.*pickle"):
        seqzoo.load("hf:someone/pickled")
    assert "pytorch_model.bin" not in server.requests


def test_a_climbing_manifest_of_others_writes_and_reads_nothing(theirs, server):
    files = {path.name: path.read_bytes() for path in theirs.iterdir()}
    files["manifest.json"] = files["manifest.json"].replace(
        b'"labels.txt"', b'"../../labels.txt"'
    )
    server.publish("someone/climbing", files)
    with pytest.raises(ValueError, match=r"'\.\./\.\./labels\.txt'.*refused"):
        seqzoo.load("hf:someone/climbing")
    assert server.requests == {"manifest.json": 1}


def test_a_foreign_class_of_others_is_not_looked_up(theirs, server):
    config = theirs / "config.json"
    config.write_text(config.read_text().replace('"Toy"', '"builtins.eval"'))
    hub.write_manifest(theirs)
    server.publish("someone/foreign", theirs)
    with pytest.raises(ValueError, match=r"builtins\.eval.*seqzoo lacks"):
        seqzoo.load("hf:someone/foreign")


@pytest.mark.parametrize(
    "file",
    ["../../evil.txt", "../evil.txt", "ROOT/evil.txt", "sub/evil.txt", "a\\b.txt"],
)
def test_climbing_paths_in_a_listing_are_not_asked_for(
    bare, server, toy, file, tmp_path
):
    files, _ = bare
    file = file.replace("ROOT", str(tmp_path))
    server.publish("someone/climbing", files | {file: b"evil"})
    before = {path for path in tmp_path.rglob("*") if "hub_cache" not in path.parts}
    loaded = seqzoo.load("hf:someone/climbing")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    after = {path for path in tmp_path.rglob("*") if "hub_cache" not in path.parts}
    assert before == after
    assert not list(tmp_path.rglob("*evil*"))
    assert file not in server.requests


HEADERS = {
    "longer than the file": struct.pack("<Q", 2**40) + b"{}",
    "longer than memory": struct.pack("<Q", 2**63 - 1) + b"{}",
    "of 200 MB": struct.pack("<Q", 200_000_000) + b"{" + b" " * 1000,
    "deeper than the stack": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "without shapes": struct.pack("<Q", 8) + b'{"a": 1}',
    "of a tensor past the end": struct.pack("<Q", 62)
    + b'{"a":{"dtype":"F32","shape":[9999],"data_offsets":[0,39996]}}  ',
    "a pickle": b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x02os.",
}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("has_manifest", [True, False])
def test_an_oversized_or_broken_header_is_refused(theirs, server, header, has_manifest):
    (theirs / WEIGHTS).write_bytes(HEADERS[header])
    hub.write_manifest(theirs)
    if not has_manifest:
        (theirs / "manifest.json").unlink()
    server.publish("someone/broken", theirs)
    with pytest.raises(ValueError, match=r"no readable safetensors"):
        seqzoo.load("hf:someone/broken")


@pytest.mark.parametrize("header", HEADERS)
def test_info_refuses_it_too(theirs, server, header):
    (theirs / WEIGHTS).write_bytes(HEADERS[header])
    hub.write_manifest(theirs)
    server.publish("someone/broken", theirs)
    with pytest.raises(ValueError, match=r"model\.safetensors .*no readable safeten"):
        seqzoo.info("hf:someone/broken")


@pytest.mark.parametrize("file", ["config.json", "manifest.json"])
def test_json_that_is_deeper_than_the_stack_is_refused(theirs, server, file):
    (theirs / file).write_text("[" * 200_000)
    if file == "config.json":
        hub.write_manifest(theirs)
    server.publish("someone/deep", theirs)
    with pytest.raises(ValueError, match=rf"{file} of hf:someone/deep.* is not JSON"):
        seqzoo.load("hf:someone/deep")


@pytest.mark.parametrize(
    "changes",
    [
        {"class": "keras.layers.Lambda"},
        {"class": "Toy", "registered_name": "os>system", "module": "os"},
        {"processor": {"class": "subprocess.Popen", "config": {"args": "false"}}},
        {"processor": "os.system"},
        {"auto_map": {"AutoModel": "modeling.Evil"}, "class": "modeling.Evil"},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_no_code_of_a_repository_runs(theirs, server, changes, tmp_path):
    """Its modules are not fetched, and no name in its config is looked up."""
    ran = tmp_path / "ran"
    config = json.loads((theirs / "config.json").read_text()) | changes
    (theirs / "config.json").write_text(json.dumps(config))
    hub.write_manifest(theirs)
    evil = f"open({str(ran)!r}, 'w')".encode()
    files = {path.name: path.read_bytes() for path in theirs.iterdir()}
    server.publish("someone/evil", files | {"modeling.py": evil, "__init__.py": evil})
    if "module" in changes:  # what our own format does not know has no meaning
        seqzoo.load("hf:someone/evil")
    else:
        with pytest.raises(ValueError, match="seqzoo lacks"):
            seqzoo.load("hf:someone/evil")
    assert not {"modeling.py", "__init__.py"} & server.requests.keys()
    assert not ran.exists()
