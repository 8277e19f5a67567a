from __future__ import annotations

from typing import Any

from sightline.events.engine_link import CameraSpec, Hello
from sightline.events.lease import Beat
from sightline.gateway.engines.camera_leases import LeasesInMemory
from sightline.gateway.engines.engine_connection import EngineLink
from sightline.gateway.engines.engine_leases import EngineLeases

LENGTH_MS = 6_000
NOWHERE: Any = None


class Clock:
    """Goes on when it is told to."""

    now_s = 1_000.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s


def engine(name: str) -> EngineLink:
    hello = Hello(engine_id=name, version="1", capacity=8, devices=["cpu"], models=[], instance=name)
    return EngineLink(name, hello, NOWHERE, 0)


class Yard:
    """Two engines and two cameras at one gateway."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.leases = EngineLeases(LeasesInMemory(length_ms=LENGTH_MS), self.clock, length_ms=LENGTH_MS)
        self.a, self.b = engine("a"), engine("b")

    async def beat(self, engine: EngineLink) -> bool:
        """Whether the cameras are to be shared anew."""
        _, anew = await self.leases.heard(engine, Beat(number=1, holds=list(engine.cameras)))
        return anew

    async def share(self) -> tuple[set[str], set[str]]:
        """What each is to read, and does from now on."""
        shares = await self.leases.share([self.a, self.b], ["1", "2"])
        for engine in (self.a, self.b):
            engine.cameras = {id: CameraSpec(id=id, source="", analysis_fps=1.0) for id in shares[engine.id]}
        return set(self.a.cameras), set(self.b.cameras)


async def test_an_engine_that_fell_silent_is_not_given_its_cameras_once_more() -> None:
    yard = Yard()
    await yard.beat(yard.a)
    await yard.beat(yard.b)
    before = await yard.share()
    assert [len(theirs) for theirs in before] == [1, 1]
    for _ in range(3):
        yard.clock.now_s += 2.0
        await yard.beat(yard.b)
    yard.clock.now_s += 0.01  # a's lease has ended, and nobody has noticed yet that it is silent
    assert yard.leases.again_in_s is None or yard.leases.again_in_s >= 0
    assert (await yard.share())[1] == {"1", "2"}


async def test_an_engine_in_doubt_is_told_nothing_and_has_its_cameras_when_it_is_heard_again() -> None:
    yard = Yard()
    await yard.beat(yard.a)
    await yard.beat(yard.b)
    before = await yard.share()
    yard.clock.now_s += 4.5
    await yard.beat(yard.b)
    assert await yard.share() == before
    assert await yard.beat(yard.a)
    assert await yard.share() == before
    assert not await yard.beat(yard.a)
