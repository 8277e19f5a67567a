"""Where a client reaches this server: what it is told must work from where it is."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from sightline.settings import Settings

__all__ = ["base_url"]

SECURE = ("https", "wss")


def base_url(settings: Settings, scope: Scope) -> str:
    """The address that the administrator gave (`public_url`), else the one by which this connection came."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    host = Headers(scope=scope).get("host")
    if host is None:
        name, port = scope.get("server") or (settings.host, settings.port)
        host = f"{name}:{port}"
    return f"{'https' if scope.get('scheme') in SECURE else 'http'}://{host}"
