"""What cameras show now, from the gateway that hears their engine to those whose clients look.

Disposable: with no relay, or one that is away, clients see live what engines of their own gateway report, and alerts
like everybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol

import msgspec
import structlog

from sightline.events import engine_link as link
from sightline.events.observation import Observation
from sightline.gateway.cluster.cluster import Cluster
from sightline.gateway.cluster.cluster_ports import LiveRelay

__all__ = ["Exchanging", "LiveExchange", "NoRelay"]

log = structlog.get_logger(__name__)


class NoRelay:
    """There is nobody to send anything to."""

    is_up = False

    def send(self, gateway_id: str, data: bytes) -> None:
        """Never."""

    async def run(self, gateway_id: str, received: Callable[[bytes], None]) -> None:
        """Nothing to do."""
        await asyncio.Event().wait()


class Exchanging(Protocol):
    """Who shows what comes from another gateway."""

    def observed_elsewhere(self, observation: Observation, source: str) -> Coroutine[Any, Any, None]: ...
    def pictured_elsewhere(self, data: bytes) -> None: ...


class _Live(msgspec.Struct, frozen=True, array_like=True):
    kind: Literal["observation", "picture"]
    source: str
    data: bytes


class LiveExchange:
    """`spawn` runs what must be awaited."""

    def __init__(self, cluster: Cluster, relay: LiveRelay, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._cluster = cluster
        self._relay = relay
        self._spawn = spawn
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Live)
        self.receiver: Exchanging | None = None

    @property
    def is_up(self) -> bool:
        """Whether cameras of other gateways can be shown here."""
        return self._relay.is_up

    def observed(self, observation: Observation, source: str) -> None:
        """An engine of this gateway reports."""
        wanted = [id for id, peer in self._cluster.peers_by_id.items() if peer.looks_at(observation.camera_id)]
        self._send(wanted, "observation", source, lambda: link.encode(observation))

    def pictured(self, camera_id: str, data: bytes) -> None:
        """An engine of this gateway sent a picture, of a header and a JPEG."""
        wanted = [id for id, peer in self._cluster.peers_by_id.items() if peer.wants_pictures(camera_id)]
        self._send(wanted, "picture", "", lambda: data)

    async def run(self) -> None:
        """Works until cancelled."""
        await self._relay.run(self._cluster.id, self._received)

    def _send(
        self, wanted: list[str], kind: Literal["observation", "picture"], source: str, data: Callable[[], bytes]
    ) -> None:
        if wanted and self._relay.is_up:
            message = self._encoder.encode(_Live(kind, source, data()))
            for gateway_id in wanted:
                self._relay.send(gateway_id, message)

    def _received(self, data: bytes) -> None:
        if self.receiver is None:
            return
        try:
            live = self._decoder.decode(data)
            if live.kind == "picture":
                self.receiver.pictured_elsewhere(live.data)
                return
            observation = link.decode_engine_message(live.data)
        except msgspec.DecodeError as problem:  # of a gateway of another version
            log.warning("live_message_refused", problem=str(problem))
            return
        if isinstance(observation, Observation):
            self._spawn(self.receiver.observed_elsewhere(observation, live.source))
