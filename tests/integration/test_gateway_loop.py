"""The gateway answers while its engine works: they share messages, never a loop."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable

import pytest
from websockets.asyncio.client import connect

from sightline.testing import ServerProcess
from tests.integration.gateway_app import NativeClient
from tests.integration.real_server import admin_token, analysed_fps, demo_camera, until

WALKERS = 3


@pytest.mark.slow
async def test_gateway_answers_while_engine_is_busy(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server({"log_level": "warning"})
    async with server.client() as http:
        for number in range(WALKERS):
            await demo_camera(http, f"Hall {number}", analysis_fps=20)
        await until(lambda: analysed_fps(http), "an analysed frame of a camera")
        answered_s = []
        loop = asyncio.get_running_loop()
        for _ in range(50):
            started_s = loop.time()
            assert (await http.get("/health")).status_code == 200
            answered_s.append(loop.time() - started_s)
        assert max(answered_s) < 5, "a busy engine must not hold the gateway"
        metrics = (await http.get("/metrics")).text
        system = (await http.get("/api/system")).json()
        found = re.search(r"sightline_event_loop_lag_seconds_count (\S+)", metrics)
        assert found is not None
        assert float(found[1]) > 50
        assert system["engine"]["load"] > 0
        print(f"event loop {system['event_loop']}, slowest answer {max(answered_s) * 1000:.1f} ms")


async def test_clients_are_asked_to_come_back_when_the_server_stops(server: ServerProcess) -> None:
    async with server.client() as http:
        token = await admin_token(http)
    async with connect(server.url.replace("http", "ws", 1) + "/ws/v1", proxy=None) as socket:
        client = NativeClient(socket)
        identify = {"type": "client_identify", "data": {"client_type": "frontend", "auth_token": token}}
        await socket.send(json.dumps(identify))
        await client.next("identification_success")
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        code, reason = await client.closed()
        await stopping
        assert code == 4000
        assert "retry_after_s" in reason
