"""huggingface_hub's client, made to wait for an answer no longer than it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PUSH_SECONDS = 60.0  # the Hub may say nothing for so long while it takes a commit


def client(token: str | None = None) -> Any:
    """A client that asks what a repository holds with a limit of time.

    huggingface_hub limits downloads by `HF_HUB_DOWNLOAD_TIMEOUT` (10 seconds in which
    nothing comes), and lets questions to its API wait for ever.
    """
    from huggingface_hub import HfApi, constants

    class Client(HfApi):
        def repo_info(self, *args: Any, timeout: Any = None, **options: Any) -> Any:
            limit = timeout or constants.HF_HUB_DOWNLOAD_TIMEOUT
            return super().repo_info(*args, timeout=limit, **options)

    return Client(library_name="seqzoo", token=token)


@contextmanager
def time_limit() -> Iterator[None]:
    """Ends uploads during which the Hub says and takes nothing for `PUSH_SECONDS`.

    They take no limit as an argument, only that of the session that all of the process
    share; one that the user has set stays.
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
