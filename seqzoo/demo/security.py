"""Nobody but this machine: who may ask the page, and whom the page may ask."""

import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

LOCAL = "127.0.0.1"
NAMES = (LOCAL, "localhost")

# What the page may load, and from where: itself. Gradio's own scripts are inline, and
# its templates are evaluated.
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

Message = MutableMapping[str, Any]


class SecurityPolicy:
    """Tells the browser to ask no other host, whatever a text of the page says.

    Args:
        app: The ASGI application to wrap.
    """

    def __init__(self, app: Any):
        self.app = app

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answers a request with the policy in its headers."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", POLICY.encode("ascii"))
                message["headers"] = [*message.get("headers", []), header]
            await send(message)

        await self.app(scope, receive, with_policy)


def middleware() -> list[Any]:
    """What stands between the page and this machine.

    Another site cannot reach the page by a name of its own that leads here.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return [
        Middleware(SecurityPolicy),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES)),
    ]


@contextlib.contextmanager
def without_proxy() -> Iterator[None]:
    """Gradio asks its own page whether it is there: no proxy can know."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    given = before["NO_PROXY"] or before["no_proxy"]
    value = ",".join([*([given] if given else []), *NAMES])
    os.environ.update(dict.fromkeys(before, value))
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old
