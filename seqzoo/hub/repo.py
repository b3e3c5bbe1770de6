"""One commit of a Hub repository, read through huggingface_hub and its cache.

The client is imported when a file is asked for, never before: a model that lies in the
bundle is loaded without it. Its many kinds of errors become three here:
`FileNotFoundError` (the file is not there, or not in the cache while offline),
`PermissionError` (gated or private) and `ConnectionError` (the Hub did not deliver).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqzoo.hub.manifest import RECORD, SAFE_FILES, Pin


class NotInRepoError(FileNotFoundError):
    """The repository has no such file at this commit, which is known for certain."""


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
        """Places of the cache that may hold the pinned bytes.

        That is the snapshot of this commit, and the blob of that hash, which another
        commit with the same file has left there.
        """
        from huggingface_hub import constants, try_to_load_from_cache
        from huggingface_hub.file_download import repo_folder_name

        path = try_to_load_from_cache(
            self.repo_id, file, cache_dir=self.cache_dir, revision=self.revision
        )
        if isinstance(path, str):
            yield Path(path)
        root = Path(self.cache_dir or constants.HF_HUB_CACHE)
        blobs = root / repo_folder_name(repo_id=self.repo_id, repo_type="model")
        if (blob := blobs / "blobs" / pin.sha256).is_file():
            yield blob

    def fetch(self, file: str, force: bool = False) -> Path:
        """The file's place in the cache; downloaded if it is not there or `force`."""
        with _clear_errors(f"{file} of {self}", self.cache_dir, self.offline):
            return Path(
                _client().hf_hub_download(
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
        from huggingface_hub import try_to_load_from_cache

        try:
            self.fetch(file)
        except NotInRepoError:
            return False
        except FileNotFoundError:
            # Not in the cache, perhaps because an earlier look found nothing to cache.
            path = try_to_load_from_cache(
                self.repo_id, file, cache_dir=self.cache_dir, revision=self.revision
            )
            if path is None:
                raise
            return False
        return True

    def snapshot(self, weights: bool = True) -> Path:
        """The folder with every file that a load reads, for a repo without manifest."""
        with _clear_errors(str(self), self.cache_dir, self.offline):
            return Path(
                _client().snapshot_download(
                    self.repo_id,
                    revision=self.revision,
                    cache_dir=self.cache_dir,
                    local_files_only=self.offline,
                    allow_patterns=[file for file in SAFE_FILES if file not in RECORD],
                    ignore_patterns=None if weights else ["*.safetensors"],
                )
            )


def is_offline(local_files_only: bool | None) -> bool:
    """Whether the network is out of bounds, by argument or by `HF_HUB_OFFLINE`."""
    from huggingface_hub import constants

    return bool(local_files_only) or constants.is_offline_mode()


def resolve(
    repo_id: str, revision: str | None, cache_dir: Path | None, offline: bool
) -> Repo:
    """The repository at the commit that `revision` names now (default: `main`).

    Asking once makes every file of a load come from the same commit.
    """
    wanted = f"hf:{repo_id}@{revision or 'main'}"
    with _clear_errors(wanted, cache_dir, offline):
        commit = _client().resolve_revision(
            repo_id,
            revision=revision,
            cache_dir=cache_dir,
            local_files_only=offline,
        )
    return Repo(repo_id, commit.resolved, cache_dir, offline)


def _client() -> Any:
    from huggingface_hub import HfApi

    return HfApi(library_name="seqzoo")


@contextmanager
def _clear_errors(wanted: str, cache_dir: Path | None, offline: bool) -> Iterator[None]:
    """What went wrong with `wanted`, in one sentence, and what to do about it."""
    from huggingface_hub import constants, errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise PermissionError(
            f"{wanted} is gated. Accept its terms on its page, then `hf auth login`."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise NotInRepoError(
            f"{wanted}: the Hub knows no such repository, or it is private. Check the "
            "spelling, or `hf auth login`."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise NotInRepoError(
            f"{wanted}: the repository has no such revision. Name a branch, a tag or a "
            "commit that exists."
        ) from error
    except errors.RemoteEntryNotFoundError as error:
        raise NotInRepoError(
            f"{wanted}: the repository has no such file at this revision. Try another "
            "revision, or tell its owner."
        ) from error
    except errors.HFValidationError as error:
        raise ValueError(
            f"{wanted} is no Hub repository: {error} Write hf:owner/name."
        ) from error
    except (errors.LocalEntryNotFoundError, errors.RevisionResolutionError) as error:
        cache = cache_dir or constants.HF_HUB_CACHE
        if offline:
            raise FileNotFoundError(
                f"{wanted} is not in the Hub cache {cache}, and the network is out of "
                "bounds. Load it once online: unset HF_HUB_OFFLINE and pass no "
                "local_files_only=True."
            ) from error
        raise ConnectionError(
            f"{wanted} is not in the Hub cache {cache}, and the Hub could not be "
            f"reached ({_cause(error)}). Check the connection and try again."
        ) from error
    except Exception as error:
        # The client lets the errors of its HTTP library through, and that library has
        # changed between its versions.
        raise ConnectionError(
            f"{wanted} could not be fetched from the Hub ({_cause(error)}). "
            "Check the connection and try again."
        ) from error


def _cause(error: BaseException) -> str:
    """The first line of what lies at the bottom of an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
