"""Many clients in one process, on raw connections, so that a core can hold thousands: they count what they get.

Commands: `open` (a group of clients), `await` (until each client of a group has so many more messages), `delays` (of
the alerts of some of them, since the last time), `close`. Dialects: `plain` counts every text message, `socketio` its
events; `native` signs in to a Sightline gateway, counts alerts and observations, and confirms what it received each
time half of the credit is used up.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import socket
import time
from functools import partial
from typing import Any

import uvloop

from bench.fanout.commands import answer, commands
from bench.fanout.program import allow_many_files

CONFIRM_EVERY = 50
OPENED_AT_ONCE = 50
TIMED_EVERY = 20
"""One client in so many notes the delay of its alerts."""
ANSWER_S = 60.0

TEXT, PING, PONG = 0x81, 0x89, 0x8A
PING_HEAD = bytes((PING, 4))
ALERT, OBSERVATION = b'{"type":"alert_triggered"', b'{"type":"face_detection_result"'
POSITION, TO = b'{"type":"position"', re.compile(rb'"to":(\d+)')
CREATED_AT = re.compile(rb'"created_at":(\d+)')
SIGNED_IN = b'{"type":"bulk_status_update"'


class Client(asyncio.Protocol):
    """One connection, from the handshake on."""

    def __init__(self, group: Group, number: int) -> None:
        self._group = group
        self._timed = group.dialect == "native" and number % TIMED_EVERY == 0
        self._rest = b""
        self._upgraded = self._signed_in = False
        self._confirmed = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._group.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        if not self._upgraded:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = data
                return
            if b" 101 " not in head:
                self._group.failed(head.decode())
                return
            self._upgraded = True
            self._began()
            data = rest
        self._rest = self._native(data) if self._group.dialect == "native" else self._frames(data)

    def _frames(self, data: bytes) -> bytes:
        """Takes every whole frame; what is left."""
        at, length = 0, len(data)
        while length - at >= 2:
            start, size = at + 2, data[at + 1]
            if size == 126:
                if length - at < 4:
                    break
                start, size = at + 4, int.from_bytes(data[at + 2 : at + 4], "big")
            if start + size > length:
                break
            if data[at] == TEXT:
                self._message(data[start : start + size])
            elif data[at] == PING:
                self._say(PONG, data[start : start + size])
            at = start + size
        return data[at:]

    def _native(self, data: bytes) -> bytes:
        """Takes what is whole without looking at every frame: a thousand clients get 200,000 a second. Every message
        is ASCII and ends like this, so nothing that is looked for lies across a cut."""
        while (ping := data.find(PING_HEAD)) >= 0:
            end = ping + len(PING_HEAD) + 4
            if end > len(data):
                return data
            self._say(PONG, data[end - 4 : end])
            data = data[:ping] + data[end:]
        cut = data.rfind(b"}}") + 2
        if cut < 2:
            return data
        self._group.count += data.count(ALERT, 0, cut) + data.count(OBSERVATION, 0, cut)
        if self._timed:
            now_ms = time.time() * 1000
            self._group.delays_ms += [now_ms - int(created) for created in CREATED_AT.findall(data, 0, cut)]
        position = data.rfind(POSITION, 0, cut)
        if position >= 0 and (found := TO.search(data, position, cut)):
            to = int(found[1])
            if to - self._confirmed >= CONFIRM_EVERY:
                self._confirmed = to
                self._tell("received", offset=to)
        if not self._signed_in and SIGNED_IN in data:
            self._signed_in = True
            self._group.ready(self)
        return data[cut:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._group.lost(self)

    def _began(self) -> None:
        match self._group.dialect:
            case "plain":
                self._group.ready(self)
            case "native":
                self._tell("client_identify", auth_token=self._group.token, client_type="frontend")
                if self._group.watches:
                    self._tell("subscribe_camera", camera_id="*")

    def _message(self, message: bytes) -> None:
        if self._group.dialect == "plain" or message.startswith(b"42"):
            self._group.count += 1
        elif message.startswith(b"40"):
            self._group.ready(self)
        elif message.startswith(b"0"):  # Engine.IO is open: join the default namespace
            self._say(TEXT, b"40")
        elif message == b"2":
            self._say(TEXT, b"3")

    def _tell(self, type: str, **data: Any) -> None:
        self._say(TEXT, json.dumps({"type": type, "data": data}).encode())

    def _say(self, first: int, payload: bytes) -> None:
        """Masked with nought, which is as good a mask as any."""
        size = len(payload)
        head = bytes((first, 0x80 | size)) if size < 126 else bytes((first, 0xFE)) + size.to_bytes(2, "big")
        self.transport.write(head + bytes(4) + payload)


class Group:
    """Clients of one server. `count` is how many messages all of them have got."""

    def __init__(self, *, port: int, path: str, dialect: str, token: str = "", watches: bool = False) -> None:
        self.port, self.path, self.dialect, self.token, self.watches = port, path, dialect, token, watches
        self.count = 0
        self.delays_ms: list[float] = []
        self._clients: list[Client] = []
        self._awaited = 0
        self._ready = 0
        self._closing = False
        self._problem = ""

    async def open(self, clients: int) -> None:
        """Returns once every one of them is ready to get messages."""
        loop = asyncio.get_running_loop()
        for first in range(0, clients, OPENED_AT_ONCE):
            numbers = range(first, min(first + OPENED_AT_ONCE, clients))
            connections = [
                loop.create_connection(partial(Client, self, number), "127.0.0.1", self.port) for number in numbers
            ]
            self._clients += [client for _, client in await asyncio.gather(*connections)]
            await self._until(lambda: self._ready == len(self._clients))

    async def got(self, messages: int) -> None:
        """Returns once each client has got so many more, on average: every one gets the same."""
        self._awaited += messages * len(self._clients)
        await self._until(lambda: self.count >= self._awaited)

    def close(self) -> None:
        """All of them leave."""
        self._closing = True
        for client in self._clients:
            client.transport.abort()

    def ready(self, client: Client) -> None:
        self._ready += 1

    def lost(self, client: Client) -> None:
        if not self._closing:
            self.failed("the server closed a connection")

    def failed(self, problem: str) -> None:
        self._problem = problem

    async def _until(self, condition: Any) -> None:
        async with asyncio.timeout(ANSWER_S):
            while not condition():
                if self._problem:
                    raise RuntimeError(self._problem)
                await asyncio.sleep(0.001)


async def main() -> None:
    """Does what it is told until its input ends."""
    allow_many_files()
    groups: dict[str, Group] = {}
    answer(ready=True)
    async for command in commands():
        name = command["group"]
        match command["do"]:
            case "open":
                groups[name] = Group(**command["how"])
                await groups[name].open(command["clients"])
                answer(open=command["clients"])
            case "await":
                try:
                    await groups[name].got(command["messages"])
                    answer(got=groups[name].count)
                except (RuntimeError, TimeoutError) as problem:
                    answer(problem=f"after {groups[name].count} messages: {problem or 'no more came'}")
            case "delays":
                group = groups[name]
                delays_ms, group.delays_ms = group.delays_ms, []
                answer(ms=random.sample(delays_ms, min(len(delays_ms), command["most"])), count=group.count)
            case "close":
                groups.pop(name).close()
                answer(closed=True)


if __name__ == "__main__":
    uvloop.run(main())
