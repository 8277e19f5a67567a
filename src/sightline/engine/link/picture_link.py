"""The second connection to a gateway: live pictures and video, for cameras somebody looks at.

Bounds: one picture a camera and quality waits, and one `FragmentQueue` of video. Policy when full: the newer picture
replaces the older, which is counted; video goes on at a keyframe.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import Callable

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sightline.deliveries.fragment_queue import MAX_GROUP_BYTES, MAX_GROUP_FRAGMENTS, FragmentQueue
from sightline.deliveries.fragment_wire import pack_part
from sightline.deliveries.fragments import Fragment, Opening
from sightline.engine.cameras.watching import pack_picture
from sightline.engine.link.gateway_address import Gateways
from sightline.engine.link.outgoing import LivePicture

__all__ = ["PictureLink"]

RECONNECT_DELAY_S = 0.5
SEND_BUFFER_BYTES = 256 * 1024
"""Of the socket: what lies in it can no longer be replaced by something newer."""

_log = structlog.get_logger(__name__)


class PictureLink:
    """Connects when the first picture comes, and again when the connection is lost."""

    def __init__(self, gateways: Gateways, tls: ssl.SSLContext | None) -> None:
        self._gateways = gateways
        self._tls = tls
        self._waiting: OrderedDict[tuple[str, str], LivePicture] = OrderedDict()
        self._changed = asyncio.Event()
        self._video: dict[tuple[str, str], FragmentQueue] = {}
        self._turns: OrderedDict[tuple[str, str], FragmentQueue] = OrderedDict()
        self.replaced = 0
        self.on_reconnected: Callable[[], None] = lambda: None
        """Told when what was put may have been lost with a connection."""

    def put(self, picture: LivePicture) -> None:
        """Leaves a camera's newest picture of its quality."""
        place = (picture.camera_id, picture.quality)
        if place in self._waiting:
            self.replaced += 1
        self._waiting[place] = picture
        self._changed.set()

    def put_part(self, camera_id: str, quality: str, part: Opening | Fragment) -> None:
        """Adds the next part of a camera's video."""
        place = (camera_id, quality)
        queue = self._video.get(place)
        if queue is None:
            queue = self._video[place] = FragmentQueue(max_bytes=MAX_GROUP_BYTES, max_fragments=MAX_GROUP_FRAGMENTS)
        queue.put(part)
        self._turns[place] = queue
        self._changed.set()

    async def run(self) -> None:
        """Sends until cancelled."""
        self._waiting.clear()
        self._video.clear()
        self._turns.clear()
        lost = False
        while True:
            await self._something()
            try:
                async with connect(
                    self._gateways.current.frames,
                    additional_headers=self._gateways.current.headers,
                    compression=None,
                    proxy=None,
                    ssl=self._tls,
                    open_timeout=5,
                    ping_interval=10,
                    ping_timeout=10,
                    close_timeout=1,
                    max_size=64 * 1024,
                ) as connection:
                    if lost:
                        self.on_reconnected()
                    lost = True
                    await self._send(connection)
            except (OSError, TimeoutError, WebSocketException) as error:
                _log.warning("the link for live pictures was lost", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_DELAY_S)

    async def _send(self, connection: ClientConnection) -> None:
        handle = connection.transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        while True:
            await self._something()
            if self._waiting:
                _, picture = self._waiting.popitem(last=False)
                await connection.send(pack_picture(picture))
            if self._turns:
                await self._send_part(connection)

    async def _send_part(self, connection: ClientConnection) -> None:
        """One part of the stream whose turn it is; a stream takes a turn again after all others."""
        (camera_id, quality), queue = self._turns.popitem(last=False)
        part = queue.take()
        if queue:
            self._turns[camera_id, quality] = queue
        if part is not None:
            await connection.send(pack_part(camera_id, quality, part))

    async def _something(self) -> None:
        while not self._waiting and not self._turns:
            self._changed.clear()
            await self._changed.wait()
