"""Where an engine's gateways are, and the token that opens them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from sightline.exceptions import ConfigurationError

__all__ = ["GatewayAddress", "Gateways"]

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

    def footage(self, request_id: str) -> str:
        """URL under which a piece of a recording is put."""
        return f"{self.url.rstrip('/')}/api/engine/footage/{request_id}"

    def analysis(self, job_id: str, what: str) -> str:
        """URL of something of an analysis job."""
        return f"{self.url.rstrip('/')}/api/engine/analyses/{job_id}/{what}"

    def _socket(self, path: str) -> str:
        parts = urlsplit(self.url)
        return urlunsplit((_SOCKET_SCHEMES[parts.scheme], parts.netloc, parts.path.rstrip("/") + path, "", ""))


class Gateways:
    """The gateways that an engine may be linked to, one at a time; any of them will do."""

    def __init__(self, addresses: Sequence[GatewayAddress]) -> None:
        """Raises `ConfigurationError` when there is none."""
        if not addresses:
            raise ConfigurationError("an engine needs the address of a gateway", key="gateway")
        self._addresses = tuple(addresses)
        self._index = 0

    def __len__(self) -> int:
        return len(self._addresses)

    @property
    def current(self) -> GatewayAddress:
        """The one that is linked, or tried next."""
        return self._addresses[self._index]

    def move_on(self) -> bool:
        """Turns to the next one; true when all were tried and the first is next again."""
        self._index = (self._index + 1) % len(self._addresses)
        return self._index == 0
