"""The files of a model's folder, and the manifest that pins their contents.

`manifest.json` pins the sha256 and the size of every other file in the folder, and the
Hub repository and commit that serve the same bytes:

    {"seqzoo_format": 1, "repo_id": "owner/name" or null, "revision": commit or null,
     "files": {"model.safetensors": {"sha256": "...", "size": 123}, ...}}

Other people write manifests and repositories. Therefore only file names that this
library reads are accepted, and no subfolders (`is_safe`).
"""

import fnmatch
import hashlib
import json
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqzoo.convert import FAMILIES, is_foreign
from seqzoo.convert.settings import parse_object

FORMAT = 1
QUANTIZED_FORMAT = 2  # of a `config.json` beside weights of int8 (see `storage`)
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"  # names the weight files if there are several
SHARDS = "model-*-of-*.safetensors"  # these files
METRICS = "metrics.json"
CARD = "README.md"
MANIFEST = "manifest.json"
REQUIRED = (CONFIG, WEIGHTS)
# The record of the training run: hashed, but not needed to load a model.
RECORD = (CARD, "train_log.csv", "golden.safetensors")
PROCESSOR_FILES = ("characters.json", "tokenizer.json")
# Files that are read, as patterns of a shell; reading one runs no code.
SAFE_FILES = (
    *REQUIRED,
    METRICS,
    MANIFEST,
    *RECORD,
    INDEX,
    SHARDS,
    *PROCESSOR_FILES,
    "*.txt",  # as older processors have them
    *{file: None for family in FAMILIES.values() for file in family.files},
)

_FLAT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
REPO_ID = re.compile(r"[A-Za-z0-9](?!.*\.\.)[\w.-]*/\w[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Pin:
    """The hash and the size that a file must have."""

    sha256: str  # 64 lower-case hexadecimal digits
    size: int  # bytes

    @classmethod
    def of(cls, data: bytes) -> "Pin":
        """The pin that `data` matches."""
        return cls(hashlib.sha256(data).hexdigest(), len(data))

    def __str__(self) -> str:
        return f"sha256 {self.sha256} ({self.size:,} bytes)"


@dataclass(frozen=True)
class Manifest:
    """The contents of a `manifest.json`."""

    files: Mapping[str, Pin]
    repo_id: str | None = None  # Hub repository that serves the same files
    revision: str | None = None  # its commit; None while nothing is published


def is_safe(file: str) -> bool:
    """Whether a file of this name may be read: no folder in it, and without code."""
    return bool(_FLAT_NAME.fullmatch(file)) and any(
        fnmatch.fnmatchcase(file, pattern) for pattern in SAFE_FILES
    )


def is_written(file: str) -> bool:
    """Whether seqzoo writes a file of this name: no other is pinned or published.

    These are the files of `save` and of a training, and a checkpoint's own.
    """
    others = (*REQUIRED, METRICS, *RECORD, INDEX, SHARDS, *PROCESSOR_FILES)
    named = {name for family in FAMILIES.values() for name in family.files}
    return is_safe(file) and any(
        fnmatch.fnmatchcase(file, pattern) for pattern in (*others, *named)
    )


def refuse_links(folder: Path) -> None:
    """Refuses a folder whose manifest would pin the target of a link.

    Raises:
        ValueError: If a file that seqzoo writes is a link.
    """
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if (is_written(path.name) or path.name == MANIFEST) and path.is_symlink():
            raise ValueError(
                f"{path} is a link, and links are not followed: what it leads to might "
                "be published. Replace it by a copy of the file."
            )


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object in a file of a model.

    Raises:
        ValueError: If it is not one, or in a format that this version does not know.
    """
    values = parse_object(data, where)
    version = values.get("seqzoo_format", FORMAT)
    if version not in (FORMAT, QUANTIZED_FORMAT):
        raise ValueError(
            f"{where} has seqzoo_format {version!r}; this version reads {FORMAT} and "
            f"{QUANTIZED_FORMAT}. Upgrade with `pip install -U seqzoo`."
        )
    return values


def parse_manifest(data: bytes, where: str) -> Manifest:
    """The manifest in `data`, with every name and number checked.

    Raises:
        ValueError: If it names a file that seqzoo does not read (code, pickles, paths
            with folders), lacks a required file, or has a malformed pin.
    """
    values = parse_json(data, where)
    files = values.get("files")
    if not isinstance(files, dict):
        raise ValueError(f"{where} lacks its `files`. Received keys: {sorted(values)}.")
    for file in files:
        if not is_safe(file) or file == MANIFEST:
            raise ValueError(
                f"{where} names {file!r}, which is refused. A model folder holds "
                f"{', '.join(SAFE_FILES)}, without subfolders; nothing else is read."
            )
    pins = {file: _parse_pin(pin, f"{file} in {where}") for file, pin in files.items()}
    if missing := [file for file in REQUIRED if file not in pins]:
        raise ValueError(f"{where} does not pin {' and '.join(missing)}.")
    repo_id, revision = values.get("repo_id"), values.get("revision")
    if repo_id is not None and not (
        isinstance(repo_id, str) and REPO_ID.fullmatch(repo_id)
    ):
        raise ValueError(
            f"{where} must name a repository of the Hub, as owner/name. "
            f"Received: repo_id={repo_id!r}."
        )
    if revision is not None and not (
        repo_id and isinstance(revision, str) and COMMIT.fullmatch(revision)
    ):
        raise ValueError(
            f"{where} must pin a repo_id with a full commit, not a branch. "
            f"Received: repo_id={repo_id!r}, revision={revision!r}."
        )
    return Manifest(pins, repo_id, revision)


def _parse_pin(pin: Any, where: str) -> Pin:
    match pin:
        case {"sha256": str(sha256), "size": int(size)}:
            if _SHA256.fullmatch(sha256) and size >= 0:
                return Pin(sha256, size)
    raise ValueError(
        f"{where} must have a sha256 (64 lower-case hexadecimal digits) and a size in "
        f"bytes. Received: {pin!r}."
    )


def is_ours(manifest: bytes, config: Callable[[], bytes]) -> bool:
    """Whether the file `manifest.json` is one of seqzoo.

    Others use the name, too: of a web page, for example. A file without our mark is
    somebody else's only beside a checkpoint of another library; beside our own
    `config.json` it is ours, and damaged.

    Args:
        manifest: The contents of the file.
        config: A function that reads the `config.json` beside it.
    """
    if b'"seqzoo_format"' in manifest:
        return True
    try:
        return not is_foreign(parse_object(config(), CONFIG))
    except (OSError, ValueError):
        return True


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder, or None if it has none of seqzoo's."""
    data = _own_manifest(folder)
    return None if data is None else parse_manifest(data, str(folder / MANIFEST))


def _own_manifest(folder: Path) -> bytes | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    data = path.read_bytes()
    return data if is_ours(data, (folder / CONFIG).read_bytes) else None


def require_manifest(folder: Path, advice: str) -> Manifest:
    """The manifest of a folder.

    Raises:
        FileNotFoundError: If it has none; the message ends with `advice`.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. Check the path.")
    if (manifest := read_manifest(folder)) is None:
        raise FileNotFoundError(f"{folder / MANIFEST} is missing. {advice}")
    return manifest


def write_manifest(
    folder: str | os.PathLike[str],
    repo_id: str | None = None,
    revision: str | None = None,
) -> Manifest:
    """Hashes the files of a model's folder and writes `manifest.json`.

    Only files that seqzoo writes are pinned (see `is_written`).

    Args:
        folder: The folder, which holds `config.json` and `model.safetensors`.
        repo_id: The Hub repository of the model; by default the one of the folder's
            present manifest.
        revision: The commit of that repository which holds these very bytes.

    Returns:
        The new manifest.

    Raises:
        ValueError: If a required file is missing or a link, or the revision is no full
            commit.
    """
    folder = Path(folder)
    refuse_links(folder)
    path = folder / MANIFEST
    present = _own_manifest(folder)
    if present is None and path.exists():
        raise ValueError(
            f"{path} is not seqzoo's, and would be lost. Move it, or copy the model's "
            "files to a folder of their own."
        )
    if repo_id is None and present is not None:
        repo_id = parse_json(present, str(path)).get("repo_id")
    pins = {
        entry.name: Pin.of(entry.read_bytes())
        for entry in sorted(folder.iterdir())
        if entry.is_file() and is_written(entry.name)
    }
    data = encode(Manifest(pins, repo_id, revision))
    manifest = parse_manifest(data, str(path))
    replace_file(path, data)
    return manifest


def encode(manifest: Manifest) -> bytes:
    """The bytes of `manifest.json`; equal manifests give equal bytes."""
    values = {
        "seqzoo_format": FORMAT,
        "repo_id": manifest.repo_id,
        "revision": manifest.revision,
        "files": {file: vars(pin) for file, pin in manifest.files.items()},
    }
    return (json.dumps(values, indent=2) + "\n").encode()


def replace_file(path: Path, data: bytes) -> None:
    """Writes a temporary file and renames it, so that no reader sees half a file."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lets only one thread or process of this user at a time write into `folder`.

    The lock file stays after the lock is released, so it lies in the system's temporary
    folder and not beside `folder`.
    """
    from huggingface_hub.utils import WeakFileLock

    # On Windows, which has no getuid, each user has a temporary folder.
    user = getattr(os, "getuid", int)()
    key = hashlib.sha256(f"{user}:{folder.resolve()}".encode()).hexdigest()[:16]
    with WeakFileLock(Path(tempfile.gettempdir()) / f"seqzoo-{key}.lock"):
        yield
