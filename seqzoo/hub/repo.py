"""One commit of a Hub repository, read through huggingface_hub and its cache.

huggingface_hub is imported when a file is fetched, not before: a bundled model does not
need it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqzoo.convert import is_foreign
from seqzoo.convert.settings import parse_object
from seqzoo.hub.client import (
    check_revision,
    checked_answers,
    clean_token,
    client,
)
from seqzoo.hub.errors import NotInRepoError, errors_of_fetching
from seqzoo.hub.manifest import CARD, COMMIT, CONFIG, RECORD, Pin, is_safe


@dataclass(frozen=True)
class Repo:
    """A Hub repository at a commit.

    Args:
        repo_id: `owner/name`.
        revision: A full commit.
        cache_dir: The Hub cache; None is huggingface_hub's own.
        offline: Whether only the cache may be used.
    """

    repo_id: str
    revision: str
    cache_dir: Path | None = None
    offline: bool = False

    def __str__(self) -> str:
        return f"hf:{self.repo_id}@{self.revision}"

    def cached(self, file: str, pin: Pin) -> Iterator[Path]:
        """Paths in the cache that may hold the pinned bytes.

        These are the file in the snapshot of this commit, and the blob with the pinned
        hash, which may have come with another commit.
        """
        if isinstance(path := self._cache_entry(file), str):
            yield self.inside(Path(path))
        if (blob := self._root / "blobs" / pin.sha256).is_file():
            yield self.inside(blob)

    @property
    def _root(self) -> Path:
        """The repository's folder in the cache."""
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        cache = Path(self.cache_dir or constants.HF_HUB_CACHE)
        return cache / repo_folder_name(repo_id=self.repo_id, repo_type="model")

    def inside(self, path: Path) -> Path:
        """The path of a file in the cache, if no link leads out of it.

        Raises:
            ValueError: If one does: an entry is a link to a blob beside it.
        """
        places = [folder.resolve() for folder in (self._root, self._root.parent)]
        target = path.resolve()
        if any(target.is_relative_to(place) for place in places):
            return path
        raise ValueError(
            f"{path} is a link to {target}, outside of the Hub cache, and was not "
            "read. Delete the link and load once more."
        )

    def fetch(self, file: str, force: bool = False) -> Path:
        """The file's path in the cache; downloads it if it is missing or if `force`."""
        with _asking(f"{file} of {self}", self.cache_dir, self.offline):
            path = client().hf_hub_download(
                self.repo_id,
                file,
                revision=self.revision,
                cache_dir=self.cache_dir,
                force_download=force,
                local_files_only=self.offline,
            )
        return self.inside(Path(path))

    def has(self, file: str) -> bool:
        """Whether the repository has the file at this commit; fetches it if so.

        Another client may have filled the cache, which then does not say that the
        repository lacks the file. If the Hub cannot be asked, a checkpoint of another
        library counts as one without the file.
        """
        try:
            self.fetch(file)
        except NotInRepoError:
            return False
        except (FileNotFoundError, ConnectionError):
            if self._cache_entry(file) is None and not self._is_foreign_in_cache():
                raise
            return False
        return True

    def _is_foreign_in_cache(self) -> bool:
        path = self._cache_entry(CONFIG)
        if not isinstance(path, str):
            return False
        data = self.inside(Path(path)).read_bytes()
        return is_foreign(parse_object(data, f"{CONFIG} of {self}"))

    def _cache_entry(self, file: str) -> Any:
        """The file's path as a string; None; or a mark that the repository lacks it."""
        from huggingface_hub import try_to_load_from_cache

        return try_to_load_from_cache(
            self.repo_id, file, cache_dir=self.cache_dir, revision=self.revision
        )

    def snapshot(self, weights: bool = True) -> Path:
        """Fetches all files that a load reads, and returns their folder.

        Only files on the allow-list (`is_safe`) are downloaded.
        """
        folder = self.fetch(CONFIG).parent
        if self.offline:
            return folder
        try:
            with _asking(str(self), self.cache_dir, self.offline):
                listed = client().repo_info(self.repo_id, revision=self.revision)
        except ConnectionError:
            # An earlier load may have left all files in the cache.
            if weights and not any(folder.glob("*.safetensors")):
                raise
            return folder
        for file in [entry.rfilename for entry in listed.siblings or ()]:
            wanted = weights or not file.endswith(".safetensors")
            is_read = file not in RECORD or file == CARD  # a card states the licence
            if wanted and is_safe(file) and is_read:
                self.fetch(file)
        return folder


@contextmanager
def _asking(wanted: str, cache_dir: Path | None, offline: bool) -> Iterator[None]:
    """Checks what is sent to the Hub and what comes back; translates its errors."""
    from huggingface_hub import constants

    if not offline and not constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
        clean_token(None)
    with errors_of_fetching(wanted, cache_dir, offline), checked_answers():
        yield


def is_offline(local_files_only: bool | None) -> bool:
    """Whether the argument or `HF_HUB_OFFLINE` forbids the network."""
    from huggingface_hub import constants

    return bool(local_files_only) or constants.is_offline_mode()


def resolve(
    repo_id: str, revision: str | None, cache_dir: Path | None, offline: bool
) -> Repo:
    """The repository at the commit that `revision` names now (default: `main`).

    All files of a load come from this one commit.
    """
    wanted = f"hf:{repo_id}@{revision or 'main'}"
    check_revision(revision)
    with _asking(wanted, cache_dir, offline):
        commit = client().resolve_revision(
            repo_id,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=offline,
        )
    if not COMMIT.fullmatch(commit.resolved):  # of the cache's folder `refs`
        raise ValueError(
            f"The Hub cache says that {wanted} is the commit {commit.resolved!r}, "
            "which is no commit. Delete the repository's folder from the cache and "
            "load once more, online."
        )
    return Repo(repo_id, commit.resolved, cache_dir, offline)
