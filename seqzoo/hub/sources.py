"""Reads and verifies a model's files, from the first place that has them.

A manifest pins the contents of each file, so that it may come from the bundle, the Hub
cache, the Hub or a folder. Each file is read once and hashed, and these same bytes are
used: bytes with a wrong hash are never loaded. Without a manifest, as in a checkpoint
of another library, nothing can be verified, and files are read as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqzoo.hub.manifest import (
    CARD,
    CONFIG,
    MANIFEST,
    RECORD,
    WEIGHTS,
    Manifest,
    Pin,
    is_ours,
    is_safe,
    parse_manifest,
    read_manifest,
    require_manifest,
)
from seqzoo.hub.repo import Repo, is_offline
from seqzoo.hub.tensors import weight_files


@dataclass(frozen=True)
class Files:
    """A model's files and their origin."""

    origin: str  # as errors name it: a path or hf:owner/name@commit
    contents: Mapping[str, bytes]  # by name, all but the weights
    # The verified bytes; or, without a manifest, the paths; None if not wanted.
    weights: bytes | Sequence[Path] | None = None
    repo_id: str | None = None
    revision: str | None = None
    weights_sha256: str | None = None  # of the one file of weights in our format
    card: str | None = None  # `README.md`, if no network is needed to read it


def read_folder(folder: Path, weights: bool = True) -> Files:
    """The files of a folder; checked against its manifest if it has one.

    Args:
        folder: A folder as `save` writes it, or another library's checkpoint.
        weights: Whether the weights are wanted.

    Raises:
        FileNotFoundError: If the folder or a required file is missing.
        ValueError: If a file does not match its pin.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. Check the path.")
    manifest = read_manifest(folder)
    if manifest is None:
        return _read_unpinned(folder, weights, None)
    advice = (
        "Copy the folder again; if you changed the file on purpose, renew the manifest "
        f"with `seqzoo.hub.write_manifest({str(folder)!r})`."
    )
    return _read_pinned(str(folder), manifest, weights, folder, None, advice)


def read_bundled(
    folder: Path,
    source: str = "auto",
    cache_dir: Path | None = None,
    local_files_only: bool | None = None,
    weights: bool = True,
) -> Files:
    """The files that the manifest in `folder` pins, from bundle, cache or Hub.

    `source="hub"` means the Hub cache, then the Hub. The other args, and the errors,
    are those of `seqzoo.load`.
    """
    advice = (
        f"Restore the folder: `git checkout -- {folder}` in a clone, or "
        "`pip install --force-reinstall seqzoo`."
    )
    manifest = require_manifest(folder, advice)
    repo = None
    if manifest.repo_id and manifest.revision and source != "bundle":
        # HF_HUB_OFFLINE is read only when a file is missing (`pinned_bytes`): that
        # imports huggingface_hub, which a bundled model does not need.
        offline = bool(local_files_only) or source == "cache"
        repo = Repo(manifest.repo_id, manifest.revision, cache_dir, offline)
    elif source in ("cache", "hub"):
        raise ValueError(
            f"source={source!r}: the manifest of {folder.name} pins no Hub revision. "
            "Use source='bundle' or 'auto'."
        )
    bundle = folder if source in ("auto", "bundle") else None
    return _read_pinned(str(folder), manifest, weights, bundle, repo, advice)


def read_repo(repo: Repo, weights: bool = True) -> Files:
    """The files of a Hub repository, checked against its own manifest if it has one.

    Raises:
        FileNotFoundError, ConnectionError, PermissionError: If a file is not there.
        ValueError: If a file does not match its pin.
    """
    if not repo.has(MANIFEST):
        return _read_unpinned(repo.snapshot(weights), weights, repo)
    data = repo.fetch(MANIFEST).read_bytes()
    if not is_ours(data, lambda: repo.fetch(CONFIG).read_bytes()):
        return _read_unpinned(repo.snapshot(weights), weights, repo)
    manifest = parse_manifest(data, f"{MANIFEST} of {repo}")
    # A repository's manifest cannot name the commit that it is part of.
    manifest = Manifest(manifest.files, repo.repo_id, repo.revision)
    return _read_pinned(str(repo), manifest, weights, None, repo, "")


def verify_folder(folder: Path) -> list[tuple[str, bool]]:
    """Each file that the folder's manifest pins, and whether its bytes are right.

    A file that is not in the folder may be in the Hub cache.

    Raises:
        FileNotFoundError: If the folder or its manifest is missing.
    """
    manifest = require_manifest(
        folder,
        "There is nothing to check against: write one with "
        f"`seqzoo.hub.write_manifest({str(folder)!r})`.",
    )
    checked = []
    for file, pin in manifest.files.items():
        paths = [folder / file] if (folder / file).is_file() else []
        if not paths and manifest.repo_id and manifest.revision:
            paths = list(Repo(manifest.repo_id, manifest.revision).cached(file, pin))
        checked.append((file, any(_read(path, pin)[0] is not None for path in paths)))
    return checked


def _read_unpinned(folder: Path, weights: bool, repo: Repo | None) -> Files:
    """The files of a folder without a manifest, or of a repository fetched into it."""
    origin = str(repo or folder)
    contents = {
        path.name: (repo.inside(path) if repo else path).read_bytes()
        for path in sorted(folder.iterdir())
        if is_safe(path.name)
        and path.is_file()
        and path.name not in RECORD
        and path.suffix != ".safetensors"
    }
    if CONFIG not in contents:
        raise FileNotFoundError(
            f"{origin} has no {CONFIG}. seqzoo reads folders that `seqzoo.save` "
            "writes, and checkpoints of transformers."
        )
    paths = weight_files(folder, origin) if weights else None
    card = _card(folder / CARD)
    if repo is None:
        return Files(origin, contents, paths, card=card)
    paths = paths and [repo.inside(path) for path in paths]
    return Files(origin, contents, paths, repo.repo_id, repo.revision, card=card)


def _card(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except (OSError, ValueError):
        return None  # it is read for its licence alone


def _read_pinned(
    origin: str,
    manifest: Manifest,
    weights: bool,
    folder: Path | None,
    repo: Repo | None,
    advice: str,
) -> Files:
    """The pinned files that a load reads; see `pinned_bytes`."""
    skipped = RECORD if weights else (*RECORD, WEIGHTS)
    contents = {
        file: pinned_bytes(file, pin, folder, repo, advice)
        for file, pin in manifest.files.items()
        if file not in skipped
    }
    tensors = contents.pop(WEIGHTS, None)
    pin = manifest.files.get(CARD)
    card = _card(folder / CARD) if folder and pin else None
    if card is not None and Pin.of(card.encode()) != pin:
        card = None
    return Files(
        origin,
        contents,
        tensors,
        manifest.repo_id,
        manifest.revision,
        weights_sha256=manifest.files[WEIGHTS].sha256,
        card=card,
    )


def pinned_bytes(
    file: str, pin: Pin, folder: Path | None, repo: Repo | None, advice: str
) -> bytes:
    """The pinned bytes of `file`: from `folder`, else from the cache, else the Hub.

    With no `folder` or no `repo`, those places are skipped. An error ends with
    `advice`, unless there is better advice on the Hub.

    Raises:
        FileNotFoundError, ConnectionError, PermissionError: If no place has the file.
        ValueError: If no place has the right bytes.
    """
    rejected: list[str] = []

    def read(path: Path) -> bytes | None:
        data, actual = _read(path, pin)
        if data is None:
            rejected.append(f"{path} has {actual}")
        return data

    path = folder / file if folder else None
    if path and path.is_file() and (data := read(path)) is not None:
        return data
    if repo is None and not rejected:
        raise FileNotFoundError(f"{path} is missing. {advice}")
    if repo is not None:
        cached = list(repo.cached(file, pin))
        for blob in cached:
            if (data := read(blob)) is not None:
                return data
        if repo.offline or is_offline(None):
            if not cached:
                Repo(repo.repo_id, repo.revision, repo.cache_dir, True).fetch(file)
            advice = (
                "Offline, so it cannot be fetched again: unset HF_HUB_OFFLINE, pass no "
                "local_files_only=True, and load once more."
            )
        else:
            # A download may be damaged, too, so a second one is tried.
            for force in (bool(cached), True):
                if (data := read(repo.fetch(file, force))) is not None:
                    return data
            advice = (
                f"It was fetched again from {repo} without success. Something on the "
                "way alters it, or the repository was changed: try another network, or "
                "tell its owner."
            )
    raise ValueError(
        f"{file} is damaged and was not loaded. Wanted: {pin}. "
        f"Found: {'; '.join(dict.fromkeys(rejected))}. {advice}"
    )


def _read(path: Path, pin: Pin) -> tuple[bytes | None, str]:
    """The bytes and "" if they match the pin; else None and their size or hash."""
    size = path.stat().st_size
    if size != pin.size:
        return None, f"{size:,} bytes"
    data = path.read_bytes()
    actual = Pin.of(data)
    return (data, "") if actual == pin else (None, str(actual))
