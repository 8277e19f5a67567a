"""A real server is killed while it sends: what was raised is told after the restart, under the id it had before."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio

from sightline.testing import ServerProcess
from tests.http_receiver import HttpReceiver, Received, http_receiver

ROUNDS = 2
ALERTS_A_ROUND = 8
SETTINGS: dict[str, object] = {
    "allow_loopback_targets": "true",
    "notification_timeout_seconds": 0.5,
    "notification_retry_seconds": 0.1,
    "notification_tries": 50,
}


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[HttpReceiver]:
    async with http_receiver() as receiver:
        yield receiver


async def raise_alert(http: httpx.AsyncClient) -> str:
    answer = (await http.post("/api/alerts/test", json={"to_responders": False})).raise_for_status().json()
    return str(answer["alert_id"])


def alert_of(request: Received) -> str:
    return str(json.loads(request.body)["data"]["alert_id"])


@pytest.mark.slow
async def test_nothing_that_was_raised_is_left_untold(
    start_server: Callable[..., ServerProcess], receiver: HttpReceiver
) -> None:
    server = start_server(SETTINGS)
    async with server.client() as http:
        body = {"name": "Guards", "kind": "webhook", "address": f"{receiver.url}/hook"}
        (await http.post("/api/channels", json=body)).raise_for_status()
    raised: set[str] = set()
    for _ in range(ROUNDS):
        receiver.silent = True  # what is on its way when the power fails is read and never answered
        before = len(receiver.requests)
        async with server.client() as http:
            raised |= {await raise_alert(http) for _ in range(ALERTS_A_ROUND)}
        await receiver.first(before + 1)
        server.kill9()
        receiver.silent = False
        server.start()
        await receiver.first(before + 2)
    await receiver.until(lambda: {alert_of(request) for request in receiver.answered} == raised)
    async with server.client() as http:
        assert (await http.get("/api/dead-letters")).json() == []

    deliveries: dict[str, list[str]] = defaultdict(list)
    for request in receiver.requests:
        deliveries[alert_of(request)].append(request.headers["sightline-delivery"])
    assert len(deliveries) == ROUNDS * ALERTS_A_ROUND
    assert all(len(set(ids)) == 1 for ids in deliveries.values()), "a receiver could not tell a second time"
    assert any(len(ids) > 1 for ids in deliveries.values()), "nothing was on its way when the power failed"
