"""Ports on which one dialect answers on every path: a client that was written for a server of its own connects there
unchanged."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sightline.gateway.dialects.socketio_server import PATH as SOCKETIO_PATH
from sightline.listeners import Dialect, Listener

__all__ = ["DialectPorts"]

ALSO_HTTP = ("/api/", "/health")
"""What a client of the Socket.IO dialect asks of its server besides: health, and the pictures of its streams."""

PATHS = {
    Dialect.FIELD: "/ws/field",
    Dialect.FRAMES: "/ws",
    Dialect.SOCKETIO: SOCKETIO_PATH,
    Dialect.VERIFY: "/ws/verify",
}


class DialectPorts:
    """Gives every connection to such a port the path of its dialect, and refuses what the dialect does not speak."""

    def __init__(self, app: ASGIApp, listeners: Iterable[Listener]) -> None:
        self._app = app
        self._dialects = {listener.port: listener.dialect for listener in listeners}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = scope.get("server") if self._dialects and scope["type"] in ("http", "websocket") else None
        dialect = self._dialects.get(server[1]) if server else None
        if dialect is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and dialect is not Dialect.SOCKETIO:
            refusal = JSONResponse({"detail": f"this port is for {dialect} clients, over WebSocket"}, 426)
            await refusal(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(ALSO_HTTP):
            await self._app(scope, receive, send)
        else:
            path = PATHS[dialect]
            await self._app(dict(scope, path=path, raw_path=path.encode()), receive, send)
