"""The real Hub client against a Hub on loopback, well and badly behaved."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

import seqzoo
from seqzoo import hub
from seqzoo.zoo import fetch

WEIGHTS = "model.safetensors"


def answer(model):
    return keras.ops.convert_to_numpy(model(model.example_inputs()))


def cached_weights(root):
    (blob,) = {path.resolve() for path in root.rglob(WEIGHTS)}
    return blob


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "hub_cache"


def test_the_pinned_revision_is_downloaded_once(published, server, toy, cache):
    loaded = seqzoo.load("toy_data")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    assert server.requests == {WEIGHTS: 1}  # the rest is in the bundle
    seqzoo.load("toy_data")
    assert server.requests == {WEIGHTS: 1}
    assert loaded.info.revision == hub.read_manifest(published).revision


def test_the_bundle_needs_no_hub(bundled, server):
    commit = server.publish("zoo/toy_data", bundled)
    hub.write_manifest(bundled, "zoo/toy_data", commit)
    seqzoo.load("toy_data")
    assert not server.requests


def test_source_hub_passes_over_the_bundle(published, server):
    seqzoo.load("toy_data", source="hub")
    assert {"config.json", "labels.txt", WEIGHTS} <= server.requests.keys()
    assert "train_log.csv" not in server.requests


def test_verify_finds_in_the_cache_what_is_not_in_the_bundle(published, server):
    assert (WEIGHTS, False) in seqzoo.verify("toy_data")
    fetch("toy_data")
    assert all(ok for _, ok in seqzoo.verify("toy_data"))


def test_fetch_makes_load_work_offline(theirs, server):
    fetch("hf:someone/toy")
    seqzoo.load("hf:someone/toy", local_files_only=True)


def test_info_of_a_repository_fetches_no_weights_if_its_record_suffices(
    published, server
):
    assert seqzoo.info("hf:zoo/toy_data").params == 26
    assert WEIGHTS not in server.requests


def test_source_bundle_never_asks_the_hub(published, server):
    with pytest.raises(FileNotFoundError, match="git checkout"):
        seqzoo.load("toy_data", source="bundle")
    assert not server.requests


def test_source_cache_takes_only_what_is_cached(published, server, toy):
    with pytest.raises(FileNotFoundError, match="not in the Hub cache"):
        seqzoo.load("toy_data", source="cache")
    seqzoo.load("toy_data", source="hub")
    count = server.requests.total()
    np.testing.assert_array_equal(
        answer(seqzoo.load("toy_data", source="cache")), answer(toy)
    )
    assert server.requests.total() == count


def test_source_hub_wants_a_pinned_revision(bundled, server):
    with pytest.raises(ValueError, match="pins no Hub revision"):
        seqzoo.load("toy_data", source="hub")


def test_a_later_commit_on_main_changes_nothing(published, server, toy):
    server.publish("zoo/toy_data", {"config.json": b"{}"})
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


def test_a_damaged_bundle_is_healed_from_the_hub(published, server, toy):
    (published / WEIGHTS).write_bytes(b"damaged")
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


def test_the_right_bytes_of_another_commit_in_the_cache_are_used(
    published, server, toy, monkeypatch
):
    seqzoo.load("toy_data")
    pinned = server.repos["zoo/toy_data"][hub.read_manifest(published).revision]
    commit = server.publish("zoo/toy_data", pinned | {"README.md": b"new"})
    (published / WEIGHTS).write_bytes(pinned[WEIGHTS])
    hub.write_manifest(published, "zoo/toy_data", commit)
    (published / WEIGHTS).unlink()
    loaded = seqzoo.load("toy_data", local_files_only=True)
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    assert server.requests == {WEIGHTS: 1}


@pytest.mark.parametrize("times", [1, 2])
def test_a_cut_connection_is_resumed(published, server, toy, times, monkeypatch):
    from huggingface_hub import constants

    # The client keeps whole chunks, of 10 MB; the toy's file is smaller than one.
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 16)
    server.cut[WEIGHTS] = times
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))
    assert len(server.ranges) == times
    assert all(file == WEIGHTS and start > 0 for file, start in server.ranges)


def test_a_connection_cut_in_the_first_chunk_starts_again(published, server, toy):
    server.cut[WEIGHTS] = 1
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))
    assert server.requests == {WEIGHTS: 2}


def test_a_connection_that_is_always_cut_is_an_error(published, server, cache):
    server.cut[WEIGHTS] = 99
    with pytest.raises(ConnectionError, match="could not be fetched"):
        seqzoo.load("toy_data")
    assert not list(cache.rglob("*.incomplete"))


def test_a_flipped_bit_on_the_way_is_fetched_again(published, server, toy):
    server.flipped[WEIGHTS] = 1
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))
    assert server.requests == {WEIGHTS: 2}


def test_a_bit_that_flips_every_time_is_an_error_and_never_loaded(published, server):
    server.flipped[WEIGHTS] = 99
    with pytest.raises(ValueError) as caught:
        seqzoo.load("toy_data")
    message = str(caught.value)
    pin = hub.read_manifest(published).files[WEIGHTS]
    for part in (WEIGHTS, "damaged", pin.sha256, "fetched again", "zoo/toy_data"):
        assert part in message
    assert message.count("sha256") == 2  # wanted and found
    assert server.requests == {WEIGHTS: 2}


def test_a_damaged_cache_is_fetched_again(published, server, toy, cache):
    seqzoo.load("toy_data")
    blob = cached_weights(cache)
    blob.write_bytes(b"\0" * blob.stat().st_size)
    for options in ({}, {"local_files_only": True}):  # the cache is whole again
        loaded = seqzoo.load("toy_data", **options)
        np.testing.assert_array_equal(answer(loaded), answer(toy))


def test_a_damaged_cache_offline_is_an_error(published, server, cache):
    seqzoo.load("toy_data")
    blob = cached_weights(cache)
    blob.write_bytes(b"\0" * blob.stat().st_size)
    with pytest.raises(ValueError, match="Offline, so it cannot be fetched again"):
        seqzoo.load("toy_data", local_files_only=True)


def test_a_file_that_the_repository_lacks_is_named(published, server):
    commit = hub.read_manifest(published).revision
    del server.repos["zoo/toy_data"][commit][WEIGHTS]
    with pytest.raises(FileNotFoundError, match=r"model\.safetensors of hf:zoo/toy"):
        seqzoo.load("toy_data")


def test_a_revision_that_is_gone_is_named(published, server):
    server.repos["zoo/toy_data"].clear()
    with pytest.raises(FileNotFoundError, match="no such revision"):
        seqzoo.load("toy_data")


def test_a_repository_that_is_gone_is_named(published, server):
    server.repos.clear()
    with pytest.raises(FileNotFoundError, match="no such repository"):
        seqzoo.load("toy_data")


def test_an_error_of_the_server_is_tried_again(published, server, toy):
    server.failing[WEIGHTS] = 2
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


def test_a_server_that_keeps_failing_is_an_error(published, server):
    server.failing[WEIGHTS] = 99
    with pytest.raises(ConnectionError, match=r"could not be reached \(.*500"):
        seqzoo.load("toy_data")


def test_a_hub_that_is_not_there_is_an_error(published, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError, match="Check the connection"):
        seqzoo.load("toy_data")


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_offline_works_from_the_cache_alone(published, server, toy, how, monkeypatch):
    from huggingface_hub import constants

    options = {"local_files_only": True} if how == "argument" else {}
    if how == "environment":  # what HF_HUB_OFFLINE=1 sets when the client is imported
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match="unset HF_HUB_OFFLINE"):
        seqzoo.load("toy_data", **options)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    seqzoo.load("toy_data")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", how == "environment")
    count = server.requests.total()
    np.testing.assert_array_equal(
        answer(seqzoo.load("toy_data", **options)), answer(toy)
    )
    assert server.requests.total() == count


def test_cache_dir_is_used(published, server, tmp_path, cache):
    seqzoo.load("toy_data", cache_dir=tmp_path / "elsewhere")
    assert cached_weights(tmp_path / "elsewhere").is_file()
    assert not cache.exists()


def test_loading_at_once_downloads_a_whole_file(published, server, toy):
    from seqzoo.zoo import _files

    results = []

    def read():
        results.append(_files("toy_data").contents[WEIGHTS])

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = hub.read_manifest(published).files[WEIGHTS]
    assert [hub.Pin.of(data) for data in results] == [wanted] * 4


def test_another_revision_of_a_name_has_its_own_manifest(published, server, toy):
    toy.out.bias.assign([1.0, 2.0])
    other = hub.save(toy, published.parent.parent / "other")
    server.publish("zoo/toy_data", other)
    loaded = seqzoo.load("toy_data", revision="main")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    with pytest.raises(FileNotFoundError, match="no such revision"):
        seqzoo.load("toy_data", revision="v9")


# Repositories of others.


@pytest.fixture
def theirs(server, toy, tmp_path):
    """Somebody's repository, as `save` and an upload make it."""
    folder = hub.save(toy, tmp_path / "theirs")
    server.publish("someone/toy", folder)
    return folder


def test_a_repository_of_others_is_loaded_by_hf(theirs, server, toy):
    loaded = seqzoo.load("hf:someone/toy")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    assert loaded.processor.labels == ["cat", "dog"]
    assert loaded.info.name == "hf:someone/toy"
    assert loaded.info.revision == server.branches["someone/toy"]["main"]


def test_every_file_of_a_load_is_of_one_commit(theirs, server, toy):
    old = server.branches["someone/toy"]["main"]
    server.publish("someone/toy", {"config.json": b"{}"})
    loaded = seqzoo.load(f"hf:someone/toy@{old}")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    server.branches["someone/toy"]["v1"] = old
    assert seqzoo.load("hf:someone/toy@v1").info.revision == old
    assert seqzoo.load("hf:someone/toy", revision="v1").info.revision == old


def test_a_repository_of_others_works_offline_from_the_cache(theirs, server, toy):
    with pytest.raises(FileNotFoundError, match="unset HF_HUB_OFFLINE"):
        seqzoo.load("hf:someone/toy", local_files_only=True)
    seqzoo.load("hf:someone/toy")
    loaded = seqzoo.load("hf:someone/toy", local_files_only=True)
    np.testing.assert_array_equal(answer(loaded), answer(toy))


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


def test_an_unknown_repository_or_revision_is_named(theirs, server):
    with pytest.raises(FileNotFoundError, match="no such repository"):
        seqzoo.load("hf:someone/nothing")
    with pytest.raises(FileNotFoundError, match="no such revision"):
        seqzoo.load("hf:someone/toy@v9")


def test_the_environment_of_a_fresh_process_is_obeyed(published, server, tmp_path):
    """HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE and SEQZOO_WEIGHTS, without any patch."""
    program = (
        "import sys; from seqzoo.zoo import _files\n"
        "print(len(_files('toy_data').contents['model.safetensors']))\n"
        "print('keras' in sys.modules)"
    )

    def run(**environment):
        return subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            cwd=Path(seqzoo.__file__).parents[1],
            env=os.environ
            | {"HF_ENDPOINT": server.url, "HF_HOME": str(tmp_path / "home")}
            | environment,
        )

    offline = run(HF_HUB_OFFLINE="1")
    assert "FileNotFoundError" in offline.stderr
    size = hub.read_manifest(published).files[WEIGHTS].size
    assert run().stdout.split() == [str(size), "False"]
    assert run(HF_HUB_OFFLINE="1").stdout.split() == [str(size), "False"]
