"""Where an engine's gateway is, and the token that opens it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from sightline.exceptions import ConfigurationError

__all__ = ["GatewayAddress"]

_SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """The gateway's base URL (`http://host:port`) and the engine's machine token, which is never shown."""

    url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in _SOCKET_SCHEMES or not parts.hostname:
            raise ConfigurationError(
                f"{self.url!r} is no gateway: it must look like https://host:8000", key="gateway_url"
            )

    @property
    def link(self) -> str:
        """URL of the message link."""
        return self._socket("/ws/engine")

    @property
    def frames(self) -> str:
        """URL of the link for live pictures."""
        return self._socket("/ws/engine/frames")

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def health(self) -> str:
        """URL that answers everybody."""
        return f"{self.url.rstrip('/')}/health"

    def blob(self, blob_id: str) -> str:
        """URL under which a picture of a fact is put."""
        return f"{self.url.rstrip('/')}/api/engine/blobs/{blob_id}"

    def analysis(self, job_id: str, what: str) -> str:
        """URL of something of an analysis job."""
        return f"{self.url.rstrip('/')}/api/engine/analyses/{job_id}/{what}"

    def _socket(self, path: str) -> str:
        parts = urlsplit(self.url)
        return urlunsplit((_SOCKET_SCHEMES[parts.scheme], parts.netloc, parts.path.rstrip("/") + path, "", ""))
