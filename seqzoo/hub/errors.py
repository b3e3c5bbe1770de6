"""Errors of the Hub, each in one sentence with what to do about it.

huggingface_hub has dozens of errors and passes on those of its HTTP library. Here they
become `FileNotFoundError` (not in the repository, or not in the cache while offline),
`PermissionError` (no token, gated, private, or a read-only cache), `ConnectionError` (a
download or an upload failed), `ValueError` (a malformed request) and `OSError` with its
number (the disk is full).
"""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any, NoReturn

from seqzoo.hub.client import FalseAnswerError, secrets

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # EFBIG: the limit of one file
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_RETRY = "Check the connection and try again."
_FULL_IN_RUST = f"(os error {errno.ENOSPC})"  # in messages of hf_xet


class NotInRepoError(FileNotFoundError):
    """The Hub has answered that it has no such repository, revision or file."""


def one_line(
    error: Exception, advice: str = "Run it with --debug to see where it came from."
) -> str:
    """The text of an error without line breaks.

    Args:
        error: An unexpected one is named by its class.
        advice: Follows the text of an unexpected error.
    """
    # str(KeyError) is the repr of its text.
    is_key = isinstance(error, KeyError) and error.args
    text = " ".join(str(error.args[0] if is_key else error).split())
    if is_expected(error):
        return text
    named = shorten(f"{type(error).__name__}: {text}", 300, placeholder=" ...")
    return f"{named} {advice}"


def is_expected(error: Exception) -> bool:
    """Whether the error speaks to the user.

    Others are a mistake in the program, or a library's own, which may be pages long.
    """
    return isinstance(error, (ValueError, KeyError, OSError, ImportError)) and any(
        map(str, error.args)
    )


@contextmanager
def errors_of_fetching(
    wanted: str, cache_dir: Path | None, offline: bool
) -> Iterator[None]:
    """Raises our errors in place of the client's while it fetches into the cache.

    Args:
        wanted: The file or repository, as errors name it.
        cache_dir: The Hub cache; None is huggingface_hub's own.
        offline: Whether only the cache may be used.
    """
    from huggingface_hub import constants

    try:
        yield
    except Exception as error:
        cache = str(cache_dir or constants.HF_HUB_CACHE)
        _raise(_of_fetching(error, wanted, cache, offline), error, secrets())


@contextmanager
def errors_of_pushing(repo_id: str, token: str) -> Iterator[None]:
    """Raises our errors in place of the client's while it writes to `repo_id`."""
    try:
        yield
    except Exception as error:
        _raise(_of_pushing(error, f"hf:{repo_id}"), error, secrets(token))


def _raise(ours: Exception, theirs: Exception, tokens: list[str]) -> NoReturn:
    """Raises our error; the client's is its cause, unless that one holds a token."""

    def hidden(text: Any) -> Any:
        for token in tokens if isinstance(text, str) else ():
            text = text.replace(token, "[token]")
        return text

    ours.args = tuple(map(hidden, ours.args))
    trace = "".join(traceback.format_exception(theirs))
    raise ours from (None if hidden(trace) != trace else theirs)


def _of_fetching(error: Any, wanted: str, cache: str, offline: bool) -> Exception:
    from huggingface_hub import errors

    reason, number = _cause(error), getattr(error, "errno", None)
    kind: type[Exception] = NotInRepoError  # of the cases that name no other
    match error:  # the first case that fits: some classes are subclasses of later ones
        case FalseAnswerError():
            kind = FalseAnswerError
            text = f": the Hub's answer was refused: {error}"
        case errors.GatedRepoError():
            kind = PermissionError
            text = " is gated. Accept its terms on its page, then `hf auth login`."
        case errors.RepositoryNotFoundError():
            text = (
                ": no such repository, or it is private. Check the spelling, or `hf "
                "auth login`."
            )
        case errors.RevisionNotFoundError():
            text = ": no such revision. Name a branch, a tag or a commit that exists."
        case errors.RemoteEntryNotFoundError():
            text = ": no such file at this revision. Try another, or tell its owner."
        case errors.HFValidationError():
            kind = ValueError
            text = f" is no Hub repository: {error} Write hf:owner/name."
        case errors.LocalEntryNotFoundError() | errors.RevisionResolutionError():
            kind = FileNotFoundError if offline else ConnectionError
            text = f" is not in the Hub cache {cache}, and " + (
                "the network may not be used. Load it once online: unset "
                "HF_HUB_OFFLINE and pass no local_files_only=True."
                if offline
                else f"the Hub could not be reached ({reason}). {_RETRY}"
            )
        case errors.HfHubHTTPError() if error.response.status_code in (401, 403):
            kind = PermissionError
            text = (
                f": the Hub refused the token ({_answer(error)}). `hf auth login` "
                "anew, or unset HF_TOKEN if the repository is public."
            )
        case _ if number in _FORBIDDEN:
            return PermissionError(
                number,
                f"{wanted} is not in the Hub cache {cache}, which cannot be written to "
                f"({reason}). Set HF_HOME, or pass cache_dir, to a folder of yours; or "
                "let its owner fetch the model",
            )
        case _ if number in _FULL or _FULL_IN_RUST in reason:
            return OSError(
                errno.ENOSPC,
                f"{wanted} does not fit into the Hub cache {cache} ({reason}). Nothing "
                "partial was kept. Make room (`hf cache prune`), or set HF_HOME, or "
                "pass cache_dir, to a larger disk",
            )
        case _:  # of the HTTP library, whose classes differ between its versions
            kind = ConnectionError
            text = f" could not be fetched from the Hub ({reason}). {_RETRY}"
    return kind(f"{wanted}{text}")


def _of_pushing(error: Any, wanted: str) -> Exception:
    from huggingface_hub import errors

    if isinstance(error, FalseAnswerError):
        return FalseAnswerError(f"{wanted}: the Hub's answer was refused: {error}")
    if isinstance(error, errors.OfflineModeIsEnabled):
        return ConnectionError(
            f"{wanted} cannot be pushed to, for HF_HUB_OFFLINE forbids the network. "
            "Unset HF_HUB_OFFLINE."
        )
    if not isinstance(error, errors.HfHubHTTPError):
        if isinstance(error, ValueError):  # of the model card, which is validated first
            return ValueError(f"The Hub refused {wanted}: {error}")
        return _not_pushed(error, wanted)
    answer = _answer(error)
    match error.response.status_code:
        case 401 if not isinstance(error, errors.RepositoryNotFoundError):
            return PermissionError(
                f"The Hub refused the token ({answer}). Make one with write permission "
                "in your settings there, then `hf auth login` or set HF_TOKEN."
            )
        case 401 | 403 | 404:
            return PermissionError(
                f"The token may not write to {wanted} ({answer}). Check the spelling, "
                "that you are a member of the organisation, and that the token has "
                "write permission."
            )
        case 400:
            return ValueError(f"The Hub refused {wanted}: {answer}")
        case 409 | 412:
            return ConnectionError(
                f"{wanted} was changed by someone else meanwhile ({answer}). Nothing "
                "was committed: push again."
            )
    return _not_pushed(error, wanted)


def _not_pushed(error: Exception, wanted: str) -> ConnectionError:
    return ConnectionError(
        f"{wanted} could not be pushed to ({_cause(error)}). Nothing here was changed: "
        "push again, and files that have arrived are not sent twice."
    )


def _cause(error: BaseException) -> str:
    """The first line of the error at the end of the chain of causes."""
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _answer(error: Any) -> str:
    """The Hub's own message, or the status of its answer."""
    status = f"status {error.response.status_code}"
    return str(error.server_message or status).strip().splitlines()[0]
