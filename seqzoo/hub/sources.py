"""The verified bytes of a model, from the first place that has them.

Weights travel by content. A manifest pins what the bytes must be; where they come from
(the bundle, the Hub cache, the Hub, a folder) does not matter. Each file is read once,
hashed as read, and these same bytes are used: a wrong hash is never loaded. What has no
manifest, such as another library's checkpoint, is read as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.convert import is_foreign
from seqzoo.hub.manifest import (
    CONFIG,
    MANIFEST,
    PREPROCESSOR,
    RECORD,
    REQUIRED,
    WEIGHTS,
    Manifest,
    Pin,
    is_safe,
    parse_json,
    parse_manifest,
    read_manifest,
)
from seqzoo.hub.repo import Repo, is_offline

if TYPE_CHECKING:
    from seqzoo.convert.checkpoint import Checkpoint


@dataclass(frozen=True)
class Files:
    """The bytes of a model's files, and where they are from."""

    origin: str  # as in an error: a path or hf:owner/name@commit
    contents: Mapping[str, bytes]
    repo_id: str | None = None
    revision: str | None = None
    foreign: "Checkpoint | None" = None  # another library's weights


def read_folder(folder: Path, weights: bool = True) -> Files:
    """The files of a folder; checked against its manifest if it has one.

    Args:
        folder: A folder as `save` writes it.
        weights: Whether `model.safetensors` is wanted.

    Raises:
        FileNotFoundError: If the folder or a required file is missing.
        ValueError: If a file is not what the manifest pins.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder}. Check the path.")
    manifest = read_manifest(folder)
    if manifest is None:
        return _unpinned(folder, weights)
    advice = (
        "Copy the folder again; if you changed the file on purpose, renew the manifest "
        f"with `seqzoo.hub.write_manifest({str(folder)!r})`."
    )
    contents = {
        file: _pinned(file, pin, [folder / file], None, advice)
        for file, pin in _wanted(manifest, weights)
    }
    return Files(str(folder), contents, manifest.repo_id, manifest.revision)


def read_bundled(
    folder: Path,
    source: str = "auto",
    cache_dir: Path | None = None,
    local_files_only: bool | None = None,
    weights: bool = True,
) -> Files:
    """The files that the manifest in `folder` pins, from bundle, cache or Hub.

    Args:
        folder: The model's folder in the bundle; its manifest decides.
        source: "auto" (bundle, then Hub cache, then Hub), "bundle", "cache", or "hub"
            (Hub cache, then Hub: the bundle's own files are passed over).
        cache_dir: The Hub cache; None is huggingface_hub's own.
        local_files_only: True keeps off the network, as `HF_HUB_OFFLINE=1` does.
        weights: Whether `model.safetensors` is wanted.

    Raises:
        FileNotFoundError, ConnectionError, PermissionError: If a file is nowhere.
        ValueError: If a file's bytes are wrong wherever it was found.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise FileNotFoundError(
            f"{folder / MANIFEST} is missing. {_restore(folder / MANIFEST)}"
        )
    repo = None
    if manifest.repo_id and manifest.revision and source != "bundle":
        # Whether the network may be used is asked when a file is missing (`_pinned`):
        # the answer needs huggingface_hub, which a bundled model does not.
        repo = Repo(
            manifest.repo_id,
            manifest.revision,
            cache_dir,
            offline=bool(local_files_only) or source == "cache",
        )
    elif source in ("cache", "hub"):
        raise ValueError(
            f"source={source!r}: the manifest of {folder.name} pins no Hub revision. "
            "Use source='bundle' or 'auto'."
        )
    contents = {}
    for file, pin in _wanted(manifest, weights):
        bundled = [folder / file] if source in ("auto", "bundle") else []
        advice = _restore(folder / file) if repo is None else ""
        contents[file] = _pinned(file, pin, bundled, repo, advice)
    return Files(str(folder), contents, manifest.repo_id, manifest.revision)


def read_repo(repo: Repo, weights: bool = True) -> Files:
    """The files of a Hub repository, checked against its own manifest if it has one.

    Raises:
        FileNotFoundError, ConnectionError, PermissionError: If a file is not there.
        ValueError: If a file is not what the manifest pins.
    """
    if not repo.has(MANIFEST):
        return _unpinned(repo.snapshot(weights), weights, repo)
    data = repo.fetch(MANIFEST).read_bytes()
    manifest = parse_manifest(data, f"{MANIFEST} of {repo}")
    contents = {
        file: _pinned(file, pin, [], repo, "")
        for file, pin in _wanted(manifest, weights)
    }
    return Files(str(repo), contents, repo.repo_id, repo.revision)


def verify_folder(folder: Path) -> list[tuple[str, bool]]:
    """Each file that the folder's manifest pins, and whether its bytes are right.

    A file that is not in the folder may lie in the Hub cache.

    Raises:
        FileNotFoundError: If the folder has no manifest.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise FileNotFoundError(
            f"{folder / MANIFEST} is missing, so there is nothing to check against. "
            f"Write one with `seqzoo.hub.write_manifest({str(folder)!r})`."
        )
    checked = []
    for file, pin in manifest.files.items():
        paths = [folder / file] if (folder / file).is_file() else []
        if not paths and manifest.repo_id and manifest.revision:
            paths = list(Repo(manifest.repo_id, manifest.revision).cached(file, pin))
        checked.append((file, any(_read(path, pin)[0] is not None for path in paths)))
    return checked


def _wanted(manifest: Manifest, weights: bool) -> list[tuple[str, Pin]]:
    """What a load reads: not the record of the run, and the weights if wanted."""
    left_out = RECORD if weights else (*RECORD, WEIGHTS)
    return [pair for pair in manifest.files.items() if pair[0] not in left_out]


def _unpinned(folder: Path, weights: bool, repo: Repo | None = None) -> Files:
    """The readable files of a folder without manifest; it may be another library's."""
    origin = str(repo or folder)
    repo_id, revision = (repo.repo_id, repo.revision) if repo else (None, None)
    if (folder / CONFIG).is_file():
        data = (folder / CONFIG).read_bytes()
        if is_foreign(parse_json(data, f"{CONFIG} of {origin}")):
            contents = {CONFIG: data}
            if (folder / PREPROCESSOR).is_file():
                contents[PREPROCESSOR] = (folder / PREPROCESSOR).read_bytes()
            foreign = _checkpoint(folder) if weights else None
            return Files(origin, contents, repo_id, revision, foreign)
    contents = {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if is_safe(path.name)
        and path.is_file()
        and path.name not in RECORD
        and (weights or path.name != WEIGHTS)
    }
    for file in REQUIRED:
        if file not in contents and (weights or file != WEIGHTS):
            raise FileNotFoundError(
                f"{origin} has no {file}. seqzoo reads what `seqzoo.save` "
                "writes: weights as safetensors only, never a pickle, never code."
            )
    return Files(origin, contents, repo_id, revision)


def _checkpoint(folder: Path) -> "Checkpoint":
    from seqzoo.convert.checkpoint import Checkpoint

    return Checkpoint(folder)


def _read(path: Path, pin: Pin) -> tuple[bytes | None, str]:
    """The bytes if they fulfil the pin, else None; and what was found instead."""
    size = path.stat().st_size
    if size != pin.size:
        return None, f"{size:,} bytes"
    data = path.read_bytes()
    found = Pin.of(data)
    return (data, "") if found == pin else (None, str(found))


def _pinned(
    file: str, pin: Pin, paths: Iterable[Path], repo: Repo | None, advice: str
) -> bytes:
    """The pinned bytes of `file`: from `paths`, else from the cache, else the Hub."""
    rejected: list[str] = []

    def right(path: Path) -> bytes | None:
        data, found = _read(path, pin)
        if data is None:
            rejected.append(f"{path} has {found}")
        return data

    for path in paths:
        if path.is_file() and (data := right(path)) is not None:
            return data
    if repo is not None:
        in_cache = list(repo.cached(file, pin))
        for path in in_cache:
            if (data := right(path)) is not None:
                return data
        if repo.offline or is_offline(None):
            if not in_cache:
                Repo(repo.repo_id, repo.revision, repo.cache_dir, True).fetch(file)
            advice = (
                "Offline, so it cannot be fetched again: unset HF_HUB_OFFLINE, pass no "
                "local_files_only=True, and load once more."
            )
        else:
            # What the cache holds is wrong or nothing; a download may be damaged too,
            # so it is given one more try.
            for force in (bool(in_cache), True):
                if (data := right(repo.fetch(file, force))) is not None:
                    return data
            advice = (
                f"It was fetched again from {repo} without success. Something on the "
                "way alters it, or the repository was changed: try another network, or "
                "tell its owner."
            )
    if not rejected:
        raise FileNotFoundError(f"{', '.join(map(str, paths))} is missing. {advice}")
    raise ValueError(
        f"{file} is damaged and was not loaded. Wanted: {pin}. "
        f"Found: {'; '.join(dict.fromkeys(rejected))}. {advice}"
    )


def _restore(path: Path) -> str:
    return (
        f"Restore it: `git checkout -- {path}` in a clone, or "
        "`pip install --force-reinstall seqzoo`."
    )
