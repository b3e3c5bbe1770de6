"""Keeps other machines and sites away from the page, and the page away from them."""

import contextlib
import json
import math
import os
import stat
from collections.abc import Awaitable, Callable, Collection, Iterator, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from seqzoo.demo.validation import FILE

LOCAL = "127.0.0.1"
NAMES = (LOCAL, "localhost")

# The page may load from itself alone. Gradio's own scripts are inline, and it evaluates
# its templates.
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)

BODY = 2**20  # bytes of a request that is no upload
ENVELOPE = 2**16  # bytes of an upload around its files
FILES = 4  # in one upload
DISK = 100 * 2**20  # bytes of all uploads that are kept, and of those on their way
JOIN, UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"
# The routes of Gradio that the page uses; others can ask other hosts or write files.
CHANGING = (JOIN, UPLOAD, "/gradio_api/cancel", "/gradio_api/reset")
READING = (
    "/gradio_api/app_id",
    "/gradio_api/heartbeat/",
    "/gradio_api/info",
    "/gradio_api/queue/",
    "/gradio_api/startup-events",
    "/gradio_api/theme.css",
    "/gradio_api/upload_progress",
)
SHOWN = "/gradio_api/file="  # followed by the path of an upload
# What proxies add; Gradio believes it of every request.
FORWARDED = (b"x-forwarded-", b"forwarded", b"x-gradio-server")
SAFE_METHODS = ("GET", "HEAD")

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


class RequestLimits:
    """ASGI middleware: refuses requests that the page does not send.

    It knows the page's routes, limits bodies and uploads before they are read, and
    refuses files that are not in the folder of the uploads, such as those of other
    hosts.

    Args:
        app: The ASGI application to wrap.
        folder: Where uploads are kept.
        functions: Indices of the page's functions.
    """

    def __init__(self, app: Any, folder: str, functions: Collection[int]):
        self.app = app
        self.folder = os.path.realpath(folder)
        self.functions = functions
        self.arriving = 0  # bytes of uploads on their way

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answers a request, or refuses it with a status and a line of text."""
        if scope["type"] != "http":
            if scope["type"] != "websocket":  # the page has none
                await self.app(scope, receive, send)
            return
        path, method = scope["path"].rstrip("/"), scope["method"]
        if method in SAFE_METHODS:
            if not self._is_shown(scope["path"]):
                await _refuse(send, HTTPStatus.FORBIDDEN, "This page does not show it.")
                return
            await self.app(scope, receive, send)
            return
        if method != "POST" or path not in CHANGING:
            await _refuse(send, HTTPStatus.FORBIDDEN, "This page does not do that.")
            return
        limit = FILE + ENVELOPE if path == UPLOAD else BODY
        length = _header(scope, b"content-length")
        if not (length.isascii() and length.isdigit() and len(length) < 20):
            await _refuse(send, HTTPStatus.LENGTH_REQUIRED, "Send Content-Length.")
            return
        size = int(length)
        if size > limit:
            text = f"At most {limit:,} bytes are taken. Received: {size:,}."
            await _refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
            return
        is_upload = path == UPLOAD
        if is_upload and _bytes_in(self.folder) + self.arriving + size > DISK:
            text = f"The uploads fill {DISK // 2**20} MB. Restart the demo, or wait."
            await _refuse(send, HTTPStatus.INSUFFICIENT_STORAGE, text)
            return
        self.arriving += size * is_upload
        try:
            body = await _body(receive)
            if refusal := self._refusal(path, scope, body):
                await _refuse(send, HTTPStatus.UNPROCESSABLE_ENTITY, refusal)
                return
            await self.app(scope, _replayed(body, receive), send)
        finally:
            self.arriving -= size * is_upload

    def _is_shown(self, path: str) -> bool:
        """Whether the page reads this path."""
        if path.startswith(SHOWN):
            return self._is_upload(path.removeprefix(SHOWN))
        if path.startswith("/gradio_api"):
            return path.startswith(READING)
        return not path.startswith(("/monitoring", "/file", "/proxy", "/logout"))

    def _is_upload(self, path: Any) -> bool:
        """Whether it is the path of a file in the folder of the uploads."""
        if not isinstance(path, str) or "\0" in path or not os.path.isabs(path):
            return False
        return Path(os.path.realpath(path)).is_relative_to(self.folder)

    def _refusal(self, path: str, scope: Message, body: bytes) -> str:
        """Why the body of a request is refused, or nothing."""
        if path == UPLOAD:
            _, _, boundary = _header(scope, b"content-type").partition("boundary=")
            boundary = boundary.strip('"')
            parts = body.count(b"--" + boundary.encode("latin-1")) - 1
            if not boundary or parts > FILES:
                return f"An upload must have 1 to {FILES} files. Received: {parts}."
            return ""
        try:
            request = json.loads(
                body, parse_constant=_finite, parse_float=_finite, parse_int=_small
            )
            if not isinstance(request, dict):
                raise ValueError("no object")
            foreign = next(self._foreign_files(request), None)
        except (ValueError, RecursionError):
            return "The body must be a JSON object of finite numbers."
        if foreign is not None:
            return "A file must have been uploaded here. Received: another path."
        if path == JOIN:
            index = request.get("fn_index")
            if type(index) is not int or index not in self.functions:
                return "`fn_index` must be a function of this page."
            if not isinstance(request.get("session_hash"), str):
                return "`session_hash` must be a text."
        return ""

    def _foreign_files(self, value: Any) -> Iterator[Any]:
        """Paths in a JSON value that are not those of uploads."""
        if isinstance(value, dict):
            path = value.get("path")
            if path is not None and not self._is_upload(path):
                yield path
            value = value.values()
        if not isinstance(value, str | int | float | None):
            for item in value:
                yield from self._foreign_files(item)


class SameSite:
    """ASGI middleware: refuses requests of other sites, and ignores what proxies say.

    Args:
        app: The ASGI application to wrap.
    """

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] == "http":
            scope["headers"] = [
                (name, value)
                for name, value in scope["headers"]
                if not name.lower().startswith(FORWARDED)
            ]
            scope["scheme"] = "http"
            origin, host = _header(scope, b"origin"), _header(scope, b"host")
            site = _header(scope, b"sec-fetch-site")
            is_foreign = origin != f"http://{host}" if origin else False
            if scope["method"] not in SAFE_METHODS:
                is_foreign |= site not in ("", "same-origin", "none")
            if is_foreign:
                text = "This page takes requests from itself alone."
                await _refuse(send, HTTPStatus.FORBIDDEN, text)
                return
        await self.app(scope, receive, send)


def middleware(folder: str, functions: Collection[int], is_local: bool) -> list[Any]:
    """The middleware of the page, outermost first.

    Args:
        folder: Where uploads are kept.
        functions: Indices of the page's functions.
        is_local: Whether to refuse other sites, other names (no DNS rebinding) and the
            headers of proxies. A Space is behind a proxy.
    """
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    local = [
        Middleware(SecurityPolicy),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(NAMES)),
        Middleware(SameSite),
    ]
    limits = Middleware(RequestLimits, folder=folder, functions=functions)
    return [*(local if is_local else []), limits]


def _header(scope: Message, name: bytes) -> str:
    """The value of a header, empty if it is not there."""
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return values[0].decode("latin-1") if values else ""


def _bytes_in(folder: str) -> int:
    """The size of all files of a folder."""
    total = 0
    for file in Path(folder).rglob("*"):
        with contextlib.suppress(OSError):  # it is deleted meanwhile
            status = file.lstat()
            total += status.st_size * stat.S_ISREG(status.st_mode)
    return total


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _small(text: str) -> int:
    if len(text) > 18:
        raise ValueError("a large number")
    return int(text)


async def _body(receive: Any) -> bytes:
    """The whole body; the server reads no more than Content-Length."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Any) -> Any:
    """`receive` of a request whose body has been read."""
    rest = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return rest.pop() if rest else await receive()

    return replay


async def _refuse(send: Send, status: HTTPStatus, text: str) -> None:
    data = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(data)).encode()),
        (b"connection", b"close"),  # the rest of the body is not read
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})


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
