"""A client of `/ws/v1` without a library: cheap enough for a thousand in one process, and strict about what it is sent.

It obeys the protocol as the reference says it: identifies, confirms positions (in a replay at once, else a quarter of a
second later, as the SDKs do), answers heartbeats, comes back as the server asks or after 1, 1.5, 2.25 … seconds, ±50 %,
and resumes after the last entry that its application was shown.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.soak.history import Event, GapTold, Kind, Moved, Shown, SnapshotShown

__all__ = ["Attempt", "RawClient"]

GROWTH = 1.5
LONGEST_S = 30.0
ANSWER_S = 20.0
RECEIVED_DELAY_S = 0.25
MOST_UNTOLD = 50
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
RETRY_AFTER = re.compile(r"retry_after_s=(\d+(?:\.\d+)?)")
FIRST_STOP_CODE = 4500


class _Envelope(msgspec.Struct):
    type: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Told(msgspec.Struct):
    """What is read of an alert, an update, a snapshot's alert, a position, and an identification."""

    alert_id: str = ""
    offset: int = -1
    timestamp: int = 0
    start: int = msgspec.field(default=-1, name="from")
    to: int = -1
    mode: str = ""
    epoch: str = ""
    alerts: list[_Told] = []
    more: bool = False


_envelopes = msgspec.json.Decoder(_Envelope)
_told = msgspec.json.Decoder(_Told)


@dataclass(slots=True)
class Attempt:
    """One attempt to connect: when it began, when the session was resumed, when and how it ended (seconds, epoch)."""

    began_s: float
    resumed_s: float | None = None
    ended_s: float | None = None
    code: int = 0
    told_to_wait_s: float | None = None


@dataclass(slots=True)
class RawClient:
    """One device. `deduplicates` as an application should: an entry that comes again after a crash is shown once."""

    port: int
    token: str
    device: str
    client_type: str = "frontend"
    place: tuple[float, float] | None = None
    deduplicates: bool = True
    remembers_all: bool = True
    cameras: bool = False
    on_latency: Callable[[float], None] | None = None
    on_alert: Callable[[str], None] | None = None
    gate: asyncio.Event | None = None
    """While it is not set, nothing is tried."""
    history: list[Event] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    shown_up_to: int = -1
    """The highest offset that the application was shown, of an entry or of a snapshot."""
    shown: int = 0
    repeated: int = 0
    stopped: str = ""
    _open: list[str] = field(default_factory=list)
    """The alerts of a snapshot whose last part has not come."""
    _alerts: set[str] = field(default_factory=set)
    _epoch: str = ""
    _wire: _Wire | None = None
    _closing: bool = False
    _caught_up: bool = False
    _moved_to: int = -1
    _told: int = -1
    _confirming: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it is connected, and identified."""
        return self._wire is not None and bool(self.attempts) and self.attempts[-1].resumed_s is not None

    async def run(self) -> None:
        """Stays connected until `leave`, or until the server wants it to stay away."""
        failures = 0
        while not self._closing and not self.stopped:
            if self.gate is not None:
                await self.gate.wait()
            attempt = Attempt(time.time())
            self.attempts.append(attempt)
            wait_s = await self._live(attempt)
            attempt.ended_s = time.time()
            failures = 0 if attempt.resumed_s is not None else failures
            if wait_s is None:
                wait_s = min(GROWTH**failures, LONGEST_S) * random.uniform(0.5, 1.5)
            failures += 1
            if not self._closing and not self.stopped:
                await asyncio.sleep(wait_s)

    def leave(self) -> None:
        """Hangs up for good."""
        self._closing = True
        if self._wire is not None:
            self._wire.hang_up()

    def come_back(self) -> None:
        """May `run` again, and goes on where it was."""
        self._closing = False

    def say(self, type: str, **data: Any) -> None:
        """Sends a message, if there is a connection."""
        if self._wire is not None:
            self._wire.send(msgspec.json.encode({"type": type, "data": data}))

    async def _live(self, attempt: Attempt) -> float | None:
        """One connection, to its end; what the server asked to wait, if it did."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ANSWER_S):
                _, wire = await loop.create_connection(lambda: _Wire(self._heard), "127.0.0.1", self.port)
        except OSError:
            return None
        self._wire = wire
        code, reason = await wire.ended
        self._wire = None
        attempt.code = code
        if code >= FIRST_STOP_CODE:
            self.stopped = f"{code} {reason}"
        asked = RETRY_AFTER.search(reason)
        attempt.told_to_wait_s = float(asked[1]) if asked else None
        return attempt.told_to_wait_s

    def _heard(self, text: bytes) -> None:
        envelope = _envelopes.decode(text)
        match envelope.type:
            case "connection_established":
                self._identify()
            case "identification_success":
                self._identified(_told.decode(envelope.data))
            case "alert_triggered":
                self._entry(Kind.ALERT, _told.decode(envelope.data))
            case "alert_updated":
                self._entry(Kind.UPDATE, _told.decode(envelope.data))
            case "position":
                told = _told.decode(envelope.data)
                self._remember(Moved(told.start, told.to))
                self._confirm(told.to)
            case "caught_up":
                self._caught_up = True
            case "alert_snapshot":
                told = _told.decode(envelope.data)
                self._open += [alert.alert_id for alert in told.alerts]
                if not told.more:
                    self._remember(SnapshotShown(frozenset(self._open), told.offset))
                    self.shown_up_to = told.offset
            case "heartbeat":
                self.say("heartbeat_ack")

    def _identify(self) -> None:
        data: dict[str, Any] = {"client_type": self.client_type, "auth_token": self.token, "device": self.device}
        if self.place is not None:
            data["location"] = {"latitude": self.place[0], "longitude": self.place[1]}
        if self._epoch:
            data["resume"] = {"epoch": self._epoch, "offset": self.shown_up_to}
        self.say("client_identify", **data)

    def _identified(self, told: _Told) -> None:
        self.attempts[-1].resumed_s = time.time()
        self._caught_up = told.mode == "live"
        self._open = []
        self._moved_to = -1
        self._epoch = told.epoch
        if told.mode == "gap":
            self._remember(GapTold(self.shown_up_to))
        if self.cameras:
            self.say("subscribe_camera", camera_id="*")

    def _confirm(self, to: int) -> None:
        self._moved_to = to
        if not self._caught_up or to - self._told >= MOST_UNTOLD:
            self._say_received()
        elif not self._confirming:
            self._confirming = True
            asyncio.get_running_loop().call_later(RECEIVED_DELAY_S, self._say_received)

    def _say_received(self) -> None:
        self._confirming = False
        if self.is_live and self._moved_to >= 0:  # else it was another connection that said so
            self._told = self._moved_to
            self.say("received", offset=self._moved_to)

    def _entry(self, kind: Kind, told: _Told) -> None:
        if self.deduplicates and self._is_known(kind, told):
            self.repeated += 1
            return
        if self.on_latency is not None and kind is Kind.ALERT:
            self.on_latency(time.time() - told.timestamp / 1000)
        self._remember(Shown(kind, told.alert_id, told.offset))
        self.shown += 1
        self.shown_up_to = max(self.shown_up_to, told.offset)
        if self.on_alert is not None and kind is Kind.ALERT:
            self.on_alert(told.alert_id)

    def _is_known(self, kind: Kind, told: _Told) -> bool:
        """Whether the application has it: by place, or because somebody is told of an alert by two entries."""
        known = told.offset <= self.shown_up_to or (kind is Kind.ALERT and told.alert_id in self._alerts)
        if kind is Kind.ALERT and self.remembers_all:
            self._alerts.add(told.alert_id)
        return known

    def _remember(self, event: Event) -> None:
        if self.remembers_all:
            self.history.append(event)


class _Wire(asyncio.Protocol):
    """RFC 6455 as far as a client needs it that trusts its server to send whole, unmasked, uncompressed frames."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self.ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._data = bytearray()
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            "GET /ws/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_open:
            head, separator, rest = bytes(self._data).partition(b"\r\n\r\n")
            if not separator:
                return
            if b" 101 " not in head.splitlines()[0]:
                self._transport.abort()
                return
            self._is_open = True
            self._data = bytearray(rest)
        at = 0
        while (frame := self._frame(at)) is not None:
            opcode, start, at = frame
            self._take(opcode, bytes(self._data[start:at]))
        del self._data[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(1006, "")

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Masked with zeros, which RFC 6455 allows and costs nothing."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        self._transport.write(bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload)

    def hang_up(self) -> None:
        """Says good-bye without waiting for an answer."""
        if self._is_open:
            self.send(struct.pack("!H", 1000), CLOSE)
        self._transport.close()

    def _frame(self, at: int) -> tuple[int, int, int] | None:
        """Opcode, and where the payload of the frame at this place begins and ends; `None` until it is whole."""
        if len(self._data) < at + 2:
            return None
        size, start = self._data[at + 1], at + 2
        assert self._data[at] & 0xF0 == 0x80 and size < 128, "a fragment, a compressed or a masked frame"
        if size >= 126:
            kind = "!H" if size == 126 else "!Q"
            if len(self._data) < start + struct.calcsize(kind):
                return None
            (size,) = struct.unpack_from(kind, self._data, start)
            start += struct.calcsize(kind)
        return (self._data[at] & 0x0F, start, start + size) if len(self._data) >= start + size else None

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self._heard(payload)
        elif opcode == PING:
            self.send(payload, PONG)
        elif opcode == CLOSE:
            code = struct.unpack("!H", payload[:2])[0] if payload else 1005
            self._end(code, payload[2:].decode())
            if not self._transport.is_closing():
                self.send(payload[:2], CLOSE)
                self._transport.close()

    def _end(self, code: int, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result((code, reason))
