"""Viewers that read and do not look: nothing is decoded, so that ten of them fit beside a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import aiortc.rtcrtpreceiver
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs.base import Decoder
from websockets.asyncio.client import connect

from bench.video.house import House

__all__ = ["Seen", "ViewerWay", "watching"]

ViewerWay = Literal["mp4", "webrtc"]
FIRST_TIMEOUT_S = 30.0


class Seen:
    """How many pictures all viewers have got."""

    pictures = 0


@asynccontextmanager
async def watching(house: House, camera_id: str, way: ViewerWay, viewers: int) -> AsyncIterator[Seen]:
    """So many viewers, each of whom has got the first of the video."""
    seen = Seen()
    async with AsyncExitStack() as stack:
        for _ in range(viewers):
            opened = _mp4(house, camera_id, seen) if way == "mp4" else _webrtc(house, camera_id, seen)
            await stack.enter_async_context(opened)
        yield seen


@asynccontextmanager
async def _mp4(house: House, camera_id: str, seen: Seen) -> AsyncIterator[None]:
    address = f"{house.url.replace('http', 'ws', 1)}/ws/live/{camera_id}?quality=sd"
    headers = {"Authorization": f"Bearer {house.server.token}"}
    async with connect(
        address, additional_headers=headers, proxy=None, compression=None, max_size=None
    ) as socket:
        async with asyncio.timeout(FIRST_TIMEOUT_S):
            while isinstance(await socket.recv(), str):
                pass

        async def read() -> None:
            async for data in socket:
                seen.pictures += isinstance(data, bytes)

        reading = asyncio.create_task(read())
        yield
        reading.cancel()


@asynccontextmanager
async def _webrtc(house: House, camera_id: str, seen: Seen) -> AsyncIterator[None]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="recvonly")
    aiortc.rtcrtpreceiver.get_decoder = lambda codec: _Blind(seen)  # type: ignore[attr-defined]
    await connection.setLocalDescription(await connection.createOffer())
    answer = await house.http.post(
        f"/whep/{camera_id}?quality=sd",
        content=connection.localDescription.sdp,
        headers={"Content-Type": "application/sdp"},
    )
    await connection.setRemoteDescription(RTCSessionDescription(answer.raise_for_status().text, "answer"))
    try:
        known = seen.pictures
        async with asyncio.timeout(FIRST_TIMEOUT_S):
            while seen.pictures == known:  # noqa: ASYNC110  # told by aiortc's own thread
                await asyncio.sleep(0.05)
        yield
    finally:
        await house.http.delete(answer.headers["location"])
        await connection.close()


class _Blind(Decoder):
    """Takes the place of aiortc's decoders."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def decode(self, _frame: Any) -> list[Any]:
        self._seen.pictures += 1
        return []
