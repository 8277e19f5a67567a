"""What every connection passes before any handler: origin, body size, security headers, and the request log."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

__all__ = ["BodyLimit", "OriginGuard", "RequestLog", "SecurityHeaders", "spoken_at"]

CSP = (
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; media-src 'self' blob:; "
    "connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
STRICT_S = 30 * 86_400
QUIET_PATHS = ("/assets/", "/health", "/metrics", "/api/engine/blobs/", "/api/engine/analyses/")

log = structlog.get_logger(__name__)


class OriginGuard:
    """A page of another origin may not talk to this server: an `Origin` that is neither ours nor listed gets 403."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {origin.rstrip("/").lower() for origin in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or self._is_ours(origin.lower(), headers.get("host", "").lower()):
            await self._app(scope, receive, send)
            return
        refusal = JSONResponse({"detail": f"pages of {origin[:200]} may not connect (setting `allowed_origins`)"}, 403)
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)

    def _is_ours(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        same = bool(host) and parts.netloc == host and parts.scheme in ("http", "https")
        return same or origin.rstrip("/") in self._allowed


class BodyLimit:
    """Refuses request bodies over the limit with 413, before anything is parsed. `limit_of` gives it in bytes."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[Scope], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        refusal = JSONResponse({"detail": f"a request to this address has at most {limit // 1024} KiB"}, 413)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await refusal(scope, receive, send)
            return
        received = 0
        began = refused = False

        async def counted() -> Message:  # a chunked body says nothing of its size: over the limit, the client "left"
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message if received <= limit else {"type": "http.disconnect"}

        async def answer(message: Message) -> None:
            nonlocal began, refused
            if received <= limit or began:
                began = True
                await send(message)
            elif not refused:
                refused = True
                await refusal(scope, receive, send)

        try:
            await self._app(scope, counted, answer)
        except ClientDisconnect:
            if received <= limit:
                raise
            if not began:
                await refusal(scope, receive, send)


class SecurityHeaders:
    """Headers that keep a browser from doing more with our pages than it must.

    With `strict_transport` a browser that came by TLS comes by nothing else for `STRICT_S` (RFC 6797): for certificates
    that browsers believe anyway, since with it there is no way past a warning any more.
    """

    def __init__(self, app: ASGIApp, *, strict_transport: bool = False) -> None:
        self._app = app
        self._strict_transport = strict_transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", CSP)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
                headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
                if self._strict_transport and scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", f"max-age={STRICT_S}")
            await send(message)

        await self._app(scope, receive, sealed)


class RequestLog:
    """One line a request: method, path, status, time; and for a WebSocket one when it is opened and one when it is
    closed, with its code. Never a query, a header, a body or a message: tokens travel there."""

    def __init__(self, app: ASGIApp, *, answered: Callable[[str, int, float], None]) -> None:
        """`answered` is told method, status and the seconds until the head of the answer, of requests alone."""
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http" or scope["path"].startswith(QUIET_PATHS):
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        status = 500
        answered_s: float | None = None

        async def noted(message: Message) -> None:
            nonlocal status, answered_s
            if message["type"] == "http.response.start":
                status, answered_s = message["status"], time.perf_counter()
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            now_s = time.perf_counter()
            ms = round((now_s - started_s) * 1000, 1)
            self._answered(scope["method"], status, (answered_s or now_s) - started_s)
            level = log.warning if status >= 500 else log.debug
            level("request", method=scope["method"], path=scope["path"], status=status, ms=ms)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The code is whoever's came first: the client's or ours; 1006 where the line broke, 403 before the upgrade."""
        started_s = time.perf_counter()
        code: int | None = None
        about = {"dialect": spoken_at(scope["path"]), "client": scope["client"][0] if scope.get("client") else ""}

        async def heard() -> Message:
            nonlocal code
            message = await receive()
            if message["type"] == "websocket.disconnect" and code is None:
                code = message.get("code", 1005)
            return message

        async def noted(message: Message) -> None:
            nonlocal code
            if message["type"] == "websocket.accept":
                log.debug("socket_opened", **about)
            elif message["type"] == "websocket.close" and code is None:
                code = message.get("code", 1000)
            elif message["type"] == "websocket.http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, heard, noted)
        finally:
            log.debug("socket_closed", **about, code=code, seconds=round(time.perf_counter() - started_s, 1))


def spoken_at(path: str) -> str:
    """What is spoken at an address, without what else the address says."""
    parts = path.strip("/").split("/")
    return "/".join(parts[:2]) if parts[0] == "ws" else parts[0]
