"""The second connection to a gateway: live pictures, for cameras somebody looks at.

Bound: one picture a camera and quality waits. Policy when full: the newer replaces the older, which is counted.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import OrderedDict

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sightline.engine.gateway_address import GatewayAddress
from sightline.engine.outgoing import LivePicture
from sightline.engine.watching import pack_picture

__all__ = ["PictureLink"]

RECONNECT_DELAY_S = 0.5
SEND_BUFFER_BYTES = 256 * 1024
"""Of the socket: what lies in it can no longer be replaced by something newer."""

_log = structlog.get_logger(__name__)


class PictureLink:
    """Connects when the first picture comes, and again when the connection is lost."""

    def __init__(self, gateway: GatewayAddress, tls: ssl.SSLContext | None) -> None:
        self._gateway = gateway
        self._tls = tls
        self._waiting: OrderedDict[tuple[str, str], LivePicture] = OrderedDict()
        self._changed = asyncio.Event()
        self.replaced = 0

    def put(self, picture: LivePicture) -> None:
        """Leaves a camera's newest picture of its quality."""
        place = (picture.camera_id, picture.quality)
        if place in self._waiting:
            self.replaced += 1
        self._waiting[place] = picture
        self._changed.set()

    async def run(self) -> None:
        """Sends until cancelled."""
        self._waiting.clear()
        while True:
            await self._something()
            try:
                async with connect(
                    self._gateway.frames,
                    additional_headers=self._gateway.headers,
                    compression=None,
                    proxy=None,
                    ssl=self._tls,
                    open_timeout=5,
                    ping_interval=10,
                    ping_timeout=10,
                    close_timeout=1,
                    max_size=64 * 1024,
                ) as connection:
                    await self._send(connection)
            except (OSError, TimeoutError, WebSocketException) as error:
                _log.warning("the link for live pictures was lost", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_DELAY_S)

    async def _send(self, connection: ClientConnection) -> None:
        handle = connection.transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        while True:
            await self._something()
            _, picture = self._waiting.popitem(last=False)
            await connection.send(pack_picture(picture))

    async def _something(self) -> None:
        while not self._waiting:
            self._changed.clear()
            await self._changed.wait()
