"""huggingface_hub's client, with time limits where it has none."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PUSH_SECONDS = 60.0  # without any answer from the Hub, before an upload fails


def client(token: str | None = None) -> Any:
    """A client that also limits the wait for the Hub's API.

    huggingface_hub limits downloads alone, by `HF_HUB_DOWNLOAD_TIMEOUT` (10 seconds
    without data); a request to the API may wait for ever.
    """
    from huggingface_hub import HfApi, constants

    class Client(HfApi):
        def repo_info(self, *args: Any, timeout: Any = None, **options: Any) -> Any:
            limit = timeout or constants.HF_HUB_DOWNLOAD_TIMEOUT
            return super().repo_info(*args, timeout=limit, **options)

    return Client(library_name="seqzoo", token=token)


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
