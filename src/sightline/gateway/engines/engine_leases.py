"""The gateway's side of leases (`sightline.events.lease`): answers beats, shares the cameras, notices silence.

An engine that says no beats (another program than ours, or a script) has its cameras for as long as it is connected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sightline.clock import Clock
from sightline.decisions.camera_shares import Seat
from sightline.events.lease import Beat, Lease
from sightline.gateway.engines.camera_leases import CameraLeases
from sightline.gateway.engines.engine_connection import EngineLink

__all__ = ["EngineLeases"]


class EngineLeases:
    """`length_ms` is that of `leases`."""

    def __init__(self, leases: CameraLeases, clock: Clock, *, length_ms: int) -> None:
        self._leases = leases
        self._clock = clock
        self._length_ms = length_ms
        self._gone: list[str] = []
        self._doubted: set[str] = set()
        self._closed_until_s = 0.0
        self.waiting: frozenset[str] = frozenset()
        """Cameras that nobody is told to read because somebody who is not heard of may still do."""
        self.again_in_s: float | None = None
        """After so long the cameras are to be shared anew, whatever happens."""

    @property
    def gateways(self) -> int:
        """How many gateways there are."""
        return self._leases.gateways

    def hold_back(self) -> None:
        """Gives no camera away for a lease's length: engines that knew an earlier gateway may still read them."""
        self._closed_until_s = self._clock.monotonic_s() + self._length_ms / 1000

    async def heard(self, engine: EngineLink, beat: Beat) -> tuple[Lease, bool]:
        """The answer to a beat, and whether cameras are to be shared anew. Raises what the store raises."""
        holds = frozenset(beat.holds)
        let_go = engine.letting_go - holds
        is_first = engine.heard_s is None
        now_ms = self._clock.now_ms()
        await self._leases.renew(engine.holder, holds, now_ms)
        if let_go:
            await self._leases.release(engine.holder, let_go)
            engine.letting_go -= let_go
        was_doubted = engine.holder in self._doubted
        self._doubted.discard(engine.holder)
        engine.heard_s = self._clock.monotonic_s()
        engine.clock_offset_ms = beat.clock_offset
        lease = Lease(beat=beat.number, length_ms=self._length_ms, server_time=now_ms, gateways=self._leases.gateways)
        return lease, is_first or was_doubted or bool(let_go) or not holds <= engine.cameras.keys()

    async def revoked(self, engine: EngineLink, camera_id: str) -> None:
        """The engine was told to let go of a camera; one that says beats says with them when it has."""
        if engine.says_beats:
            engine.letting_go.add(camera_id)
        else:
            await self._leases.release(engine.holder, (camera_id,))
            self.again_in_s = 0.0

    def left(self, engine: EngineLink) -> None:
        """The engine's connection is over. Unless it said that it let go, it may go on reading until its lease ends."""
        self._doubted.discard(engine.holder)
        if engine.is_leaving or not engine.says_beats:
            self._gone.append(engine.holder)

    def silent(self, engines: Sequence[EngineLink]) -> list[EngineLink]:
        """Those of which nothing was heard for a lease's length."""
        since_s = self._clock.monotonic_s() - self._length_ms / 1000
        return [engine for engine in engines if engine.heard_s is not None and engine.heard_s < since_s]

    async def share(self, engines: Sequence[EngineLink], cameras: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The cameras of each engine, by its name. Raises what the store raises.

        One that is in doubt is told nothing and has no seat: when its leases end, they must not be its own once more.
        """
        while self._gone:
            await self._leases.release(self._gone[0])
            self._gone.pop(0)
        present = [engine for engine in engines if engine.heard_s is not None or not engine.says_beats]
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        for engine in present:
            if not engine.says_beats:
                await self._leases.renew(engine.holder, engine.cameras, now_ms)
        closed_s = max(0.0, self._closed_until_s - now_s)
        doubted = {engine.id: engine for engine in present if self._is_doubtful(engine, now_s)}
        self._doubted = {engine.holder for engine in doubted.values()}
        seats = [Seat(engine.holder, engine.hello.capacity) for engine in present if engine.id not in doubted]
        agreed = await self._leases.agree(seats, cameras, may_give=closed_s == 0, now_ms=now_ms)
        self.waiting = agreed.waiting
        waits_s = [closed_s] if closed_s else []
        if agreed.again_at_ms is not None:
            waits_s.append(max(0, agreed.again_at_ms - now_ms) / 1000)
        if any(not engine.says_beats for engine in present):
            waits_s.append(self._length_ms / 3000)
        self.again_in_s = min(waits_s, default=None)
        return {
            engine.id: frozenset(engine.cameras) & frozenset(cameras)
            if engine.id in doubted
            else agreed.cameras.get(engine.holder, frozenset())
            for engine in engines
        }

    def _is_doubtful(self, engine: EngineLink, now_s: float) -> bool:
        """Whether two of its beats are missing."""
        return engine.heard_s is not None and now_s - engine.heard_s > self._length_ms * 2 / 3 / 1000
