"""An engine that is a script: it reports facts, and keeps each until it is told that it was accepted."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import OrderedDict

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sightline.events import engine_link as link
from sightline.events.fact import Accepted, Fact, Unknown
from sightline.events.observation import Observation, TrackedFace

__all__ = ["Producer"]

RETRY_S = 0.1
AGAIN_S = 5.0
APART_MS = 2
"""Between the times of two facts of a camera: what happens within `flood_seconds` would only be counted."""
DRAIN_S = 60.0
FACES = 8


class Producer:
    """Connects in the background and comes back whenever it is cut off. Every fact is about a stranger of its own, so
    that each raises an alert; the cameras take turns, and so many times 500 facts a second are told of their own time.
    """

    def __init__(self, port: int, token: str, *camera_ids: str, name: str = "soak") -> None:
        self.accepted: dict[str, float] = {}
        """When the engine was told of each accepted fact, by key (seconds, epoch)."""
        self.resent = 0
        self._port = port
        self._token = token
        self._camera_ids = camera_ids
        self._name = name
        self._numbers = itertools.count(1)
        self._last_ms = 0
        self._waiting: OrderedDict[str, Fact] = OrderedDict()
        self._socket: ClientConnection | None = None
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Producer:
        self._task = asyncio.create_task(self._stay_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def report(self, count: int = 1) -> list[str]:
        """Reports so many facts, now or as soon as there is a gateway; returns their keys."""
        facts = [self._fact() for _ in range(count)]
        for fact in facts:
            self._waiting[fact.key] = fact
        await self._send(facts)
        return [fact.key for fact in facts]

    async def run(self, per_s: float) -> None:
        """Reports facts at a steady rate until cancelled."""
        due_s = time.monotonic()
        while True:
            due_s = max(due_s + 1 / per_s, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await self.report()

    async def show(self, per_s: float) -> None:
        """Says at a steady rate what the camera shows, to those who look, until cancelled."""
        for frame_id in itertools.count(1):
            await asyncio.sleep(1 / per_s)
            with contextlib.suppress(WebSocketException):
                if self._socket is not None:
                    await self._socket.send(link.encode(self._observation(frame_id)))

    async def settled(self, timeout_s: float = DRAIN_S) -> None:
        """Returns once everything reported is accepted. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s):
            await self.settled_but(0)

    async def settled_but(self, few: int) -> None:
        """Returns once no more than a few of what was reported wait to be accepted."""
        while len(self._waiting) > few:
            self._settled.clear()
            await self._settled.wait()

    async def _stay_connected(self) -> None:
        address = f"ws://127.0.0.1:{self._port}/ws/engine"
        headers = {"Authorization": f"Bearer {self._token}"}
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    address, additional_headers=headers, proxy=None, compression=None, ping_interval=None
                ) as socket:
                    await self._talk(socket)
            self._socket = None
            await asyncio.sleep(RETRY_S)

    async def _talk(self, socket: ClientConnection) -> None:
        hello = link.Hello(
            engine_id=self._name, version="1", capacity=0, devices=["cpu"], models=[], protocol=link.LINK_PROTOCOL
        )
        await socket.send(link.encode(hello))
        while True:
            try:
                async with asyncio.timeout(AGAIN_S if self._waiting else None):
                    data = await socket.recv()
            except TimeoutError:  # the gateway could not keep them: it says nothing, and has them said again
                self.resent += len(self._waiting)
                await self._send(list(self._waiting.values()))
                continue
            assert isinstance(data, bytes)
            match link.decode_gateway_message(data):
                case link.Welcome():
                    self._socket = socket
                    self.resent += len(self._waiting)
                    await self._send(list(self._waiting.values()))
                case Accepted(key=key):
                    if self._waiting.pop(key, None) is not None:
                        self.accepted[key] = time.time()
                        self._settled.set()

    async def _send(self, facts: list[Fact]) -> None:
        with contextlib.suppress(WebSocketException):  # they are kept, and sent again on the next connection
            for fact in facts:
                if self._socket is not None:
                    await self._socket.send(link.encode(fact))

    def _observation(self, frame_id: int) -> Observation:
        faces = [
            TrackedFace(
                bbox=(number, 20, number + 30, 50), confidence=0.9, landmarks=[(number, 2)] * 5, quality=0.7,
                track_id=f"{self._name}-face-{number}", identity="pending", person_id=None, similarity=None,
            )
            for number in range(FACES)
        ]  # fmt: skip
        return Observation(
            camera_id=self._camera_ids[0],
            frame_id=frame_id,
            timestamp=self._last_ms,
            width=640,
            height=480,
            faces=faces,
        )

    def _fact(self) -> Fact:
        number = next(self._numbers)
        turn = number % len(self._camera_ids)
        apart_ms = APART_MS if turn == 0 else 0
        at_ms = self._last_ms = max(int(time.time() * 1000), self._last_ms + apart_ms)
        return Fact(
            key=f"{self._name}-{number}",
            camera_id=self._camera_ids[turn],
            timestamp=at_ms,
            width=640,
            height=480,
            frame_id=number,
            what=Unknown(
                track_id=f"{self._name}-track-{number}",
                subject_id=f"{self._name}-stranger-{number}",
                nearest_similarity=0.1,
                first_seen=at_ms,
                bbox=(10, 20, 50, 60),
                model_id="soak",
                samples=[],
            ),
        )
