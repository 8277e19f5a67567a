"""Hands requests over to the gateway behind the same address that can answer them (`cluster.siblings`)."""

from __future__ import annotations

import structlog
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from sightline.exceptions import Unavailable
from sightline.gateway.cluster.siblings import HANDED, Siblings, owner_of
from sightline.handed import HEADER, opened

__all__ = ["HandOver"]

RETRY_AFTER_S = 2

log = structlog.get_logger(__name__)


class HandOver:
    """Stands where a connection's path is known, and before its address is: what was handed over is answered here, as
    if it had come here."""

    def __init__(self, app: ASGIApp, siblings: Siblings, token: str) -> None:
        """`token` is what only the siblings know."""
        self._app = app
        self._siblings = siblings
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        value = Headers(scope=scope).get(HEADER)
        here = self._siblings.number
        if value is not None and (handed := opened(value, self._token)) is not None:
            kept = [header for header in scope["headers"] if header[0] not in (HEADER.encode(), b"host")]
            host = [(b"host", handed.host.encode("latin-1"))]
            scope = {**scope, "client": handed.client, "scheme": handed.scheme, "headers": host + kept, HANDED: True}
            owner = here
        else:
            owner = owner_of(scope["path"], scope["query_string"], here=here, count=self._siblings.count)
        if owner == here:
            await self._app(scope, receive, send)
            return
        try:
            await self._siblings.hand_over(owner, scope, receive, send)
        except Unavailable as problem:
            log.warning("not_handed_over", gateway=owner, problem=str(problem))
            refusal = JSONResponse({"detail": str(problem)}, 503, {"Retry-After": str(RETRY_AFTER_S)})
            if scope["type"] == "websocket":
                await WebSocket(scope, receive, send).send_denial_response(refusal)
            else:
                await refusal(scope, receive, send)
