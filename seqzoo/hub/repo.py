"""One commit of a Hub repository, read through huggingface_hub and its cache.

huggingface_hub is imported when a file is fetched, not before: a bundled model does not
need it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqzoo.hub.client import client
from seqzoo.hub.errors import NotInRepoError, errors_of_fetching
from seqzoo.hub.manifest import CONFIG, RECORD, Pin, is_safe


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
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        if isinstance(path := self._cache_entry(file), str):
            yield Path(path)
        root = Path(self.cache_dir or constants.HF_HUB_CACHE)
        blobs = root / repo_folder_name(repo_id=self.repo_id, repo_type="model")
        if (blob := blobs / "blobs" / pin.sha256).is_file():
            yield blob

    def fetch(self, file: str, force: bool = False) -> Path:
        """The file's path in the cache; downloads it if it is missing or if `force`."""
        with errors_of_fetching(f"{file} of {self}", self.cache_dir, self.offline):
            return Path(
                client().hf_hub_download(
                    self.repo_id,
                    file,
                    revision=self.revision,
                    cache_dir=self.cache_dir,
                    force_download=force,
                    local_files_only=self.offline,
                )
            )

    def has(self, file: str) -> bool:
        """Whether the repository has the file at this commit; fetches it if so."""
        try:
            self.fetch(file)
        except NotInRepoError:
            return False
        except (FileNotFoundError, ConnectionError):
            if self._cache_entry(file) is None:
                raise
            return False
        return True

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
            with errors_of_fetching(str(self), self.cache_dir, self.offline):
                listed = client().repo_info(self.repo_id, revision=self.revision)
        except ConnectionError:
            # An earlier load may have left all files in the cache.
            if weights and not any(folder.glob("*.safetensors")):
                raise
            return folder
        for file in [entry.rfilename for entry in listed.siblings or ()]:
            wanted = weights or not file.endswith(".safetensors")
            if wanted and is_safe(file) and file not in RECORD:
                self.fetch(file)
        return folder


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
    with errors_of_fetching(wanted, cache_dir, offline):
        commit = client().resolve_revision(
            repo_id,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=offline,
        )
    return Repo(repo_id, commit.resolved, cache_dir, offline)
