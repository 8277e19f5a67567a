"""What a session needs of the connection under it: a WebSocket has it, and so has a Socket.IO client."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Protocol

from starlette.websockets import WebSocketDisconnect

from sightline.deliveries.framing import Bundle, Frame

__all__ = ["ClientSocket", "MessageWriter", "until_closed"]


@contextlib.contextmanager
def until_closed() -> Iterator[None]:
    """Sending on a connection that the server closed by itself meanwhile (a message over the limit) ends the session
    like any other end of the connection. Raises `WebSocketDisconnect` then."""
    try:
        yield
    except RuntimeError:  # what ASGI servers raise for a message after the close
        raise WebSocketDisconnect(1006) from None


class ClientSocket(Protocol):
    """A connection that carries text and bytes, in order. Sending waits while the client reads too slowly."""

    @property
    def scope(self) -> MutableMapping[str, Any]:
        """The ASGI scope in which it began."""

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


class MessageWriter(Protocol):
    """The sending side of a connection, for a sender that never waits: it writes while `ready`, is told by `on_full`
    when that has ended, and by `on_ready` when it may go on."""

    ready: bool
    on_full: Callable[[], None]
    on_ready: Callable[[], None]
    on_text: Callable[[bytes], bool]
    """Offered a short text that came alone, before it is queued for `receive`; true: it was dealt with. A writer may
    offer none."""

    @property
    def put(self) -> Callable[[bytes], object] | None:
        """Takes whole frames while `ready`, compressed ones where it `deflates`. A writer may offer none."""

    @property
    def deflates(self) -> bool: ...
    def write(self, bundle: Bundle | Frame) -> None:
        """In order with what was written before. What is written to a connection that has ended is lost."""

    def unsent_bytes(self) -> int:
        """How much of what was written is still in this process."""

    async def close(self, code: int, reason: str) -> None:
        """Closes after what was written. May raise `RuntimeError` or `OSError` when the connection has ended."""
