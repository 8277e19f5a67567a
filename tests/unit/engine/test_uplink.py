from __future__ import annotations

import asyncio

import pytest

from sightline.engine.fact_sender import FactSender
from sightline.engine.gateway_address import GatewayAddress
from sightline.engine.outgoing import Outgoing
from sightline.engine.uplink import FIRST_RETRY_S, JITTER_SHARE, LAST_RETRY_S, Uplink, retry_delay_s


def test_the_first_retries_are_quick_and_none_waits_longer_than_ten_seconds() -> None:
    delays = [retry_delay_s(attempt, 0.5) for attempt in range(200)]
    assert delays[:3] == pytest.approx([0.2, 0.3, 0.45])
    assert delays[0] == FIRST_RETRY_S
    assert delays == sorted(delays)
    assert delays[-1] == LAST_RETRY_S


@pytest.mark.parametrize("chance", [0.0, 0.25, 1.0])
def test_delays_are_spread(chance: float) -> None:
    assert retry_delay_s(0, chance) == pytest.approx(FIRST_RETRY_S * (1 + JITTER_SHARE * (2 * chance - 1)))


class TornUplink(Uplink):
    """Loses its link in the very moment in which it is cancelled."""

    def __init__(self) -> None:
        address = GatewayAddress("http://127.0.0.1:1", "token")
        super().__init__(address, None, None, Outgoing(), 1)  # type: ignore[arg-type]  # neither is asked anything
        self.speaking = asyncio.Event()

    async def _connect_and_speak(self, facts: FactSender) -> None:
        self.speaking.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ExceptionGroup("the link", [ConnectionResetError("gone")]) from None


async def test_it_ends_when_cancelled_even_while_the_link_is_lost() -> None:
    uplink = TornUplink()
    task = asyncio.create_task(uplink.run())
    async with asyncio.timeout(10):
        await uplink.speaking.wait()
        uplink.end()
        task.cancel()
        await asyncio.wait([task])
