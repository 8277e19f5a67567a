"""What a session needs of the connection under it: a WebSocket has it, and so has a Socket.IO client."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Protocol

__all__ = ["ClientSocket"]


class ClientSocket(Protocol):
    """A connection that carries text and bytes, in order. Sending waits while the client reads too slowly."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def query_params(self) -> Mapping[str, str]: ...
    async def accept(self) -> None: ...
    async def receive(self) -> MutableMapping[str, Any]:
        """`websocket.receive` with `text` or `bytes`, or `websocket.disconnect`."""

    async def send_text(self, data: str) -> None: ...
    async def send_bytes(self, data: bytes) -> None: ...
    async def close(self, code: int = 1000, reason: str | None = None) -> None: ...
