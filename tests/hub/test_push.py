"""Publishing with the real client to a Hub on loopback."""

import json

import numpy as np
import pytest
from huggingface_hub import ModelCard

import seqzoo
from seqzoo import hub
from tests.hub.toy import WEIGHTS, answer

REPO = "me/toy_data"

# huggingface_hub 2.4 hands its HTTP library a file the way that one is giving up.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def on_disk(folder):
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
    }


def test_what_is_pushed_is_loaded(bundled, mine, toy):
    pushed = seqzoo.push("toy_data", REPO)
    loaded = seqzoo.load(pushed)
    np.testing.assert_array_equal(answer(loaded), answer(toy))
    assert loaded.processor.labels == ["cat", "dog"]
    assert pushed == f"hf:{REPO}@{mine.branches[REPO]['main']}"


def test_the_folder_is_one_commit_of_exactly_these_bytes(bundled, mine):
    local = {path.name: path.read_bytes() for path in bundled.iterdir()}
    seqzoo.push("toy_data", REPO)
    assert len(mine.repos[REPO]) == 2  # one made the repository, one is ours
    there = dict(mine.head(REPO))
    manifest = json.loads(there.pop("manifest.json"))
    assert manifest["revision"] is None and manifest["repo_id"] == REPO
    assert manifest["files"] == json.loads(local.pop("manifest.json"))["files"]
    assert there.keys() - local.keys() == {".gitattributes", "README.md"}
    assert local.items() <= there.items()


def test_the_manifest_pins_the_commit_and_the_bundle_is_healed_from_it(
    bundled, mine, toy
):
    seqzoo.push("toy_data", REPO)
    manifest = hub.read_manifest(bundled)
    assert (manifest.repo_id, manifest.revision) == (
        REPO,
        mine.branches[REPO]["main"],
    )
    (bundled / WEIGHTS).unlink()
    np.testing.assert_array_equal(answer(seqzoo.load("toy_data")), answer(toy))


def test_a_second_push_makes_no_commit_and_changes_nothing(bundled, mine):
    first = seqzoo.push("toy_data", REPO)
    before = on_disk(bundled)
    assert seqzoo.push("toy_data", REPO) == first
    assert on_disk(bundled) == before
    for call in ("commit", "preupload", "lfs"):
        assert mine.requests[call] == 1


def test_only_what_changed_is_sent_again(bundled, mine):
    seqzoo.push("toy_data", REPO)
    (bundled / "train_log.csv").write_text("step,loss\n1,1.0\n")
    hub.write_manifest(bundled)
    seqzoo.push("toy_data", REPO)
    assert mine.requests["commit"] == 2
    assert mine.requests["lfs"] == 1


def test_what_others_added_since_moves_no_pin(bundled, mine):
    first = seqzoo.push("toy_data", REPO)
    mine.publish(REPO, mine.head(REPO) | {"photo.jpg": b"jpg"})
    assert seqzoo.push("toy_data", REPO) == first
    assert mine.requests["commit"] == 1


def test_a_pinned_commit_that_is_gone_is_replaced(bundled, mine):
    first = seqzoo.push("toy_data", REPO)
    commit = first.rpartition("@")[2]
    files = mine.repos[REPO].pop(commit)
    squashed = mine.publish(REPO, files | {"photo.jpg": b"jpg"})
    assert seqzoo.push("toy_data", REPO) == f"hf:{REPO}@{squashed}"


def test_changed_weights_are_a_second_commit(bundled, mine, toy):
    first = seqzoo.push("toy_data", REPO)
    toy.out.bias.assign([1.0, 2.0])
    hub.save(toy, bundled)
    assert hub.read_manifest(bundled).revision is None
    second = seqzoo.push("toy_data", REPO)
    assert first != second and mine.requests["commit"] == 2
    np.testing.assert_array_equal(answer(seqzoo.load(second)), answer(toy))
    assert seqzoo.load(first).info.revision == first.rpartition("@")[2]


def test_a_model_is_pushed_without_a_folder(mine, toy, tmp_path):
    before = set(tmp_path.rglob("*"))
    pushed = seqzoo.push(toy, "me/another")
    assert set(tmp_path.rglob("*")) == before
    np.testing.assert_array_equal(answer(seqzoo.load(pushed)), answer(toy))
    assert seqzoo.push(toy, "me/another") == pushed


def test_a_model_without_card_gets_one_that_the_hub_understands(mine, toy):
    seqzoo.push(toy, "me/another")
    card = ModelCard(mine.head("me/another")["README.md"].decode())
    assert card.data.library_name == "seqzoo"
    assert 'seqzoo.load("hf:me/another")' in card.text


def test_a_card_that_is_there_is_kept_and_one_in_the_folder_replaces_it(bundled, mine):
    theirs = b"---\nlicense: mit\n---\nMine.\n"
    mine.publish(REPO, {"README.md": theirs})
    seqzoo.push("toy_data", REPO)
    assert mine.head(REPO)["README.md"] == theirs
    (bundled / "README.md").write_text("---\nlibrary_name: seqzoo\n---\nNew.\n")
    hub.write_manifest(bundled)
    seqzoo.push("toy_data", REPO)
    assert b"New." in mine.head(REPO)["README.md"]


def test_private_makes_a_private_repository(bundled, mine):
    seqzoo.push("toy_data", REPO, private=True)
    assert REPO in mine.private


# What is refused, before anything is sent.


def test_without_token_nothing_is_sent(bundled, server):
    with pytest.raises(PermissionError, match=r"hf auth login.*HF_TOKEN"):
        seqzoo.push("toy_data", REPO)
    assert not server.requests


@pytest.mark.parametrize("repo", ["toy", "a/b/c", "hf:me/toy", "", "me/toy@main", "/x"])
def test_a_repository_of_another_form_is_refused(bundled, mine, repo):
    with pytest.raises(ValueError, match="as owner/name"):
        seqzoo.push("toy_data", repo)
    assert not mine.requests


def test_a_hub_name_is_not_pushed(mine):
    with pytest.raises(ValueError, match="on the Hub already"):
        seqzoo.push("hf:me/toy", REPO)


@pytest.mark.parametrize(
    ("harm", "error", "message"),
    [
        (
            lambda f: (f / WEIGHTS).write_bytes(b"x"),
            ValueError,
            f"{WEIGHTS} is damaged",
        ),
        (lambda f: (f / WEIGHTS).unlink(), FileNotFoundError, "rs is missing"),
        (lambda f: (f / "manifest.json").unlink(), FileNotFoundError, "seqzoo.save"),
        (
            lambda f: (f / "tokenizer.json").write_text("x"),
            ValueError,
            "tokenizer.json, which",
        ),
    ],
)
def test_a_folder_that_is_not_as_pinned_is_refused(bundled, mine, harm, error, message):
    harm(bundled)
    with pytest.raises(error, match=message):
        seqzoo.push("toy_data", REPO)
    assert not mine.requests


def test_only_models_of_the_zoo_are_pushed(mine):
    with pytest.raises(ValueError, match="save wants a model of the zoo"):
        seqzoo.push(object(), REPO)


# What the Hub refuses or fails at leaves the folder as it was.


@pytest.mark.parametrize("endpoint", ["create", "api", "preupload", "batch", "lfs"])
def test_a_push_that_fails_leaves_the_folder_and_the_next_completes_it(
    bundled, mine, toy, endpoint
):
    before = on_disk(bundled)
    mine.failing[endpoint] = 99
    with pytest.raises(ConnectionError, match="Nothing here was changed: push again"):
        seqzoo.push("toy_data", REPO)
    assert on_disk(bundled) == before
    mine.failing[endpoint] = 0
    np.testing.assert_array_equal(
        answer(seqzoo.load(seqzoo.push("toy_data", REPO))), answer(toy)
    )


@pytest.mark.parametrize("endpoint", ["preupload", "batch", "lfs"])
def test_an_upload_that_fails_once_is_tried_again(bundled, mine, endpoint):
    mine.failing[endpoint] = 1
    seqzoo.push("toy_data", REPO)
    assert mine.requests["commit"] == 1


def test_an_upload_that_is_cut_is_sent_again(bundled, mine, toy):
    mine.cut["lfs"] = 1
    pushed = seqzoo.push("toy_data", REPO)
    np.testing.assert_array_equal(answer(seqzoo.load(pushed)), answer(toy))


def test_a_commit_whose_answer_is_lost_is_found_by_the_next_push(bundled, mine):
    before = on_disk(bundled)
    mine.lost["commit"] = 1
    with pytest.raises(ConnectionError, match="push again"):
        seqzoo.push("toy_data", REPO)
    assert on_disk(bundled) == before
    pushed = seqzoo.push("toy_data", REPO)
    assert mine.requests["commit"] == 1
    assert pushed == f"hf:{REPO}@{mine.branches[REPO]['main']}"
    assert hub.read_manifest(bundled).revision == mine.branches[REPO]["main"]


@pytest.mark.parametrize("endpoint", ["create", "api", "commit"])
def test_a_hub_that_stalls_is_an_error(bundled, mine, impatient, endpoint):
    from huggingface_hub import get_session

    impatient()
    mine.stalled[endpoint] = 99
    before = get_session().timeout
    with pytest.raises(ConnectionError, match=r"timed out.*push again"):
        seqzoo.push("toy_data", REPO)
    assert get_session().timeout == before  # which others use too


def test_a_token_that_may_not_write_there_is_named(bundled, mine):
    before = on_disk(bundled)
    with pytest.raises(PermissionError, match=r"write to hf:nasa/toy \(You may"):
        seqzoo.push("toy_data", "nasa/toy")
    mine.publish("nasa/toy", {"README.md": b""})
    with pytest.raises(PermissionError, match="may not write to hf:nasa/toy"):
        seqzoo.push("toy_data", "nasa/toy")
    assert on_disk(bundled) == before


def test_a_token_that_the_hub_does_not_know_is_named(bundled, mine):
    with pytest.raises(PermissionError, match=r"refused the token.*Invalid username"):
        seqzoo.push("toy_data", REPO, token="stolen")


def test_somebody_else_s_commit_in_between_is_named(bundled, mine, monkeypatch):
    seqzoo.push("toy_data", REPO)
    (bundled / "train_log.csv").write_text("step,loss\n1,1.0\n")
    hub.write_manifest(bundled)
    real = mine.publish

    def validate(handler, wanted):  # the last thing before the commit is prepared
        real(REPO, mine.head(REPO) | {"photo.jpg": b"jpg"})
        handler._json({"errors": [], "warnings": []})

    (bundled / "README.md").write_text("---\nlibrary_name: seqzoo\n---\n")
    hub.write_manifest(bundled)
    monkeypatch.setattr(mine.RequestHandlerClass, "_validate", validate)
    with pytest.raises(ConnectionError, match=r"changed by someone else.*push again"):
        seqzoo.push("toy_data", REPO)
    assert hub.read_manifest(bundled).revision is None


def test_a_card_that_the_hub_refuses_is_named(bundled, mine):
    (bundled / "README.md").write_text("---\na: [\n---\n# Card\n")
    hub.write_manifest(bundled)
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        seqzoo.push("toy_data", REPO)
    assert not mine.requests["commit"]


def test_offline_is_named(bundled, mine, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ConnectionError, match="Unset HF_HUB_OFFLINE"):
        seqzoo.push("toy_data", REPO)
