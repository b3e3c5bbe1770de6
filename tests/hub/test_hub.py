"""The real Hub client against a well-behaved Hub on loopback."""

import numpy as np
import pytest

import seqzoo
from seqzoo import hub
from seqzoo.zoo import fetch
from tests.hub.toy import WEIGHTS, answer, cached_weights


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


def test_cache_dir_is_used(published, server, tmp_path, cache):
    seqzoo.load("toy_data", cache_dir=tmp_path / "elsewhere")
    assert cached_weights(tmp_path / "elsewhere").is_file()
    assert not cache.exists()


def test_another_revision_of_a_name_has_its_own_manifest(published, server, toy):
    toy.out.bias.assign([1.0, 2.0])
    other = hub.save(toy, published.parent.parent / "other")
    server.publish("zoo/toy_data", other)
    loaded = seqzoo.load("toy_data", revision="main")
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    with pytest.raises(FileNotFoundError, match="no such revision"):
        seqzoo.load("toy_data", revision="v9")


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


def test_an_unknown_repository_or_revision_is_named(theirs, server):
    with pytest.raises(FileNotFoundError, match="no such repository"):
        seqzoo.load("hf:someone/nothing")
    with pytest.raises(FileNotFoundError, match="no such revision"):
        seqzoo.load("hf:someone/toy@v9")
