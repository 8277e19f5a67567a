from __future__ import annotations

import asyncio

import pytest

from sightline.engine.link.gateway_address import GatewayAddress, Gateways
from sightline.engine.link.uplink import FIRST_RETRY_S, JITTER_SHARE, LAST_RETRY_S, Uplink, retry_delay_s


def test_the_first_retries_are_quick_and_none_waits_as_long_as_a_lease() -> None:
    delays = [retry_delay_s(attempt, 0.5) for attempt in range(200)]
    assert delays[:3] == pytest.approx([0.2, 0.3, 0.45])
    assert delays[0] == FIRST_RETRY_S
    assert delays == sorted(delays)
    assert delays[-1] == LAST_RETRY_S


@pytest.mark.parametrize("chance", [0.0, 0.25, 1.0])
def test_delays_are_spread(chance: float) -> None:
    assert retry_delay_s(0, chance) == pytest.approx(FIRST_RETRY_S * (1 + JITTER_SHARE * (2 * chance - 1)))


@pytest.mark.parametrize("turns", range(6))
async def test_it_ends_even_when_the_link_breaks_at_that_moment(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that dies breaks the link and ends its engine, in whatever order."""
    begun, broken = asyncio.Event(), asyncio.Event()

    async def receive() -> None:
        begun.set()
        await broken.wait()
        raise EOFError

    async def speak(uplink: Uplink, facts: object, client: object) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(receive())
            tasks.create_task(asyncio.sleep(3600))

    monkeypatch.setattr(Uplink, "_connect_and_speak", speak)
    gateways = Gateways([GatewayAddress("http://127.0.0.1:9", "token")])
    uplink = Uplink(gateways, None, None, None, max_image_bytes=1, tls=None)  # type: ignore[arg-type]
    running = asyncio.create_task(uplink.run())
    await begun.wait()
    broken.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=5)
    assert done and running.cancelled()


async def test_it_connects_again_however_often_a_link_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    links = 0
    enough = asyncio.Event()

    async def fail() -> None:
        raise EOFError

    async def speak(uplink: Uplink, facts: object, client: object) -> None:
        nonlocal links
        links += 1
        if links == 4:
            enough.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())
            tasks.create_task(asyncio.sleep(3600))

    monkeypatch.setattr(Uplink, "_connect_and_speak", speak)
    monkeypatch.setattr("sightline.engine.link.uplink.FIRST_RETRY_S", 0.001)
    gateways = Gateways([GatewayAddress("http://127.0.0.1:9", "token")])
    running = asyncio.create_task(Uplink(gateways, None, None, None, max_image_bytes=1).run())  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        await enough.wait()
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
