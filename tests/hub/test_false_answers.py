"""A Hub that lies: what it says names no path outside of the cache."""

import numpy as np
import pytest

import seqzoo
from tests.hub.toy import WEIGHTS, answer

CLIMBING = [
    "../../../.bashrc",
    "..",
    "/tmp/seqzoo_evil",
    "a" * 39 + "/",
    "a" * 41,
    "A" * 40,
    "",
    "main",
    "a" * 20 + "/../" + "a" * 16,
]


@pytest.fixture
def files(tmp_path):
    """A function that gives every path below the test's folder and beside it."""

    def everything():
        return {path for path in tmp_path.rglob("*") if path.name != "CACHEDIR.TAG"}

    return everything


@pytest.mark.parametrize("commit", CLIMBING)
@pytest.mark.parametrize("verb", [seqzoo.load, seqzoo.info])
def test_a_commit_that_is_no_commit_is_refused(theirs, server, files, commit, verb):
    server.lies["sha"] = commit
    before = files()
    with pytest.raises(ValueError, match=r"hf:someone/toy.*commit must be 40 hexadec"):
        verb("hf:someone/toy")
    assert files() == before


@pytest.mark.parametrize("header", ["X-Repo-Commit", "ETag", "X-Linked-Etag"])
@pytest.mark.parametrize("value", CLIMBING)
def test_a_header_that_climbs_is_refused(theirs, server, files, header, value, cache):
    server.lies[header] = value
    before = files()
    with pytest.raises((ValueError, ConnectionError)) as caught:
        seqzoo.load("hf:someone/toy")
    if value:  # the client takes an empty header for a missing one
        assert "was refused" in str(caught.value)
        assert "hexadecimal digits" in str(caught.value)
    written = files() - before
    assert all(path.is_relative_to(cache) for path in written)


@pytest.mark.parametrize("commit", ["../../../evil", "/tmp/seqzoo_evil", "b" * 41])
def test_that_a_file_is_missing_is_kept_under_no_such_commit(
    theirs, server, files, cache, commit
):
    (theirs / "manifest.json").unlink()
    commit_of_theirs = server.publish("someone/bare", theirs)
    server.lies["X-Repo-Commit"] = commit
    before = files()
    with pytest.raises(ValueError, match="commit must be 40 hexadecimal digits"):
        seqzoo.load("hf:someone/bare", revision=commit_of_theirs)
    assert files() == before


@pytest.mark.parametrize("value", ["../../evil", "e" * 63])
def test_a_xet_hash_that_is_none_is_refused(theirs, server, value):
    server.lies["X-Xet-Hash"] = value
    with pytest.raises(ValueError, match="Xet hash must be 64 hexadecimal digits"):
        seqzoo.load("hf:someone/toy")


def test_it_is_refused_after_the_client_has_made_a_new_session(theirs, server):
    import huggingface_hub.utils._http as client

    seqzoo.info("hf:someone/toy")
    client.close_session()
    server.lies["X-Linked-Etag"] = "../../evil"
    server.publish("someone/again", theirs)
    with pytest.raises(ValueError, match="ETag must be 40 or 64"):
        seqzoo.load("hf:someone/again")


def test_answers_to_others_are_not_checked(theirs, server):
    """A program may use huggingface_hub beside seqzoo, with a Hub of its own."""
    from huggingface_hub import hf_hub_download

    seqzoo.info("hf:someone/toy")
    server.lies["ETag"] = "abc-12"
    server.publish("someone/other", {"x.txt": b"x"})
    assert hf_hub_download("someone/other", "x.txt")


@pytest.mark.parametrize(
    "revision", ["../../../evil", "a/../b", "/etc", ".git", "a//b", "a b", "a\\b", ""]
)
def test_a_revision_that_climbs_is_refused(theirs, server, files, revision):
    before = files()
    with pytest.raises(ValueError, match="is no revision"):
        seqzoo.load("hf:someone/toy", revision=revision)
    assert files() == before and not server.requests


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", "v1.0+b", "größer/2"])
def test_revisions_that_git_allows_are_asked_for(theirs, server, revision, toy):
    branches = server.branches["someone/toy"]
    from urllib.parse import quote

    branches[quote(revision, safe="")] = branches["main"]
    loaded = seqzoo.load("hf:someone/toy", revision=revision)
    np.testing.assert_array_equal(answer(loaded), answer(toy))


def test_a_reference_of_the_cache_that_climbs_is_refused(theirs, server, cache):
    seqzoo.load("hf:someone/toy")
    (reference,) = cache.rglob("refs/main")
    reference.write_text("../../../../theirs")
    with pytest.raises(ValueError, match="which is no commit"):
        seqzoo.load("hf:someone/toy", local_files_only=True)


@pytest.mark.parametrize("file", ["config.json", WEIGHTS, "labels.txt"])
@pytest.mark.parametrize("has_manifest", [True, False])
def test_a_link_that_leads_out_of_the_cache_is_not_followed(
    theirs, server, cache, tmp_path, file, has_manifest
):
    if not has_manifest:
        (theirs / "manifest.json").unlink()
    server.publish("someone/toy", theirs)
    seqzoo.load("hf:someone/toy")
    (entry,) = cache.rglob(f"snapshots/*/{file}")
    outside = tmp_path / "outside"
    outside.write_bytes(entry.read_bytes())
    entry.unlink()
    entry.symlink_to(outside)
    with pytest.raises(ValueError, match="outside of the Hub cache"):
        seqzoo.load("hf:someone/toy", local_files_only=True)


def test_a_repository_in_the_cache_may_be_a_link_to_another_disk(
    theirs, server, cache, tmp_path, toy
):
    seqzoo.load("hf:someone/toy")
    (folder,) = cache.glob("models--*")
    folder.rename(tmp_path / "disk")
    folder.symlink_to(tmp_path / "disk")
    loaded = seqzoo.load("hf:someone/toy", local_files_only=True)
    np.testing.assert_array_equal(answer(loaded), answer(toy))


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
@pytest.mark.parametrize("commit", ["../../evil", "main", None])
def test_a_push_pins_no_commit_that_is_none(mine, toy, tmp_path, commit):
    folder = seqzoo.save(toy, tmp_path / "toy")
    mine.lies["commitOid"] = commit
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match="commit must be 40 hexadecimal digits"):
        seqzoo.push(folder, "me/toy")
    assert (folder / "manifest.json").read_bytes() == before
