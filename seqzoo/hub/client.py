"""huggingface_hub's client, with time limits and checks that it lacks.

The Hub's answers name paths in the cache: the commit is a folder, the ETag is a file. A
mirror or a proxy may answer anything, so both are checked before the client uses them.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from seqzoo.hub.manifest import COMMIT

PUSH_SECONDS = 60.0  # without any answer from the Hub, before an upload fails

_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # git's hash of a file, or its sha256
_XET = re.compile(r"[0-9a-f]{64}")
_PART = r"(?!\.)[^\x00-\x20\x7f~^:?*\[\\/]+"  # of a revision, as git wants it
_REVISION = re.compile(f"{_PART}(/{_PART})*")
_TOKEN = re.compile(r"[!-~]+")  # what an HTTP header can carry, without blanks

# Whether this thread's answers are checked: those to other users of the client are not.
_checks_answers: ContextVar[bool] = ContextVar("checks_answers", default=False)


class FalseAnswerError(ValueError):
    """The Hub's answer names a path that no Hub would name."""


def client(token: str | None = None) -> Any:
    """A client that also limits the wait for the Hub's API, and checks commits.

    huggingface_hub limits downloads alone, by `HF_HUB_DOWNLOAD_TIMEOUT` (10 seconds
    without data); a request to the API may wait for ever.
    """
    from huggingface_hub import HfApi, constants

    class Client(HfApi):
        def repo_info(self, *args: Any, timeout: Any = None, **options: Any) -> Any:
            limit = timeout or constants.HF_HUB_DOWNLOAD_TIMEOUT
            answer = super().repo_info(*args, timeout=limit, **options)
            check_commit(answer.sha)
            return answer

    return Client(library_name="seqzoo", token=token)


def check_commit(commit: Any) -> str:
    """The commit, if it is one.

    Raises:
        FalseAnswerError: If it is anything but 40 hexadecimal digits.
    """
    return _check("commit", commit, COMMIT, "40 hexadecimal digits")


def check_revision(revision: str | None) -> None:
    """Refuses a revision whose name would be a path out of the cache.

    Raises:
        ValueError: If git, too, would refuse it as the name of a branch or a tag.
    """
    if revision is None or (_REVISION.fullmatch(revision) and ".." not in revision):
        return
    raise ValueError(
        f"{revision!r} is no revision: git allows no `..`, no blank and no part that "
        "is empty or begins with a dot. Name a branch, a tag or a commit."
    )


@contextmanager
def checked_answers() -> Iterator[None]:
    """Refuses answers, within, whose commit or ETag is no hash.

    The one function that reads them is replaced, and not the HTTP session: the client
    makes itself a new session after an error of the connection.
    """
    from huggingface_hub import errors, file_download

    read = file_download.get_hf_file_metadata
    if not hasattr(read, "checks_for_seqzoo"):

        def checked(*args: Any, **options: Any) -> Any:
            if not _checks_answers.get():
                return read(*args, **options)
            try:
                answer = read(*args, **options)
            except errors.RemoteEntryNotFoundError as error:
                # That a commit lacks the file is kept in the cache, too.
                commit = error.response.headers.get("X-Repo-Commit")
                if commit is not None:
                    check_commit(commit)
                raise
            if answer.commit_hash is not None:
                check_commit(answer.commit_hash)
            if answer.etag is not None:
                _check("ETag", answer.etag, _BLOB, "40 or 64 hexadecimal digits")
            if answer.xet_file_data is not None:
                xet = answer.xet_file_data.file_hash
                _check("Xet hash", xet, _XET, "64 hexadecimal digits")
            return answer

        checked.checks_for_seqzoo = True  # type: ignore[attr-defined]
        file_download.get_hf_file_metadata = checked
    before = _checks_answers.set(True)
    try:
        yield
    finally:
        _checks_answers.reset(before)


def _check(what: str, value: Any, pattern: re.Pattern[str], wanted: str) -> str:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise FalseAnswerError(
        f"its {what} must be {wanted}. Received: {value!r}. Nothing was written. A "
        "mirror or a proxy alters the Hub's answers: try another network, or unset "
        "HF_ENDPOINT."
    )


def clean_token(token: str | None) -> str | None:
    """The token without blanks at its ends; by default the one that is logged in.

    Raises:
        ValueError: If it holds what no token holds. The message does not show it: the
            HTTP library's own message would.
    """
    from huggingface_hub import get_token

    source = "The argument `token`"
    if token is None:
        token = get_token()
        is_set = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")
        source = "HF_TOKEN" if is_set else "The token of `hf auth login`"
    if not isinstance(token, str):
        if token is None:
            return None
        raise ValueError(
            f"{source} must be a string. Received: a {type(token).__name__}."
        )
    token = token.strip()
    if token and not _TOKEN.fullmatch(token):
        place = re.search(r"[^!-~]", token)
        raise ValueError(
            f"{source} holds a blank or another character that no token has, at place "
            f"{place.start() + 1 if place else 0} of {len(token)}. Copy the token "
            "again from your settings on the Hub."
        )
    return token or None


def secrets(token: str | None = None) -> list[str]:
    """Texts that no message may hold: every token of this process, longest first."""
    from huggingface_hub import constants

    texts = [
        token,
        os.environ.get("HF_TOKEN"),
        os.environ.get("HUGGING_FACE_HUB_TOKEN"),
    ]
    try:
        texts.append(Path(constants.HF_TOKEN_PATH).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        pass  # nobody is logged in
    found = {text.strip() for text in texts if text and text.strip()}
    return sorted(found, key=len, reverse=True)


@contextmanager
def time_limit() -> Iterator[None]:
    """Ends an upload after `PUSH_SECONDS` without any answer from the Hub.

    Uploads take no limit as an argument, so the process's one HTTP session gets it. A
    limit that the user has set stays.
    """
    from huggingface_hub import get_session

    session = get_session()
    before = session.timeout
    if before.read is not None:
        yield
        return
    session.timeout = PUSH_SECONDS
    try:
        yield
    finally:
        session.timeout = before
