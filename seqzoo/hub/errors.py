"""What went wrong between here and the Hub, in one sentence, and what to do about it.

huggingface_hub has dozens of errors and lets those of its HTTP library through. Here
they become `FileNotFoundError` (it is not there, or not in the cache while offline),
`PermissionError` (no token, gated, private, or a cache that cannot be written to),
`ConnectionError` (the Hub did not deliver, or did not take), `ValueError` (the request
itself was wrong) and `OSError` with its number (the disk is full).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # EFBIG: over the limit of a file
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_RUST_FULL = f"(os error {errno.ENOSPC})"  # as hf_xet, which is Rust, says it


class NotInRepoError(FileNotFoundError):
    """The repository has no such file at this commit, which is known for certain."""


@contextmanager
def of_fetching(wanted: str, cache_dir: Path | None, offline: bool) -> Iterator[None]:
    """Clear errors of the client while it fetches `wanted` into the cache."""
    from huggingface_hub import constants, errors

    cache = cache_dir or constants.HF_HUB_CACHE
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
        if offline:
            raise FileNotFoundError(
                f"{wanted} is not in the Hub cache {cache}, and the network is out of "
                "bounds. Load it once online: unset HF_HUB_OFFLINE and pass no "
                "local_files_only=True."
            ) from error
        raise ConnectionError(
            f"{wanted} is not in the Hub cache {cache}, and the Hub could not be "
            f"reached ({cause(error)}). Check the connection and try again."
        ) from error
    except errors.HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise PermissionError(
                f"{wanted}: the Hub refused the token ({_answer(error)}). `hf auth "
                "login` anew, or unset HF_TOKEN if the repository is public."
            ) from error
        raise _undelivered(wanted, error) from error
    except Exception as error:
        if (number := getattr(error, "errno", None)) in _FORBIDDEN:
            raise PermissionError(
                number,
                f"{wanted} is not in the Hub cache {cache}, which cannot be written to "
                f"({cause(error)}). Set HF_HOME, or pass cache_dir, to a folder of "
                "yours; or let its owner fetch the model",
            ) from error
        if number in _FULL or _RUST_FULL in cause(error):
            raise OSError(
                errno.ENOSPC,
                f"{wanted} does not fit into the Hub cache {cache} ({cause(error)}). "
                "Nothing partial was kept. Make room (`hf cache prune`), or set "
                "HF_HOME, or pass cache_dir, to a larger disk",
            ) from error
        # The HTTP library's own, whose names have changed between its versions.
        raise _undelivered(wanted, error) from error


@contextmanager
def of_pushing(repo_id: str) -> Iterator[None]:
    """Clear errors of the client while it writes to `repo_id`."""
    from huggingface_hub import errors

    wanted = f"hf:{repo_id}"
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise ConnectionError(
            f"{wanted} cannot be pushed to while the network is out of bounds. Unset "
            "HF_HUB_OFFLINE."
        ) from error
    except errors.HfHubHTTPError as error:
        status, said = error.response.status_code, _answer(error)
        if status == 401 and not isinstance(error, errors.RepositoryNotFoundError):
            raise PermissionError(
                f"The Hub refused the token ({said}). Make one with write permission "
                "in your settings there, then `hf auth login` or set HF_TOKEN."
            ) from error
        if status in (401, 403, 404):
            raise PermissionError(
                f"The token may not write to {wanted} ({said}). Check the spelling, "
                "that you are a member of the organisation, and that the token has "
                "write permission."
            ) from error
        if status == 400:
            raise ValueError(f"The Hub refused {wanted}: {said}") from error
        if status in (409, 412):
            raise ConnectionError(
                f"{wanted} was changed by someone else meanwhile ({said}). Nothing was "
                "committed: push again."
            ) from error
        raise _untaken(wanted, error) from error
    except ValueError as error:  # of the card, which the Hub validates first
        raise ValueError(f"The Hub refused {wanted}: {error}") from error
    except Exception as error:
        raise _untaken(wanted, error) from error


def cause(error: BaseException) -> str:
    """The first line of what lies at the bottom of an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _answer(error: Any) -> str:
    """What the Hub itself says, or the status it answers with."""
    status = f"status {error.response.status_code}"
    return str(error.server_message or status).strip().splitlines()[0]


def _undelivered(wanted: str, error: BaseException) -> ConnectionError:
    return ConnectionError(
        f"{wanted} could not be fetched from the Hub ({cause(error)}). "
        "Check the connection and try again."
    )


def _untaken(wanted: str, error: BaseException) -> ConnectionError:
    return ConnectionError(
        f"{wanted} could not be pushed to ({cause(error)}). Nothing here was changed: "
        "push again, and what has arrived is not sent twice."
    )
