"""How uvicorn is set up: one way for `serve` and for tests that run a gateway inside their own process."""

from __future__ import annotations

import ssl

import structlog
import uvicorn
from starlette.types import ASGIApp

from sightline.gateway.engines.engines import MAX_MESSAGE_BYTES
from sightline.service.http_protocol import PatientProtocol
from sightline.settings import Settings
from sightline.transports.websocket import FramingProtocol, frames_reach_clients

__all__ = ["server_config"]

WEBSOCKET_PING_S = 20.0
WEBSOCKET_PONG_S = 40.0
"""A client that answers none is silent for a minute then, which is when the protocol gives it up."""
SHUTDOWN_S = 3

log = structlog.get_logger(__name__)


async def server_config(app: ASGIApp, settings: Settings, tls: ssl.SSLContext | None = None) -> uvicorn.Config:
    """The server's settings; with `tls` it speaks TLS. Frames go straight to its transport where a trial shows that
    they arrive; otherwise, which the log says, every message is sent through ASGI."""
    problem = await frames_reach_clients()
    if problem is not None:
        log.warning("frames_not_shared", uvicorn=uvicorn.__version__, problem=problem)
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",  # its notes on connections hold whole addresses, and a query may hold a token
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=PatientProtocol,
        ws="websockets-sansio" if problem is not None else FramingProtocol,
        ws_max_size=max(settings.max_message_kib * 1024, MAX_MESSAGE_BYTES),
        ws_per_message_deflate=settings.websocket_compression,
        ws_ping_interval=WEBSOCKET_PING_S,
        ws_ping_timeout=WEBSOCKET_PONG_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        lifespan="on",
        ssl_context_factory=None if tls is None else lambda config, usual: tls,
    )
