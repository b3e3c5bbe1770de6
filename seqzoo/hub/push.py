"""Uploads a model's folder to a repository of the Hub, as one commit.

The uploaded manifest holds the hashes and no revision, for no commit can name itself.
After the commit, the folder's own manifest is pinned to it. Until then nothing in the
folder changes, so that an interrupted push can simply be repeated; files that have
arrived are not sent again.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.hub.card import bare_card
from seqzoo.hub.client import check_commit, clean_token, client, time_limit
from seqzoo.hub.errors import errors_of_pushing
from seqzoo.hub.folder import save
from seqzoo.hub.manifest import (
    CARD,
    MANIFEST,
    REPO_ID,
    Manifest,
    Pin,
    encode,
    is_written,
    locked,
    refuse_links,
    replace_file,
    require_manifest,
)
from seqzoo.hub.saved import parse
from seqzoo.hub.sources import Files, pinned_bytes

if TYPE_CHECKING:
    from seqzoo.tasks.base import Task


def push_folder(
    folder: Path, repo_id: str, private: bool | None = None, token: str | None = None
) -> str:
    """Uploads the files that the manifest pins, and pins the manifest to the commit.

    Args, result and errors are those of `seqzoo.push`.
    """
    token = _write_token(repo_id, token)
    manifest, contents = _read(folder)
    if not os.access(folder, os.W_OK):
        raise PermissionError(
            f"{folder / MANIFEST} cannot be written to, as a push must do at its end. "
            "Copy the folder to a place of yours and push it from there."
        )
    commit = _commit(contents, manifest, repo_id, private, token)
    pinned = encode(Manifest(manifest.files, repo_id, commit))
    with locked(folder):
        path = folder / MANIFEST
        if path.read_bytes() != pinned:
            replace_file(path, pinned)
    return f"hf:{repo_id}@{commit}"


def push_model(
    model: "Task", repo_id: str, private: bool | None = None, token: str | None = None
) -> str:
    """Saves a model into a temporary folder, and uploads that.

    Args, result and errors are those of `seqzoo.push`; it also raises a ValueError for
    a model that `save` refuses.
    """
    token = _write_token(repo_id, token)
    with tempfile.TemporaryDirectory(prefix="seqzoo-") as temporary:
        manifest, contents = _read(save(model, Path(temporary) / "model"))
    return f"hf:{repo_id}@{_commit(contents, manifest, repo_id, private, token)}"


def _write_token(repo_id: str, token: str | None) -> str:
    """Validates the repository id and returns a token."""
    if not REPO_ID.fullmatch(repo_id):
        raise ValueError(
            f"push wants a repository of the Hub, as owner/name. Received: {repo_id!r}."
        )
    token = clean_token(token)
    if not token:
        raise PermissionError(
            "push needs a token with write permission: `hf auth login`, or set "
            "HF_TOKEN. docs/publishing.md says how to get one."
        )
    return token


def _read(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The folder's manifest, and the verified bytes of the files that it pins."""
    renew = f"renew the manifest with `seqzoo.hub.write_manifest({str(folder)!r})`"
    advice = f"Save the model again; if you changed the file on purpose, {renew}."
    manifest = require_manifest(folder, f"Save the model with seqzoo.save, or {renew}.")
    refuse_links(folder)
    if foreign := [file for file in manifest.files if not is_written(file)]:
        raise ValueError(
            f"{MANIFEST} of {folder} pins {', '.join(foreign)}, which seqzoo does not "
            f"write and so does not publish. Remove it, and {renew}."
        )
    contents = {
        file: pinned_bytes(file, pin, folder, None, advice)
        for file, pin in manifest.files.items()
    }
    if others := [
        path.name
        for path in sorted(folder.iterdir())
        if is_written(path.name) and path.name not in contents
    ]:
        # Neither left out in silence nor published by surprise.
        raise ValueError(
            f"{folder} holds {', '.join(others)}, which {MANIFEST} does not pin. "
            f"Remove what should not be published, and {renew}."
        )
    return manifest, contents


def _commit(
    contents: dict[str, bytes],
    manifest: Manifest,
    repo_id: str,
    private: bool | None,
    token: str,
) -> str:
    """The commit of the repository that holds these bytes; a new one if none does.

    If the newest commit holds them, the commit that the manifest pins stays, as long as
    it exists: later commits may only have added other files.
    """
    from huggingface_hub import CommitOperationAdd

    api = client(token)
    # Without a revision, and with this repository even if the folder names another.
    uploaded = {**contents, MANIFEST: encode(Manifest(manifest.files, repo_id))}
    with errors_of_pushing(repo_id, token), time_limit():
        api.create_repo(repo_id, private=private, exist_ok=True)
        before = api.repo_info(repo_id, files_metadata=True)
        hashes = {
            entry.rfilename: entry.lfs.sha256 if entry.lfs else entry.blob_id
            for entry in before.siblings or ()
        }
        if CARD not in contents and CARD not in hashes:
            spec = parse(Files("the model", contents)).spec
            uploaded[CARD] = bare_card(spec, repo_id).encode()
        changed = [
            CommitOperationAdd(file, data)
            for file, data in uploaded.items()
            if hashes.get(file) not in (Pin.of(data).sha256, _git_hash(data))
        ]
        if changed:
            # With its parent named, the commit fails if somebody else has committed:
            # the files that are skipped as unchanged could be theirs.
            done = api.create_commit(
                repo_id,
                changed,
                commit_message="Upload with seqzoo",
                parent_commit=before.sha,
            )
            return check_commit(done.oid)
        pinned = manifest.revision if manifest.repo_id == repo_id else None
        is_there = pinned is not None and api.revision_exists(repo_id, pinned)
        return str(pinned if is_there else before.sha)


def _git_hash(data: bytes) -> str:
    """The hash by which git, and so the Hub, names the contents of a small file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
