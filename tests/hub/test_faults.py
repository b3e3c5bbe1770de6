"""The network and the Hub misbehave: what is promised then."""

import numpy as np
import pytest

import seqzoo
from seqzoo import hub
from seqzoo.zoo import fetch
from tests.hub.toy import WEIGHTS, answer, cached_weights


def test_a_damaged_bundle_is_healed_from_the_hub(published, server, toy):
    (published / WEIGHTS).write_bytes(b"damaged")
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


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


def test_a_repository_of_others_works_offline_from_the_cache(theirs, server, toy):
    with pytest.raises(FileNotFoundError, match="unset HF_HUB_OFFLINE"):
        seqzoo.load("hf:someone/toy", local_files_only=True)
    seqzoo.load("hf:someone/toy")
    loaded = seqzoo.load("hf:someone/toy", local_files_only=True)
    np.testing.assert_array_equal(answer(loaded), answer(toy))


# A Hub that says nothing.


@pytest.mark.parametrize("where", [WEIGHTS, f"body of {WEIGHTS}"])
def test_a_stalled_download_is_an_error(published, server, impatient, where):
    impatient()
    server.stalled[where] = 99
    with pytest.raises(ConnectionError, match=r"timed out.*Check the connection"):
        seqzoo.load("toy_data")


def test_a_stalled_api_is_an_error(theirs, server, impatient):
    """The client itself would wait for ever."""
    impatient()
    server.stalled["api"] = 99
    with pytest.raises(ConnectionError, match=r"timed out.*Check the connection"):
        seqzoo.load("hf:someone/toy")


def test_a_stalled_api_is_made_up_for_by_the_cache(theirs, server, impatient, toy):
    seqzoo.load("hf:someone/toy")
    impatient()
    server.stalled["api"] = 99
    np.testing.assert_array_equal(answer(seqzoo.load("hf:someone/toy")), answer(toy))


def test_a_download_that_stalls_once_is_resumed(
    published, server, toy, impatient, monkeypatch
):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 16)
    impatient()
    server.stalled[f"body of {WEIGHTS}"] = 1
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))
    assert {file for file, start in server.ranges if start} == {WEIGHTS}


def test_a_slow_download_is_waited_for(published, server, toy, impatient):
    """It takes four times as long as the Hub may say nothing."""
    impatient()
    server.slow[WEIGHTS] = 1
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


# What the Hub keeps back, or has in another form.


def test_a_truncated_file_on_the_hub_is_never_loaded(published, server, cache):
    head = server.head("zoo/toy_data")
    head[WEIGHTS] = head[WEIGHTS][:-1]
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged.*not loaded"):
        seqzoo.load("toy_data")
    with pytest.raises(ValueError, match="Offline, so it cannot be fetched again"):
        seqzoo.load("toy_data", local_files_only=True)


def test_a_private_repository_wants_a_token(theirs, server, toy, monkeypatch):
    server.private.add("someone/toy")
    server.tokens["secret"] = {"someone"}
    with pytest.raises(FileNotFoundError, match=r"or it is private.*hf auth login"):
        seqzoo.load("hf:someone/toy")
    monkeypatch.setenv("HF_TOKEN", "secret")
    np.testing.assert_array_equal(answer(seqzoo.load("hf:someone/toy")), answer(toy))
    assert server.authorized == [("cdn", None)]  # no other host sees the token


def test_a_private_pinned_repository_wants_a_token(published, server, monkeypatch):
    server.private.add("zoo/toy_data")
    with pytest.raises(FileNotFoundError, match=r"or it is private.*hf auth login"):
        seqzoo.load("toy_data")


def test_without_network_a_checkpoint_without_manifest_comes_from_the_cache(
    server, toy, theirs
):
    files = {path.name: path.read_bytes() for path in theirs.iterdir()}
    del files["manifest.json"]
    server.publish("someone/bare", files)
    fetch("hf:someone/bare")
    server.shutdown()
    server.server_close()
    np.testing.assert_array_equal(answer(seqzoo.load("hf:someone/bare")), answer(toy))
