"""A model that is loaded and saved again: its licence, data, scores and origin."""

import json
import os

import numpy as np
import pytest
from huggingface_hub import ModelCard
from safetensors.numpy import load_file

import seqzoo
from seqzoo import hub
from tests.hub.toy import WEIGHTS, answer

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def record(folder):
    return json.loads((folder / "metrics.json").read_text())


def card(folder):
    return ModelCard((folder / "README.md").read_text(encoding="utf-8"))


@pytest.fixture
def licensed(bundled):
    """The toy of the bundle with a record of its data and a card."""
    metrics = record(bundled) | {"licence": "cc-by-nc-4.0", "data": "Toys, 2020"}
    (bundled / "metrics.json").write_text(json.dumps(metrics))
    (bundled / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\nBy hand.\n")
    hub.write_manifest(bundled)
    return bundled


def sha256(folder):
    return hub.read_manifest(folder).files[WEIGHTS].sha256


def test_an_unchanged_copy_keeps_everything(licensed, tmp_path):
    folder = seqzoo.save(seqzoo.load("toy_data"), tmp_path / "copy")
    origin = f"toy_data at sha256 {sha256(licensed)}"
    assert record(folder) == {
        "seqzoo_format": 1,
        **record(licensed),
        "derived_from": origin,
    }
    assert sha256(folder) == sha256(licensed)
    assert "By hand." in card(folder).text and origin in card(folder).text
    assert card(folder).data.license == "cc-by-nc-4.0"
    info = seqzoo.info(folder)
    assert (info.licence, info.derived_from) == ("cc-by-nc-4.0", origin)
    assert origin in repr(info)


@pytest.fixture
def changed(licensed):
    model = seqzoo.load("toy_data", dropout=0.0)
    model.out.bias.assign([1.0, 2.0])
    return model


def test_a_changed_model_keeps_licence_data_and_origin(changed, licensed, tmp_path):
    folder = seqzoo.save(changed, tmp_path / "mine")
    info = seqzoo.info(folder)
    assert info.licence == "cc-by-nc-4.0" and info.paper == "A Paper (2020)"
    assert info.data.startswith("Toys, 2020 (of toy_data;")
    assert info.derived_from == f"toy_data at sha256 {sha256(licensed)}"
    assert not info.metrics and not info.published  # scores of other weights
    assert info.params == changed.count_params()
    assert card(folder).data.license == "cc-by-nc-4.0"
    assert info.derived_from in card(folder).text and "By hand" not in card(folder).text
    assert all(good for _, good in seqzoo.verify(folder))


def test_its_origin_reaches_back_over_several_generations(changed, licensed, tmp_path):
    first = seqzoo.save(changed, tmp_path / "first")
    again = seqzoo.load(first)
    again.out.bias.assign([3.0, 4.0])
    info = seqzoo.info(seqzoo.save(again, tmp_path / "second"))
    assert info.licence == "cc-by-nc-4.0"
    assert info.derived_from == (
        f"first at sha256 {sha256(first)}, derived from toy_data at sha256 "
        f"{sha256(licensed)}"
    )
    assert str(tmp_path) not in json.dumps(record(tmp_path / "second"))


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_push_publishes_them(changed, mine, tmp_path, is_folder):
    what = seqzoo.save(changed, tmp_path / "mine") if is_folder else changed
    pushed = seqzoo.push(what, "me/mine")
    info = seqzoo.info(pushed)
    assert info.licence == "cc-by-nc-4.0" and "toy_data at sha256" in info.derived_from
    published = ModelCard(mine.head("me/mine")["README.md"].decode())
    assert published.data.license == "cc-by-nc-4.0"
    again = seqzoo.load(pushed)
    again.out.bias.assign([5.0, 6.0])
    copy = seqzoo.info(seqzoo.save(again, tmp_path / "again"))
    assert copy.licence == "cc-by-nc-4.0" and pushed.partition("@")[0] in (
        copy.derived_from
    )


def test_the_licence_of_a_checkpoint_is_in_its_card(tmp_path, server):
    from tests.hub.test_foreign import GOLDEN

    files = {path.name: path.read_bytes() for path in GOLDEN.iterdir()}
    files["README.md"] = b"---\nlicense: cc-by-sa-4.0\ntags:\n- x\n---\n# A ViT\n"
    commit = server.publish("someone/vit", files)
    model = seqzoo.load("hf:someone/vit")
    folder = seqzoo.save(model, tmp_path / "ours")
    assert seqzoo.info(folder).licence == "cc-by-sa-4.0"
    assert seqzoo.info(folder).derived_from == f"hf:someone/vit@{commit}"
    assert card(folder).data.base_model == "someone/vit"


def test_a_model_of_ones_own_has_no_origin(toy, tmp_path):
    folder = seqzoo.save(toy, tmp_path / "mine")
    assert not (folder / "metrics.json").exists()
    assert not (folder / "README.md").exists()


@pytest.mark.parametrize("name", ["elman_char_lm", "bilstm_attn_translate"])
def test_a_model_of_the_zoo_is_copied_byte_by_byte(name, tmp_path):
    folder = seqzoo.save(seqzoo.load(name), tmp_path / name)
    copy, original = seqzoo.info(folder), seqzoo.info(name)
    assert copy.licence == original.licence and copy.data == original.data
    assert copy.metrics == original.metrics
    assert copy.derived_from.endswith(sha256(folder))
    assert card(folder).data.license == original.licence


def test_float16_stays_float16_while_it_is_exact(toy, tmp_path):
    halved = seqzoo.save(toy, tmp_path / "halved", weights_dtype="float16")
    model = seqzoo.load(halved)
    copy = seqzoo.save(model, tmp_path / "copy")
    assert (copy / WEIGHTS).read_bytes() == (halved / WEIGHTS).read_bytes()
    model.out.bias.assign([1 / 3, 0.0])  # has no float16
    third = load_file(seqzoo.save(model, tmp_path / "third") / WEIGHTS)
    assert third["out/bias"].dtype == np.float32
    assert third["out/bias"][0] == np.float32(1 / 3)
    whole = seqzoo.save(model, tmp_path / "whole", weights_dtype="float32")
    assert load_file(whole / WEIGHTS)["out/kernel"].dtype == np.float32


# Files that are not seqzoo's.

FOREIGN = ["passwords.txt", "id_rsa", "notes.md", ".env", "names.txt", "data.json"]


@pytest.fixture
def littered(toy, tmp_path):
    folder = seqzoo.save(toy, tmp_path / "littered")
    for file in FOREIGN:
        (folder / file).write_text("secret")
    (folder / "sub").mkdir()
    return folder


def test_files_that_seqzoo_does_not_write_are_neither_pinned_nor_sent(
    littered, mine, toy
):
    seqzoo.save(toy, littered)
    pinned = hub.write_manifest(littered).files.keys()
    assert pinned == {"config.json", "labels.txt", WEIGHTS}
    seqzoo.push(littered, "me/littered")
    assert not set(FOREIGN) & mine.head("me/littered").keys()
    assert all((littered / file).read_text() == "secret" for file in FOREIGN)
    np.testing.assert_array_equal(answer(seqzoo.load("hf:me/littered")), answer(toy))


def test_a_manifest_that_pins_a_foreign_file_is_not_pushed(littered, mine):
    path = littered / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["passwords.txt"] = vars(hub.Pin.of(b"secret"))
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"passwords\.txt.*does not publish"):
        seqzoo.push(littered, "me/littered")
    assert not mine.requests


@pytest.mark.parametrize("file", ["README.md", "labels.txt", WEIGHTS, "manifest.json"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_links_are_never_followed(toy, mine, tmp_path, file, is_whole):
    folder = seqzoo.save(toy, tmp_path / "linked")
    secret = tmp_path / "secret"
    path = folder / file
    if is_whole and path.exists():
        os.replace(path, secret)
    else:
        secret.write_text("secret")
        path.unlink(missing_ok=True)
    before = secret.read_bytes()
    path.symlink_to(secret)
    actions = [
        lambda: seqzoo.save(toy, folder),
        lambda: hub.write_manifest(folder),
        lambda: seqzoo.push(folder, "me/linked"),
    ]
    for action in actions:
        with pytest.raises(ValueError, match=r"is a link|is not JSON"):
            action()
    assert secret.read_bytes() == before and path.is_symlink()
    assert not mine.requests
