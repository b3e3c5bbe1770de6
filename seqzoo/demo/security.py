"""Keeps other machines and sites away from the page, and the page away from them."""

import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

LOCAL = "127.0.0.1"
NAMES = (LOCAL, "localhost")

# The page may load from itself alone. Gradio's own scripts are inline, and it evaluates
# its templates.
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class SecurityPolicy:
    """ASGI middleware: the browser may ask no other host, whatever the page contains.

    Args:
        app: The ASGI application to wrap.
    """

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answers a request with the policy in its headers."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", POLICY.encode("ascii"))
                message["headers"] = [*message.get("headers", []), header]
            await send(message)

        await self.app(scope, receive, send_with_policy)


def middleware() -> list[Any]:
    """The policy, and a check that requests use a local name (no DNS rebinding)."""
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    return [
        Middleware(SecurityPolicy),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES)),
    ]


@contextlib.contextmanager
def without_proxy() -> Iterator[None]:
    """Lets Gradio reach its own page, which it does at the start, without a proxy."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    hosts = filter(None, [before["NO_PROXY"] or before["no_proxy"], *NAMES])
    os.environ.update(dict.fromkeys(before, ",".join(hosts)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
