"""Kill it anywhere: what was accepted is still there, what was not comes again, and nobody is told twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from sightline.testing import ServerProcess
from tests.integration.gateway_app import NativeClient
from tests.integration.real_server import admin_token, alerts, analysed_fps, demo_camera, until

pytestmark = pytest.mark.slow


@contextlib.asynccontextmanager
async def _signed_in(server: ServerProcess, token: str) -> AsyncIterator[NativeClient]:
    async with connect(server.url.replace("http", "ws", 1) + "/ws/v1", proxy=None) as socket:
        client = NativeClient(socket)
        data = {"client_type": "frontend", "auth_token": token, "device": "desk"}
        await socket.send(json.dumps({"type": "client_identify", "data": data}))
        await client.next("identification_success")
        yield client


async def test_gateway_killed_between_alert_and_acknowledgement(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    async with server.client() as http:
        camera_id = await demo_camera(http, "Hall")
        token = await admin_token(http)
    async with _signed_in(server, token) as client:
        while True:
            told = await client.data("alert_triggered")
            position = await client.data("position")
            if told["type"] == "unknown_person":
                break
        await client.send("received", offset=position["to"])
        await client.send("heartbeat")
        await client.next("heartbeat_ack")
        async with server.client() as http:  # no further visitors: what follows is about this alert
            (await http.patch(f"/api/cameras/{camera_id}", json={"enabled": False})).raise_for_status()
            before = {alert["alert_id"]: alert["state"] for alert in await alerts(http)}
        server.kill9()
    server.start()
    async with server.client() as http:
        after = {alert["alert_id"]: alert["state"] for alert in await alerts(http)}
        assert before.items() <= after.items()
        assert after[told["alert_id"]] == "open"
        token = await admin_token(http)
    async with _signed_in(server, token) as client:
        assert client.heard[-1]["data"]["mode"] == "resumed"
        await client.next("caught_up")
        again = [alert["alert_id"] for alert in client.all("alert_triggered")]
        assert told["alert_id"] not in again, "it was received before: it is not told twice"
        assert len(again) == len(set(again))
        await client.send("ack", id="1", alert_id=told["alert_id"], verdict="confirmed")
        assert (await client.data("recorded"))["state"] == "acknowledged"


async def test_alert_that_was_not_received_is_delivered_after_the_kill(
    start_server: Callable[..., ServerProcess],
) -> None:
    server = start_server()
    async with server.client() as http:
        token = await admin_token(http)
        async with _signed_in(server, token) as client:  # the device is known from now on
            offset = (await client.data("alert_snapshot"))["offset"]
            await client.send("received", offset=offset)
        resume = {"epoch": (await http.get("/api/system")).json()["log"]["epoch"], "offset": offset}
        camera_id = await demo_camera(http, "Hall")
        await until(lambda: alerts(http), "alert")
        (await http.patch(f"/api/cameras/{camera_id}", json={"enabled": False})).raise_for_status()
        told = {alert["alert_id"] for alert in await alerts(http)}
    server.kill9()
    server.start()
    async with server.client() as http:
        token = await admin_token(http)
    async with connect(server.url.replace("http", "ws", 1) + "/ws/v1", proxy=None) as socket:
        client = NativeClient(socket)
        data = {"client_type": "frontend", "auth_token": token, "device": "desk", "resume": resume}
        await socket.send(json.dumps({"type": "client_identify", "data": data}))
        await client.next("caught_up")
        delivered = [alert["alert_id"] for alert in client.all("alert_triggered")]
        assert told <= set(delivered)
        assert len(delivered) == len(set(delivered))


async def test_engine_killed_is_back_and_the_gateway_never_stopped(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    async with server.client() as http:
        await demo_camera(http, "Hall")
        await until(lambda: analysed_fps(http), "an analysed frame")
        await until(lambda: alerts(http), "alert")
        before = {alert["alert_id"] for alert in await alerts(http)}
        engine = server.engine_pid()
        server.kill9_engine()
        killed_s = time.monotonic()
        back_s = resumed_s = None
        while resumed_s is None:
            assert time.monotonic() - killed_s < 60, "the engine did not come back"
            assert (await http.get("/health")).status_code == 200
            system = (await http.get("/api/system")).json()
            if back_s is None and system["engine"]["state"] == "connected" and server.engine_pid() != engine:
                back_s = time.monotonic() - killed_s
            (camera,) = (await http.get("/api/cameras")).json()
            if back_s is not None and camera["status"]["state"] == "online":
                resumed_s = time.monotonic() - killed_s
            await asyncio.sleep(0.02)
        print(f"engine back after {back_s:.2f} s, camera read again after {resumed_s:.2f} s")
        assert system["engine"]["restarts"] == 1
        await until(lambda: analysed_fps(http), "an analysed frame")
        assert before <= {alert["alert_id"] for alert in await alerts(http)}
        more = len(before)

        async def another() -> bool:
            return len(await alerts(http)) > more

        await until(another, "alert after the crash")


async def test_engine_ends_with_its_gateway(start_server: Callable[..., ServerProcess]) -> None:
    server = start_server()
    engine = server.engine_pid()
    server.kill9()

    async def gone() -> bool:
        return not _runs(engine)

    try:
        await until(gone, "end of the engine", timeout_s=45)  # it may still be loading its models
    finally:
        if _runs(engine):
            os.kill(engine, signal.SIGKILL)


def _runs(pid: int) -> bool:
    """Whether there is such a process that has not ended; one that nobody has waited for yet has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
