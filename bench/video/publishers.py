"""Devices that publish to cameras, in a process of their own: by WebRTC (WHIP), or pictures pushed over a WebSocket.

`python -m bench.video.publishers`, with one line of JSON on its standard input. It prints a line when all are on air
and publishes until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import cv2
import httpx
import msgspec
from aiortc import VideoStreamTrack
from websockets.asyncio.client import connect

from bench.video.film import FPS, HALL_S, clock
from sightline.frames import Image
from sightline.images import encode_jpeg
from tests.webrtc_peer import PublishingPeer

__all__ = ["Orders", "publishing"]

ANSWER_TIMEOUT_S = 60.0
RETRY_S = 0.2
JPEG_QUALITY = 75


class Orders(msgspec.Struct, frozen=True):
    """What to publish: the pictures of a film (JPEG files of a folder, in the order of their names) or a clock."""

    url: str
    token: str
    cameras: list[str]
    way: Literal["whip", "push"]
    film: str | None = None


@asynccontextmanager
async def publishing(orders: Orders) -> AsyncIterator[None]:
    """All of its devices are on air while in the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.video.publishers", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(msgspec.json.encode(orders) + b"\n")
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            if not await process.stdout.readline():
                raise RuntimeError("the devices could not publish")
        yield
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class _Film:
    """Pictures at `FPS`, each at its time."""

    def __init__(self, pictures: Sequence[Image]) -> None:
        self._pictures = pictures

    def at(self, number: int) -> Image:
        """The picture of that number, made now."""
        return self._pictures[number % len(self._pictures)] if self._pictures else clock()


class _Track(VideoStreamTrack):
    """A film for aiortc's encoder."""

    def __init__(self, film: _Film) -> None:
        super().__init__()
        self._film = film
        self._number = 0
        self._began_s = time.monotonic()

    async def recv(self) -> av.VideoFrame:
        self._number += 1
        await asyncio.sleep(max(0.0, self._began_s + self._number / FPS - time.monotonic()))
        frame = av.VideoFrame.from_ndarray(self._film.at(self._number), format="bgr24")
        frame.pts, frame.time_base = self._number, Fraction(1, FPS)
        return frame


async def _whip(http: httpx.AsyncClient, camera_id: str, film: _Film) -> PublishingPeer:
    peer = PublishingPeer("h264")
    peer.transceiver.sender.replaceTrack(_Track(film))
    offer = await peer.offer()
    path, headers = f"/whip/{camera_id}", {"Content-Type": "application/sdp"}
    while (answer := await http.post(path, content=offer, headers=headers)).status_code == 503:  # noqa: ASYNC110  # no engine yet
        await asyncio.sleep(RETRY_S)
    await peer.accept(answer.raise_for_status().text)
    return peer


async def _push(orders: Orders, camera_id: str, film: _Film) -> None:
    address = f"{orders.url.replace('http', 'ws', 1)}/ws/camera/{camera_id}"
    headers = {"Authorization": f"Bearer {orders.token}"}
    began_s, jpegs = time.monotonic(), dict[int, bytes]()
    async with connect(address, additional_headers=headers, proxy=None, compression=None) as socket:
        await socket.recv()
        for number in range(10**9):
            await asyncio.sleep(max(0.0, began_s + number / FPS - time.monotonic()))
            jpeg = jpegs.get(number % (FPS * HALL_S)) if orders.film else None
            if jpeg is None:
                jpeg = encode_jpeg(film.at(number), quality=JPEG_QUALITY)
                jpegs[number % (FPS * HALL_S)] = jpeg
            header = json.dumps({"timestamp": time.time_ns() // 10**6}).encode()
            await socket.send(len(header).to_bytes(4, "big") + header + jpeg)
            await socket.recv()


def _load(folder: str | None) -> _Film:
    pictures = []
    for path in sorted(Path(folder).iterdir()) if folder else ():
        picture = cv2.imread(str(path))
        assert picture is not None
        pictures.append(picture)
    return _Film(pictures)  # type: ignore[arg-type]  # OpenCV's stubs know neither shape nor dtype


async def _run(orders: Orders) -> None:
    film = await asyncio.to_thread(_load, orders.film)
    headers = {"Authorization": f"Bearer {orders.token}"}
    async with httpx.AsyncClient(base_url=orders.url, headers=headers, trust_env=False, timeout=30) as http:
        if orders.way == "whip":
            peers = [await _whip(http, camera_id, film) for camera_id in orders.cameras]
            pushing = []
        else:
            peers = []
            pushing = [asyncio.create_task(_push(orders, camera_id, film)) for camera_id in orders.cameras]
        print("on air", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in pushing:
            task.cancel()
        for peer in peers:
            await peer.connection.close()


if __name__ == "__main__":
    asyncio.run(_run(msgspec.json.decode(sys.stdin.readline(), type=Orders)))
